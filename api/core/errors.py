"""Errors that the service raises on purpose; the class determines the HTTP status.

ServiceError
├── BadRequest            400  the request is not valid HTTP/1.1
├── Unauthenticated       401  the caller is unknown (sent with ``WWW-Authenticate: Bearer``)
├── Forbidden             403  the caller may see the resource but not perform the action
│   └── NotReleased       403  it becomes visible later; `until` is the time, if known
├── NotFound              404  nothing exists there, or nothing that the caller may see
├── RequestTimeout        408  the body did not arrive in time
├── Conflict              409  the state of the resource does not allow the action
├── Gone                  410  the resource existed and was removed
├── PreconditionFailed    412  the resource changed since it was read
├── ContentTooLarge       413  the body is over the limit
├── UnsupportedMediaType  415  the media type of the body is not accepted here
├── MisdirectedRequest    421  the request names a host that is not this service
├── InvalidInput          422  the input cannot be used; `errors` names the fields
├── PreconditionRequired  428  an edit must name the version that it changes
├── RateLimited           429  too many requests; `retry_after` is in seconds
└── ServiceUnavailable    503  storage or another part of the service is not working

Every error has a stable code; `api.core.error_codes` lists them with status and meaning. The detail
and the messages are for people and have at most 500 characters. Only errors in files quote values
of the input. `api.http.problem_details` turns an error into an HTTP response.
"""
# ruff: noqa: N818  # they are named as their statuses are

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from api.core.error_codes import ERROR_CODES, ErrorCode
from grader.errors import GraderError

__all__ = [
    "ERROR_CODES",
    "BadRequest",
    "Conflict",
    "ContentTooLarge",
    "ErrorCode",
    "FieldError",
    "FileError",
    "Forbidden",
    "Gone",
    "InvalidInput",
    "MisdirectedRequest",
    "NotFound",
    "NotReleased",
    "PreconditionFailed",
    "PreconditionRequired",
    "RateLimited",
    "RequestTimeout",
    "ServiceError",
    "ServiceUnavailable",
    "Unauthenticated",
    "UnsupportedMediaType",
    "truncate_echoed_input",
]
MAX_MESSAGE_CHARACTERS: Final = 500
MAX_ECHO_CHARACTERS: Final = 254
"""How much of a typed value is displayed again where anybody may type it; an address fits."""


def truncate_echoed_input(text: str, max_characters: int = MAX_ECHO_CHARACTERS) -> str:
    """Return *text*, or its first characters with an ellipsis if it has more than the maximum.

    >>> truncate_echoed_input("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= max_characters else f"{text[: max_characters - 1]}…"


class FileError(GraderError):
    """File that a command cannot use; the command did nothing."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """Error in one field: the field's name as the caller wrote it, and what to do about it.

    *file* and *line* locate the error in an uploaded file.
    """

    field: str
    message: str
    file: str = ""
    line: int | None = None

    def __post_init__(self) -> None:
        """Shorten a message that quotes a long value."""
        object.__setattr__(
            self, "message", truncate_echoed_input(self.message, MAX_MESSAGE_CHARACTERS)
        )


class ServiceError(Exception):
    """Base class of the errors that the service raises on purpose.

    *detail* is text for a person: the reason, and what to do. *code* is one of `ERROR_CODES`, with
    the status of the class. *retry_after* is in seconds. Raises `LookupError` for any other code.
    """

    status: ClassVar[int] = 500
    code: str = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str = "",
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code or type(self).code
        if self.code not in ERROR_CODES or ERROR_CODES[self.code].status != self.status:
            raise LookupError(
                f"{type(self).__name__} has no code {self.code!r}; add it to api.core.error_codes"
            )
        self.detail = truncate_echoed_input(detail, MAX_MESSAGE_CHARACTERS)
        self.errors = errors
        self.retry_after = retry_after


class BadRequest(ServiceError):
    """The request is not valid HTTP."""

    status = 400
    code = "bad_request"


class Unauthenticated(ServiceError):
    """The caller is unknown."""

    status = 401
    code = "unauthenticated"


class Forbidden(ServiceError):
    """The caller may see the resource but not perform the action."""

    status = 403
    code = "forbidden"


class NotReleased(Forbidden):
    """The resource becomes visible later; *until* is the time, or None if unknown."""

    code = "not_released"

    def __init__(self, detail: str, *, code: str = "", until: datetime | None = None) -> None:
        super().__init__(detail, code=code)
        self.until = until


class NotFound(ServiceError):
    """Nothing exists there, or nothing that the caller may see."""

    status = 404
    code = "not_found"


class RequestTimeout(ServiceError):
    """The body of the request did not arrive in time."""

    status = 408
    code = "request_timeout"


class Conflict(ServiceError):
    """The state of the resource does not allow the action."""

    status = 409
    code = "conflict"


class Gone(ServiceError):
    """The resource existed and was removed."""

    status = 410
    code = "gone"


class PreconditionFailed(ServiceError):
    """The resource changed since the caller read it."""

    status = 412
    code = "stale"


class ContentTooLarge(ServiceError):
    """The body is over the limit."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(ServiceError):
    """The media type of the body is not accepted here."""

    status = 415
    code = "unsupported_media_type"


class MisdirectedRequest(ServiceError):
    """The request names a host that is not this service."""

    status = 421
    code = "unknown_host"


class InvalidInput(ServiceError):
    """The input cannot be used."""

    status = 422
    code = "invalid"

    @classmethod
    def for_field(cls, field: str, message: str) -> Self:
        """Return the error of one field; *message* continues its name, as in ``is no section``."""
        return cls(
            f"{field.removeprefix('query ')} {message}.", errors=(FieldError(field, message),)
        )

    @classmethod
    def for_fields(cls, errors: Sequence[FieldError]) -> Self:
        """Return the error of several fields; the detail names the first."""
        first = errors[0]
        return cls(f"{first.field} {first.message}.".strip(), errors=tuple(errors))


class PreconditionRequired(ServiceError):
    """An edit must name the version that it changes."""

    status = 428
    code = "precondition_required"


class RateLimited(ServiceError):
    """Too many requests in too short a time."""

    status = 429
    code = "rate_limited"


class ServiceUnavailable(ServiceError):
    """Storage, or another part of the service, is not working."""

    status = 503
    code = "unavailable"
