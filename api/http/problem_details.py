"""Errors over HTTP: one body for all of them, `application/problem+json` (RFC 9457).

The body never repeats input, and names at most 20 fields (see `to_field_errors`).
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.core.errors import (
    ERROR_CODES,
    MAX_MESSAGE_CHARACTERS,
    FieldError,
    InvalidInput,
    NotReleased,
    ServiceError,
    ServiceUnavailable,
    truncate_echoed_input,
)
from api.http.field_types import UtcDatetime
from api.http.schema import Schema
from api.http.validation_errors import to_field_errors
from grader.errors import GraderError, ProblemError, SolverError

MEDIA_TYPE: Final = "application/problem+json"
MAX_FIELD_ERRORS: Final = 20
STORAGE_RETRY_SECONDS: Final = 2
# Statuses that Starlette and FastAPI raise.
CODES_BY_STATUS: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
# SQLite raises the same class for an error in our SQL as for a full disk, but with this code.
SQLITE_ERROR: Final = 1
ErrorHandler = Callable[[Request, Any], Awaitable[Response]]
log = logging.getLogger("api.errors")


class WrongField(Schema):
    """The error of one field."""

    field: str
    message: str
    file: str | None = None
    line: int | None = None


class ProblemDetails(Schema):
    """The body of every error."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="the page that explains the code")
    title: str
    status: int
    code: str = Field(description="stable; for programs")
    detail: str = Field(description="for people: the reason, and what to do")
    instance: str = Field(description="the id of the request, as in `X-Request-ID`")
    errors: list[WrongField] | None = Field(None, description="the invalid fields, at most 20")
    more_errors: int | None = Field(None, description="the number of further invalid fields")
    retry_after: int | None = Field(None, description="seconds, as in `Retry-After`")
    not_released_until: UtcDatetime | None = Field(
        None, description="when it becomes visible, if known"
    )


def install_error_handlers(
    app: FastAPI, render_error: Callable[[Scope, Response], Response]
) -> None:
    """Register handlers that turn expected errors of *app* into problems via *render_error*."""
    handlers: dict[Any, Any] = {
        ServiceError: _handle_service_error,
        RequestValidationError: _handle_validation_error,
        HTTPException: _handle_http_exception,
        GraderError: _handle_grader_error,
        DBAPIError: _handle_storage_error,
        PoolTimeoutError: _handle_storage_error,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, _render_errors_of_handler(handler, render_error))


def _render_errors_of_handler(
    handler: ErrorHandler, render_error: Callable[[Scope, Response], Response]
) -> Callable[[Request, Any], Awaitable[Response]]:
    async def handle_and_render(request: Request, error: Any) -> Response:
        return render_error(request.scope, await handler(request, error))

    return handle_and_render


def error_responses(*kinds: type[ServiceError] | str) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of a route: an example body for each code.

    A class stands for its default code; other codes are given by name, such as
    "attempts_exhausted".
    """
    responses_by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        code = kind if isinstance(kind, str) else kind.code
        known = ERROR_CODES[code]
        response = responses_by_status.setdefault(known.status, _build_response_schema(known.title))
        response["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": known.title,
            "value": _build_body(code, known.meaning, request_id="0199-example"),
        }
    return responses_by_status


def _build_response_schema(title: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}}}


def build_problem_response(
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
    body = _build_body(
        code, detail, request_id=request_id, errors=errors, retry_after=retry_after, until=until
    )
    more = dict(headers or {})
    if ERROR_CODES[code].status == 401:  # noqa: PLR2004
        more["WWW-Authenticate"] = "Bearer"
    if retry_after is not None:
        more["Retry-After"] = str(retry_after)
    return Response(
        json.dumps(body), status_code=ERROR_CODES[code].status, headers=more, media_type=MEDIA_TYPE
    )


def _build_body(
    code: str,
    detail: str,
    *,
    request_id: str,
    errors: Sequence[FieldError] = (),
    retry_after: int | None = None,
    until: datetime | None = None,
) -> dict[str, object]:
    fields = [
        WrongField(
            field=error.field,
            message=error.message,
            file=error.file or None,
            line=error.line,
        )
        for error in errors[:MAX_FIELD_ERRORS]
    ]
    body = ProblemDetails(
        type=f"/docs/errors#{code}",
        title=ERROR_CODES[code].title,
        status=ERROR_CODES[code].status,
        code=code,
        detail=truncate_echoed_input(detail, MAX_MESSAGE_CHARACTERS),
        instance=request_id,
        errors=fields or None,
        more_errors=max(len(errors) - MAX_FIELD_ERRORS, 0) or None,
        retry_after=retry_after,
        not_released_until=until,
    )
    return body.model_dump(mode="json", exclude_none=True)


def error_to_response(error: ServiceError, request_id: str) -> Response:
    """Return the response for *error*."""
    return build_problem_response(
        error.code,
        error.detail,
        request_id=request_id,
        errors=error.errors,
        retry_after=error.retry_after,
        until=error.until if isinstance(error, NotReleased) else None,
    )


def _get_request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


async def _handle_service_error(request: Request, error: ServiceError) -> Response:
    return error_to_response(error, _get_request_id(request))


async def _handle_validation_error(request: Request, error: RequestValidationError) -> Response:
    fields = to_field_errors(error.errors())
    first = f"{fields[0].field} {fields[0].message}." if fields else "The request is invalid."
    return error_to_response(InvalidInput(first, errors=fields), _get_request_id(request))


async def _handle_http_exception(request: Request, error: HTTPException) -> Response:
    """Return the problem for an exception of Starlette or FastAPI, or for its cause."""
    if isinstance(error.__cause__, ServiceError):
        return error_to_response(error.__cause__, _get_request_id(request))
    if error.status_code < 400:  # noqa: PLR2004
        return Response(status_code=error.status_code, headers=error.headers)
    code = CODES_BY_STATUS.get(error.status_code, "bad_request")
    hint = _suggest_path_without_slash(request) if code == "not_found" else ""
    headers = dict(error.headers or {})
    if code == "method_not_allowed":
        headers["Allow"] = _find_allowed_methods(request, headers.get("Allow", ""))
    return build_problem_response(
        code,
        hint or ERROR_CODES[code].meaning,
        request_id=_get_request_id(request),
        headers=headers,
    )


def _find_allowed_methods(request: Request, first_allow: str) -> str:
    """Return the methods of all routes at the path; the framework only names *first_allow*."""
    matching_routes = [
        route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE
    ]
    methods = {
        method for route in matching_routes for method in getattr(route, "methods", None) or ()
    }
    return ", ".join(sorted(methods | {*first_allow.replace(",", " ").split()}))


def _suggest_path_without_slash(request: Request) -> str:
    """Return a hint if the path without its trailing slash exists, else ""."""
    bare = request.url.path.rstrip("/")
    if bare == request.url.path:
        return ""
    scope = dict(request.scope) | {"path": bare, "raw_path": bare.encode()}
    if not any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
        return ""
    return f"Addresses do not end in a slash. Use {bare}"


async def _handle_grader_error(request: Request, error: GraderError) -> Response:
    match error:
        case SolverError():
            raise error
        case ProblemError():
            fields = tuple(
                FieldError(one.field, one.message, PurePath(one.file).name, one.line)
                for one in (error, *error.others)
            )
            invalid = InvalidInput(fields[0].message, code="invalid_problem", errors=fields)
        case _:
            invalid = InvalidInput(str(error))
    return error_to_response(invalid, _get_request_id(request))


async def _handle_storage_error(request: Request, error: DBAPIError | PoolTimeoutError) -> Response:
    """Return 503 if the database cannot be reached or written; raise other errors as bugs."""
    if not _is_outage(error):
        raise error
    # Neither the statement nor its values are logged.
    cause = type(getattr(error, "orig", None) or error).__name__
    log.error("the database does not respond: %s, request %s", cause, _get_request_id(request))
    unavailable = ServiceUnavailable(
        ERROR_CODES["unavailable"].meaning, retry_after=STORAGE_RETRY_SECONDS
    )
    return error_to_response(unavailable, _get_request_id(request))


def _is_outage(error: DBAPIError | PoolTimeoutError) -> bool:
    if isinstance(error, PoolTimeoutError) or error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return getattr(error.orig, "sqlite_errorcode", None) != SQLITE_ERROR
