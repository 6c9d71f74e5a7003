"""Errors that the client raises on purpose; no message contains a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class GraderClientError(Exception):
    """Base class of the errors of this client."""


class InsecureAddressError(GraderClientError, ValueError):
    """The address is neither ``https://`` nor on this machine, so no token is sent there."""


class NotLoggedInError(GraderClientError):
    """There is no token for the server, or it was revoked, has expired or permits too little."""


class LoginFailedError(GraderClientError):
    """The login was refused, or its code has expired."""


class ConnectionFailedError(GraderClientError):
    """The server did not answer, or is temporarily unavailable; try again later.

    *status* is that of the response, 0 without one that can be used.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        self.status = status
        super().__init__(message)


class StorageFailedError(GraderClientError, OSError):
    """A token or an answer cannot be written to the disk of this machine."""


class UnusableAnswerError(GraderClientError, TypeError):
    """The value cannot be sent as an answer."""


class RefusedError(GraderClientError):
    """The server refused the request; *code* is stable, the message says what to do.

    *retry_after* is in seconds, None if the server names no time.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        retry_after = problem.get("retry_after")
        self.retry_after = retry_after if isinstance(retry_after, int) else None
        super().__init__(str(problem.get("detail") or f"The server answered with {status}."))
