"""Strict and exact JSON bodies: ambiguous or unstorable input is refused.

A number with a point or an exponent becomes a `Fraction`, as in a batch file (the engine's
`load_json` reads both), because answers are graded exactly: 0.1 is one tenth. An integer stays an
integer. Therefore no request schema has a ``float``; see `api.http.field_types`.
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

from api.core.errors import ContentTooLarge, InvalidInput, ServiceError, UnsupportedMediaType
from api.http.pipeline.authenticator import (
    authenticate_large_body,
    check_query_names,
    collect_list_query_names,
    collect_query_names,
    find_authenticators,
)
from grader.errors import AnswerError
from grader.reading import load_json

API_PREFIX: Final = "/api/v1"
"""Path prefix of all API routes."""

MAX_DEPTH: Final = 20
MAX_TEXT_CHARACTERS: Final = 20_000
MAX_VALUES: Final = 20_000
LARGE_BODY_BYTES: Final = 16 * 1024
"""Size in bytes above which parsing a body would noticeably block the event loop."""
SURROGATE: Final = re.compile("[\ud800-\udfff]")
LONG_DIGITS: Final = re.compile(r"[0-9]{309}")
JSON_TYPE: Final = "application/json"


def parse_json_body(body: bytes) -> object:
    """Parse a JSON document in UTF-8.

    Raises `InvalidInput` with a code for invalid JSON, NaN, numbers of 10^309 or more, duplicate
    keys, nesting deeper than 20, texts over 20,000 characters, U+0000 and lone surrogates; raises
    `ContentTooLarge` for more than 20,000 values.

    >>> parse_json_body(b'{"side": 64, "rate": 0.1}')
    {'side': 64, 'rate': Fraction(1, 10)}
    """
    try:
        text = body.decode("utf-8")
        value: object = _get_decoder(
            allows_long_numbers=LONG_DIGITS.search(text) is not None
        ).decode(text)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The body is not UTF-8: byte {error.start + 1} cannot be read.", code="bad_json"
        ) from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"The body is not JSON: line {error.lineno}, column {error.colno} cannot be read.",
            code="bad_json",
        ) from None
    except RecursionError:
        raise _too_deep_error() from None
    if not _cannot_exceed_limits(text):
        _check_limits(value)
    return value


def _cannot_exceed_limits(text: str) -> bool:
    """Return whether the JSON *text* is too short and plain to exceed a limit."""
    plain = len(text) <= min(MAX_TEXT_CHARACTERS, MAX_VALUES) and "\\u" not in text
    return plain and text.count("[") + text.count("{") <= MAX_DEPTH


@lru_cache(maxsize=2)
def _get_decoder(*, allows_long_numbers: bool) -> json.JSONDecoder:
    """Return the strict JSON decoder; creating one takes longer than parsing a short body."""
    return json.JSONDecoder(
        parse_int=_parse_number if allows_long_numbers else None,
        parse_float=_parse_number,
        parse_constant=_reject_constant,
        object_pairs_hook=_build_object_without_duplicate_keys,
    )


def _parse_number(digits: str) -> object:
    try:
        return load_json(digits)
    except AnswerError:
        raise InvalidInput(
            "The body contains a number of 10^309 or more, or with more than 400 digits. Send "
            "it as "
            "text if it is an answer.",
            code="not_finite",
        ) from None


def _reject_constant(name: str) -> object:
    raise InvalidInput(f"The body contains {name}, which is not a JSON number.", code="not_finite")


def _build_object_without_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidInput(
            "An object in the body has the same key twice. Send each key once.",
            code="duplicate_key",
        )
    return members


def _check_limits(value: object) -> None:
    """Raise the errors of `parse_json_body` for depth, number of values and texts, by level."""
    level, depth, value_count = [value], 0, 0
    while level:
        value_count += len(level)
        if value_count > MAX_VALUES:
            raise ContentTooLarge(
                f"The body contains more than {MAX_VALUES:,} values. Send fewer at a time."
            )
        children: list[object] = []
        has_containers = 0
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, list):
                children.extend(item)
                has_containers = 1
            elif isinstance(item, dict):
                children.extend(item)
                children.extend(item.values())
                has_containers = 1
        depth += has_containers
        if depth > MAX_DEPTH:
            raise _too_deep_error()
        level = children


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InvalidInput(
            f"A text in the body has more than {MAX_TEXT_CHARACTERS:,} characters. Shorten it."
        )
    if "\0" in text:
        raise InvalidInput("A text in the body contains the character U+0000. Remove it.")
    if not text.isascii() and SURROGATE.search(text):
        raise InvalidInput("A text in the body contains half of a surrogate pair. Remove it.")


def _too_deep_error() -> ServiceError:
    return InvalidInput(f"The body is nested more deeply than {MAX_DEPTH}.", code="too_deep")


class StrictRequest(Request):
    """Request whose JSON is parsed by `parse_json_body`."""

    json_value: object = None

    async def read_and_parse_body(self, media_types: Collection[str]) -> None:
        """Read and parse the body.

        Raises `UnsupportedMediaType` unless the body is empty or its media type is one of
        *media_types*.
        """
        body = await self.body()
        if not body:
            return
        media_type = _parse_media_type(self.headers.get("content-type", ""))
        if media_type not in media_types:
            raise UnsupportedMediaType(f"Send the body as {' or '.join(media_types)}.")
        if media_type == JSON_TYPE:
            large = len(body) > LARGE_BODY_BYTES
            self.json_value = (
                await run_in_threadpool(parse_json_body, body) if large else parse_json_body(body)
            )

    def parse_body(self, body: bytes) -> None:
        """Parse a short received *body*; raise `UnsupportedMediaType` unless it is JSON."""
        if _parse_media_type(self.headers.get("content-type", "")) != JSON_TYPE:
            raise UnsupportedMediaType(f"Send the body as {JSON_TYPE}.")
        self.json_value = parse_json_body(body)

    async def json(self) -> object:
        """Return the value from `read_and_parse_body` or `parse_body`; FastAPI calls this."""
        return self.json_value


class StrictRoute(APIRoute):
    """Route whose JSON body is parsed by `parse_json_body` before pydantic validates it.

    The route accepts JSON, or the media types that its ``openapi_extra`` declares under
    ``requestBody.content``; it refuses any other. Authentication comes first: a caller who has no
    access gets that error, not the errors of their input.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that parses the body strictly and passes the request on."""
        handle = super().get_route_handler()
        media_types = self.accepted_media_types()
        authenticators, known_names = (
            find_authenticators(self.dependant),
            collect_query_names(self.dependant),
        )
        list_names = collect_list_query_names(self.dependant)

        async def handle_strictly(request: Request) -> Response:
            strict_request = StrictRequest(request.scope, request.receive)
            try:
                check_query_names(strict_request, known_names, list_names)
                await authenticate_large_body(strict_request, authenticators)
                await strict_request.read_and_parse_body(media_types)
                return await handle(strict_request)
            except (ServiceError, RequestValidationError):
                for authenticator in authenticators:
                    await run_in_threadpool(authenticator(strict_request).check_access)
                raise

        return handle_strictly

    def accepted_media_types(self) -> tuple[str, ...]:
        """Return the media types that the route accepts."""
        declared = ((self.openapi_extra or {}).get("requestBody") or {}).get("content") or {}
        default_types = (JSON_TYPE,) if self.body_field is not None or not declared else ()
        return tuple(dict.fromkeys((*default_types, *declared)))


@lru_cache(maxsize=64)
def _parse_media_type(header: str) -> str:
    """Return the media type of a ``Content-Type``, "" if its charset is not UTF-8 or ASCII."""
    message = Message()
    message["content-type"] = header
    if not header or str(message.get_content_charset("utf-8")) not in {"utf-8", "us-ascii"}:
        return ""
    return message.get_content_type()


class ApiRouter(APIRouter):
    """Router with strict routes below `API_PREFIX`; the base of all routers of the API."""

    def __init__(self, **options: Any) -> None:
        all_options: dict[str, Any] = {"route_class": StrictRoute, "prefix": API_PREFIX} | options
        super().__init__(**all_options)
