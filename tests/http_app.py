"""A small service on our HTTP stack, and requests that no client library would send."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from event_loops import run_in_shared_loop
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, Field
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.core.errors import (
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from api.http.etags import IfMatch
from api.http.field_types import (
    Answer,
    Count,
    Email,
    IdempotencyKey,
    Line,
    Points,
    Score,
    Slug,
    Text,
    UtcDatetime,
)
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.pipeline.application import Application
from api.http.pipeline.authenticator import Authenticator, AuthenticatorDependency
from api.http.pipeline.http_policy import HttpPolicy
from api.http.problem_details import error_responses
from api.http.request_body import BodyCap, BodyLimits
from api.http.schema import InvalidValue, Schema
from grader.errors import AnswerError, ProblemError, SolverError

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
VERSION = 7
ROWS = [(f"name{number // 2}", UUID(int=number)) for number in range(7)]


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Red(Schema):
    kind: Literal["red"]


class Blue(Schema):
    kind: Literal["blue"]


def echoing(text: str) -> str:
    raise ValueError(f"{text} cannot be")


def refusing(_: str) -> str:
    raise InvalidValue("must be another text")


class Sample(Schema):
    """A schema with one field of every kind."""

    count: Count = 0
    number: int = 0
    flag: bool = False
    text: Text = ""
    line: Line = "x"
    email: Email = "a@b.example"
    slug: Slug = "a-1"
    key: IdempotencyKey = "k"
    points: Points = 1
    score: Score = 1
    when: UtcDatetime = NOON
    colour: Colour = Colour.RED
    id: UUID = UUID(int=1)
    tags: Annotated[tuple[Line, ...], Field(max_length=3)] = ()
    rows: list[list[int]] = []
    answers: Annotated[dict[Slug, Answer], Field(max_length=100)] = {}


def pool_timeout() -> Exception:
    return PoolTimeoutError("pool limit of 8 reached")


def locked() -> Exception:
    return OperationalError("SELECT 'canary'", {"p": "canary"}, sqlite_error("is locked", code=5))


def no_table() -> Exception:
    return OperationalError("SELECT 'canary'", {}, sqlite_error("no such table: canary", code=1))


def doubled() -> Exception:
    return IntegrityError("INSERT 'canary'", {}, sqlite_error("UNIQUE failed", code=19))


def sqlite_error(words: str, *, code: int) -> Exception:
    error = Exception(words)
    error.sqlite_errorcode = code
    return error


def broken_file() -> Exception:
    first = ProblemError(
        "the key is not an expression", file="/srv/bank/a.yaml", line=3, field="key"
    )
    first.others = (ProblemError("there is no solver 'conv3'", file="a.yaml", line=9),)
    return first


RAISED = {
    "bug": lambda: RuntimeError("canary"),
    "echoing": lambda: ValueError("canary"),
    "conflict": lambda: Conflict(
        "Part side has no attempts left.",
        code="attempts_exhausted",
        errors=(FieldError("answers.side", "has no attempts left"),),
    ),
    "limited": lambda: RateLimited("Wait.", code="cool_down", retry_after=30),
    "who": lambda: Unauthenticated("Send a token."),
    "answer": lambda: AnswerError("The number 1 is out of range."),
    "solver": lambda: SolverError("canary"),
    "problem": broken_file,
    "pool": pool_timeout,
    "locked": locked,
    "table": no_table,
    "doubled": doubled,
}


class Caller(Authenticator):
    """Authenticates the user that the header `x-caller` names, by default `tester`.

    `x-caller: nobody` is refused.
    """

    def __init__(self, request: Request) -> None:
        self.name = request.headers.get("x-caller", "tester")
        self.request = request

    def check_access(self) -> None:
        if self.name == "nobody":
            raise Unauthenticated("Send a token.")

    def authorize_upload(self, cap: BodyCap) -> str:
        self.check_access()
        if cap.permission and self.name == "student":
            raise Forbidden(f"This needs the right to {cap.permission}.")
        return self.name


router = ApiRouter()
KEY = "idempotency_key_reused"
CALLER = [Depends(AuthenticatorDependency(Caller))]


@router.post(
    "/samples", dependencies=CALLER, responses=error_responses(NotFound, "attempts_exhausted", KEY)
)
def samples(sample: Sample) -> Sample:
    return sample


@router.post("/plain")
def plain(number: int) -> int:
    return number


@router.get("/raise/{what}")
def raise_it(what: str) -> None:
    make = RAISED[what]
    raise make()


@router.get("/things/{thing}")
def thing(thing: UUID) -> UUID:
    return thing


@router.patch("/version")
def edit(match: IfMatch) -> int:
    match.check(VERSION)
    return VERSION + 1


@router.get("/rows")
def rows(window: PageRequestDep) -> Page[str]:
    after = window.parse_cursor("name", str)
    found = [row for row in ROWS if after is None or row > (after.value, after.id)]
    return window.build_page(
        found[: window.limit + 1],
        cursor_of=lambda row: Cursor("name", *row),
        serialize_row=lambda row: f"{row[0]}/{row[1].int}",
    )


@router.get("/broken-off")
def broken_off() -> StreamingResponse:
    def told() -> Iterator[bytes]:
        yield b"one"
        raise RuntimeError("canary")

    return StreamingResponse(told())


@router.get("/elsewhere")
def elsewhere() -> None:
    raise HTTPException(303, headers={"Location": "/api/v1/about"})


UPLOADS = {"/api/v1/files": BodyCap(1_000_000, "send files")}
CSV = {"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.post("/files", dependencies=CALLER, openapi_extra=CSV)
async def files(request: Request) -> int:
    return len(await request.body())


@router.post("/anonymous", openapi_extra=CSV)
async def anonymous(request: Request) -> int:
    return len(await request.body())


@router.get("/about")
def about(request: Request) -> dict[str, str]:
    return {"id": request.state.request_id, "arrived": request.state.arrived.isoformat()}


class Loose(Schema):
    """A schema whose validation errors would repeat the input."""

    echoed: Annotated[str, AfterValidator(echoing)] = ""
    ours: Annotated[str, AfterValidator(refusing)] = ""
    one: Annotated[Red | Blue, Field(discriminator="kind")] | None = None
    by_name: dict[str, int] = {}


@router.post("/loose", dependencies=CALLER)
def loose(body: Loose) -> Loose:
    return body


def service(shell: HttpPolicy | None = None) -> FastAPI:
    shell = shell or HttpPolicy(body_limits=BodyLimits(uploads=UPLOADS), clock=lambda: NOON)
    app = Application(shell, title="Small", docs_url=None, redoc_url=None)
    app.include_router(router)
    return app


@dataclass(frozen=True)
class Answered:
    """A response as sent over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return json.loads(self.body)["code"]


def ask(
    app: FastAPI,
    method: str,
    path: str,
    *,
    body: bytes | Iterable[bytes] = b"",
    headers: dict[str, str] | None = None,
    query: bytes = b"",
    scheme: str = "http",
) -> Answered:
    """Return the response of *app*; a *body* in pieces is sent without a length."""
    given = {"host": "testserver", "content-type": "application/json"} | (headers or {})
    pieces = [body] if isinstance(body, bytes) else body
    if not isinstance(body, bytes):
        given.setdefault("transfer-encoding", "chunked")
    elif "content-length" not in given:
        given["content-length"] = str(len(body))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "root_path": "",
        "scheme": scheme,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": ("test", 1),
        "server": ("test", 80),
    }
    return run_in_shared_loop(_talk(app, scope, iter(pieces)))


class Pieces:
    """A body of commas in pieces of 16 KiB; *read* counts the bytes taken from it."""

    def __init__(self, size: int) -> None:
        self.left, self.read = size, 0

    def __iter__(self) -> "Pieces":
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        size = min(16 * 1024, self.left)
        self.left -= size
        self.read += size
        return b"," * size


async def _talk(app: FastAPI, scope: dict[str, Any], pieces: Any) -> Answered:
    sent: list[dict[str, Any]] = []
    ended: list[bool] = []

    async def receive() -> dict[str, Any]:
        if ended:
            await asyncio.Event().wait()  # the client stays, and says nothing more
        piece = next(pieces, None)
        if piece is None:
            ended.append(True)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answered(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))
