"""Strict and exact JSON bodies: ambiguous or unstorable input is refused.

A number with a point or an exponent becomes a `Fraction`, as in a batch file (the engine's
`load_json` reads both), because answers are graded exactly: 0.1 is one tenth. An integer stays an
integer. Therefore no request schema has a ``float``; see `api.http.fields`.
"""

import json
import re
from collections.abc import Callable, Collection, Coroutine
from email.message import Message
from functools import lru_cache
from typing import Any, Final

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.core.errors import Invalid, ServiceError, TooLarge, Unsupported
from api.http.pipeline.authenticator import (
    admit_large_body,
    check_query,
    query_lists,
    query_names,
    who_asks,
)
from grader.errors import AnswerError
from grader.reading import load_json

__all__ = ["LARGE", "PREFIX", "ApiRouter", "StrictRequest", "StrictRoute", "load_body"]

PREFIX: Final = "/api/v1"
"""Where the routes of the API stand."""

MAX_DEPTH: Final = 20
MAX_TEXT: Final = 20_000
MAX_VALUES: Final = 20_000
LARGE: Final = 16 * 1024
"""In bytes: above this the event loop would be held for a noticeable time."""
SURROGATE: Final = re.compile("[\ud800-\udfff]")
LONG_DIGITS: Final = re.compile(r"[0-9]{309}")
JSON_TYPE: Final = "application/json"


def load_body(body: bytes) -> object:
    """Parse a JSON document in UTF-8.

    Raises `Invalid` with a code for invalid JSON, NaN, numbers of 10^309 or more, duplicate keys,
    nesting deeper than 20, texts over 20,000 characters, U+0000 and lone surrogates; raises
    `TooLarge` for more than 20,000 values.

    >>> load_body(b'{"side": 64, "rate": 0.1}')
    {'side': 64, 'rate': Fraction(1, 10)}
    """
    try:
        text = body.decode("utf-8")
        value: object = _decoder(has_long=LONG_DIGITS.search(text) is not None).decode(text)
    except UnicodeDecodeError as error:
        raise Invalid(
            f"The body is not UTF-8: byte {error.start + 1} cannot be read.", code="bad_json"
        ) from None
    except json.JSONDecodeError as error:
        raise Invalid(
            f"The body is not JSON: line {error.lineno}, column {error.colno} cannot be read.",
            code="bad_json",
        ) from None
    except RecursionError:
        raise _too_deep() from None
    if not _is_harmless(text):
        _check(value)
    return value


def _is_harmless(text: str) -> bool:
    """Return whether the JSON *text* is too short and plain to exceed any limit of `_check`."""
    plain = len(text) <= min(MAX_TEXT, MAX_VALUES) and "\\u" not in text
    return plain and text.count("[") + text.count("{") <= MAX_DEPTH


@lru_cache(maxsize=2)
def _decoder(*, has_long: bool) -> json.JSONDecoder:
    """Return the strict JSON decoder; creating one takes longer than parsing a short body."""
    return json.JSONDecoder(
        parse_int=_number if has_long else None,
        parse_float=_number,
        parse_constant=_constant,
        object_pairs_hook=_object,
    )


def _number(digits: str) -> object:
    try:
        return load_json(digits)
    except AnswerError:
        raise Invalid(
            "The body holds a number of 10^309 or more, or with more than 400 digits. Send it as "
            "text if it is an answer.",
            code="not_finite",
        ) from None


def _constant(name: str) -> object:
    raise Invalid(f"The body holds {name}, which is not a JSON number.", code="not_finite")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Invalid(
            "An object of the body has a key twice. Send each once.", code="duplicate_key"
        )
    return found


def _check(value: object) -> None:
    """Raise the errors of `load_body` for depth, number of values and texts, level by level."""
    level, depth, seen = [value], 0, 0
    while level:
        seen += len(level)
        if seen > MAX_VALUES:
            raise TooLarge(f"The body holds more than {MAX_VALUES:,} values. Send fewer at a time.")
        below: list[object] = []
        holds = 0
        for one in level:
            if isinstance(one, str):
                _check_text(one)
            elif isinstance(one, list):
                below.extend(one)
                holds = 1
            elif isinstance(one, dict):
                below.extend(one)
                below.extend(one.values())
                holds = 1
        depth += holds
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = below


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise Invalid(f"A text of the body has more than {MAX_TEXT:,} characters. Shorten it.")
    if "\0" in text:
        raise Invalid("A text of the body holds the character U+0000. Leave it out.")
    if not text.isascii() and SURROGATE.search(text):
        raise Invalid("A text of the body holds half of a surrogate pair. Leave it out.")


def _too_deep() -> ServiceError:
    return Invalid(f"The body is nested deeper than {MAX_DEPTH}.", code="too_deep")


class StrictRequest(Request):
    """Request whose JSON is parsed by `load_body`."""

    value: object = None

    async def read(self, types: Collection[str]) -> None:
        """Read and parse the body.

        Raises `Unsupported` unless the body is empty or its media type is one of *types*.
        """
        body = await self.body()
        if not body:
            return
        given = _media_type(self.headers.get("content-type", ""))
        if given not in types:
            raise Unsupported(f"Send the body as {' or '.join(types)}.")
        if given == JSON_TYPE:
            large = len(body) > LARGE
            self.value = await run_in_threadpool(load_body, body) if large else load_body(body)

    def take(self, body: bytes) -> None:
        """Parse a short *body* that was already received; raise `Unsupported` unless it is JSON."""
        if _media_type(self.headers.get("content-type", "")) != JSON_TYPE:
            raise Unsupported(f"Send the body as {JSON_TYPE}.")
        self.value = load_body(body)

    async def json(self) -> object:
        """Return the value that `read` or `take` parsed; FastAPI calls this."""
        return self.value


class StrictRoute(APIRoute):
    """Route whose JSON body is parsed by `load_body` before pydantic validates it.

    The route accepts JSON, or the media types that its ``openapi_extra`` declares under
    ``requestBody.content``; it refuses any other. Authentication comes first: a caller who has no
    access gets that error, not the errors of their input.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that parses the body strictly and passes the request on."""
        handle = super().get_route_handler()
        types = self.body_types()
        asking, known = who_asks(self.dependant), query_names(self.dependant)
        lists = query_lists(self.dependant)

        async def strict(request: Request) -> Response:
            one = StrictRequest(request.scope, request.receive)
            try:
                check_query(one, known, lists)
                await admit_large_body(one, asking)
                await one.read(types)
                return await handle(one)
            except (ServiceError, RequestValidationError):
                for kind in asking:
                    await run_in_threadpool(kind(one).admit)
                raise

        return strict

    def body_types(self) -> tuple[str, ...]:
        """Return the media types that the route accepts."""
        declared = ((self.openapi_extra or {}).get("requestBody") or {}).get("content") or {}
        own = (JSON_TYPE,) if self.body_field is not None or not declared else ()
        return tuple(dict.fromkeys((*own, *declared)))


@lru_cache(maxsize=64)
def _media_type(header: str) -> str:
    """Return the media type of a ``Content-Type``, "" if its charset is not UTF-8 or ASCII."""
    message = Message()
    message["content-type"] = header
    if not header or str(message.get_content_charset("utf-8")) not in {"utf-8", "us-ascii"}:
        return ""
    return message.get_content_type()


class ApiRouter(APIRouter):
    """Router with strict routes below `PREFIX`; the base of all routers of the API."""

    def __init__(self, **options: Any) -> None:
        whole: dict[str, Any] = {"route_class": StrictRoute, "prefix": PREFIX} | options
        super().__init__(**whole)
