"""Errors over HTTP: one body for all of them, `application/problem+json` (RFC 9457).

The body never repeats input, and names at most 20 fields (see `wrong_fields`).
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.core.errors import CODES, FieldError, Invalid, NotReleased, ServiceError, Unavailable
from api.http.fields import When
from api.http.schema import Schema
from api.http.validation_errors import wrong_fields
from grader.errors import GraderError, ProblemError, SolverError

__all__ = ["MEDIA_TYPE", "Problem", "WrongField", "install", "problem", "respond", "responses"]

MEDIA_TYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 20
MAX_SAID: Final = 500
RETRY_STORAGE: Final = 2
# Statuses that Starlette and FastAPI raise.
RAISED: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
# SQLite raises the same class for an error in our SQL as for a full disk, but with this code.
SQLITE_ERROR: Final = 1
Handler = Callable[[Request, Any], Awaitable[Response]]
log = logging.getLogger("api.errors")


class WrongField(Schema):
    """What is wrong with one field."""

    field: str
    said: str
    file: str | None = None
    line: int | None = None


class Problem(Schema):
    """The body of every error."""

    type: str = Field(description="where the code is explained")
    title: str
    status: int
    code: str = Field(description="stable: programs decide by it")
    detail: str = Field(description="for people: what was refused and what to do")
    instance: str = Field(description="the id of the request, as in `X-Request-ID`")
    errors: list[WrongField] | None = Field(None, description="the fields, at most 20 of them")
    more_errors: int | None = Field(None, description="how many fields are left off")
    retry_after: int | None = Field(None, description="seconds, as in `Retry-After`")
    not_released_until: When | None = Field(None, description="from when it is visible, if known")


def install(app: FastAPI, present: Callable[[Scope, Response], Response]) -> None:
    """Register handlers that render every expected error of *app* as a problem, with *present*."""
    handlers: dict[Any, Any] = {
        ServiceError: _service,
        RequestValidationError: _validation,
        HTTPException: _http,
        GraderError: _grader,
        DBAPIError: _storage,
        PoolTimeoutError: _storage,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, _presented(handler, present))


def _presented(
    handler: Handler, present: Callable[[Scope, Response], Response]
) -> Callable[[Request, Any], Awaitable[Response]]:
    async def shown(request: Request, error: Any) -> Response:
        return present(request.scope, await handler(request, error))

    return shown


def responses(*kinds: type[ServiceError] | str) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of a route: an example body for each code.

    A class stands for its default code; other codes are given by name, such as
    "attempts_exhausted".
    """
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        code = kind if isinstance(kind, str) else kind.code
        known = CODES[code]
        one = found.setdefault(known.status, _described(known.title))
        one["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": known.title,
            "value": _body(code, known.meaning, request_id="0199-example"),
        }
    return found


def _described(title: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}}}


def problem(
    code: str,
    detail: str,
    *,
    request_id: str,
    errors: Sequence[FieldError] = (),
    retry_after: int | None = None,
    until: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response for *code* with its headers."""
    body = _body(
        code, detail, request_id=request_id, errors=errors, retry_after=retry_after, until=until
    )
    more = dict(headers or {})
    if CODES[code].status == 401:  # noqa: PLR2004
        more["WWW-Authenticate"] = "Bearer"
    if retry_after is not None:
        more["Retry-After"] = str(retry_after)
    return Response(
        json.dumps(body), status_code=CODES[code].status, headers=more, media_type=MEDIA_TYPE
    )


def _body(
    code: str,
    detail: str,
    *,
    request_id: str,
    errors: Sequence[FieldError] = (),
    retry_after: int | None = None,
    until: datetime | None = None,
) -> dict[str, object]:
    fields = [
        WrongField(field=one.field, said=one.said[:MAX_SAID], file=one.file or None, line=one.line)
        for one in errors[:MAX_ERRORS]
    ]
    body = Problem(
        type=f"/docs/errors#{code}",
        title=CODES[code].title,
        status=CODES[code].status,
        code=code,
        detail=detail[:MAX_SAID],
        instance=request_id,
        errors=fields or None,
        more_errors=max(len(errors) - MAX_ERRORS, 0) or None,
        retry_after=retry_after,
        not_released_until=until,
    )
    return body.model_dump(mode="json", exclude_none=True)


def respond(error: ServiceError, request_id: str) -> Response:
    """Return the response for *error*."""
    return problem(
        error.code,
        error.detail,
        request_id=request_id,
        errors=error.errors,
        retry_after=error.retry_after,
        until=error.until if isinstance(error, NotReleased) else None,
    )


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


async def _service(request: Request, error: ServiceError) -> Response:
    return respond(error, _request_id(request))


async def _validation(request: Request, error: RequestValidationError) -> Response:
    fields = wrong_fields(error.errors())
    first = f"{fields[0].field} {fields[0].said}." if fields else "The request cannot be used."
    return respond(Invalid(first, errors=fields), _request_id(request))


async def _http(request: Request, error: HTTPException) -> Response:
    """Return the problem for an exception of Starlette or FastAPI, or for its cause."""
    if isinstance(error.__cause__, ServiceError):
        return respond(error.__cause__, _request_id(request))
    if error.status_code < 400:  # noqa: PLR2004
        return Response(status_code=error.status_code, headers=error.headers)
    code = RAISED.get(error.status_code, "bad_request")
    told = _without_slash(request) if code == "not_found" else ""
    headers = dict(error.headers or {})
    if code == "method_not_allowed":
        headers["Allow"] = _allowed(request, headers.get("Allow", ""))
    return problem(
        code, told or CODES[code].meaning, request_id=_request_id(request), headers=headers
    )


def _allowed(request: Request, of_first: str) -> str:
    """Return the methods of all routes at the path; the framework only names *of_first*."""
    there = [one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE]
    methods = {method for one in there for method in getattr(one, "methods", None) or ()}
    return ", ".join(sorted(methods | {*of_first.replace(",", " ").split()}))


def _without_slash(request: Request) -> str:
    """Return a hint if the path without its trailing slash exists, else ""."""
    bare = request.url.path.rstrip("/")
    if bare == request.url.path:
        return ""
    scope = dict(request.scope) | {"path": bare, "raw_path": bare.encode()}
    if not any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
        return ""
    return f"Addresses have no slash at the end. Ask for {bare}"


async def _grader(request: Request, error: GraderError) -> Response:
    match error:
        case SolverError():
            raise error
        case ProblemError():
            fields = tuple(
                FieldError(one.field, one.message, PurePath(one.file).name, one.line)
                for one in (error, *error.others)
            )
            told = Invalid(fields[0].said, code="invalid_problem", errors=fields)
        case _:
            told = Invalid(str(error))
    return respond(told, _request_id(request))


async def _storage(request: Request, error: DBAPIError | PoolTimeoutError) -> Response:
    """Return 503 if the database cannot be reached or written; raise other errors as bugs."""
    if not _is_trouble(error):
        raise error
    # Neither the statement nor its values are logged.
    cause = type(getattr(error, "orig", None) or error).__name__
    log.error("storage does not answer: %s, request %s", cause, _request_id(request))
    told = Unavailable(CODES["unavailable"].meaning, retry_after=RETRY_STORAGE)
    return respond(told, _request_id(request))


def _is_trouble(error: DBAPIError | PoolTimeoutError) -> bool:
    if isinstance(error, PoolTimeoutError) or error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return getattr(error.orig, "sqlite_errorcode", None) != SQLITE_ERROR
