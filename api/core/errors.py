"""Every error that the service raises on purpose; the class decides the HTTP status.

ServiceError
├── BadRequest            400  the request is not one of HTTP/1.1
├── Unauthenticated       401  who asks is not known (answers with ``WWW-Authenticate: Bearer``)
├── Forbidden             403  the thing may be seen, the act may not be done
│   └── NotReleased       403  it becomes visible later; `until` says when, if that is known
├── NotFound              404  there is nothing there, or nothing that the caller may see
├── RequestTimeout        408  the body did not arrive in time
├── Conflict              409  the state of the thing does not allow it
├── Gone                  410  it was there and is no more
├── Precondition          412  it was changed since it was read
├── TooLarge              413  the body is over the limit
├── Unsupported           415  the body is of a type that is not read here
├── Misdirected           421  the request names a host that is not this service
├── Invalid               422  what was sent cannot be used; `errors` name the fields
├── PreconditionRequired  428  an edit must say which version it changes
├── RateLimited           429  too much, too fast; `retry_after` says when
└── Unavailable           503  storage or a part of the service does not work just now

An error has a stable code; `api.core.error_codes` lists them with status and meaning. The detail is
read by people and never holds what was sent. HTTP is made of an error in
`api.http.problem_details`.
"""
# ruff: noqa: N818  # they are named as their statuses are

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from api.core.error_codes import CODES, Code
from grader.errors import GraderError

__all__ = [
    "CODES",
    "BadRequest",
    "Code",
    "Conflict",
    "FieldError",
    "FileError",
    "Forbidden",
    "Gone",
    "Invalid",
    "Misdirected",
    "NotFound",
    "NotReleased",
    "Precondition",
    "PreconditionRequired",
    "RateLimited",
    "RequestTimeout",
    "ServiceError",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
]


class FileError(GraderError):
    """A file that a command cannot use; nothing ran."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: its name as the caller wrote it, and what to do about it.

    *file* and *line* are the place in a file that was sent.
    """

    field: str
    said: str
    file: str = ""
    line: int | None = None


class ServiceError(Exception):
    """Anything the service refuses on purpose.

    *detail* says to a person what is refused and what to do; *code* is one of `CODES` with the
    status of the class; *retry_after* is in seconds. Raises `LookupError` for any other code.
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
        if self.code not in CODES or CODES[self.code].status != self.status:
            raise LookupError(
                f"{type(self).__name__} has no code {self.code!r}; add it to api.core.error_codes"
            )
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after


class BadRequest(ServiceError):
    """The request is not valid HTTP."""

    status = 400
    code = "bad_request"


class Unauthenticated(ServiceError):
    """Who asks is not known."""

    status = 401
    code = "unauthenticated"


class Forbidden(ServiceError):
    """The caller may see the thing, and may not do this with it."""

    status = 403
    code = "forbidden"


class NotReleased(Forbidden):
    """It becomes visible later: *until* says when, as far as that is known."""

    code = "not_released"

    def __init__(self, detail: str, *, code: str = "", until: datetime | None = None) -> None:
        super().__init__(detail, code=code)
        self.until = until


class NotFound(ServiceError):
    """There is nothing there, or nothing that the caller may see."""

    status = 404
    code = "not_found"


class RequestTimeout(ServiceError):
    """The body of the request did not arrive in time."""

    status = 408
    code = "request_timeout"


class Conflict(ServiceError):
    """The state of the thing does not allow it."""

    status = 409
    code = "conflict"


class Gone(ServiceError):
    """It was there and is no more."""

    status = 410
    code = "gone"


class Precondition(ServiceError):
    """The thing was changed since the caller read it."""

    status = 412
    code = "stale"


class TooLarge(ServiceError):
    """The body is over the limit."""

    status = 413
    code = "too_large"


class Unsupported(ServiceError):
    """The body is of a type that is not read here."""

    status = 415
    code = "unsupported_media_type"


class Misdirected(ServiceError):
    """The request names a host that is not this service."""

    status = 421
    code = "unknown_host"


class Invalid(ServiceError):
    """What was sent cannot be used."""

    status = 422
    code = "invalid"

    @classmethod
    def of(cls, field: str, said: str) -> Self:
        """Return the error of one field; *said* goes on from its name, as in ``is no section``."""
        return cls(f"{field.removeprefix('query ')} {said}.", errors=(FieldError(field, said),))

    @classmethod
    def named(cls, errors: Sequence[FieldError]) -> Self:
        """Return the error of several fields; the first is told in its sentence."""
        first = errors[0]
        return cls(f"{first.field} {first.said}.".strip(), errors=tuple(errors))


class PreconditionRequired(ServiceError):
    """An edit must say which version it changes."""

    status = 428
    code = "precondition_required"


class RateLimited(ServiceError):
    """Too much came too fast."""

    status = 429
    code = "rate_limited"


class Unavailable(ServiceError):
    """Storage, or another part of the service, does not work just now."""

    status = 503
    code = "unavailable"
