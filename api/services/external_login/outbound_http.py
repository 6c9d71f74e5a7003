"""HTTP requests to servers of others: few at a time, small, without redirects, with a deadline."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from api.services.external_login.deadline_transport import DeadlineTransport, limit_request_time

MAX_CONCURRENT_REQUESTS: Final = 8
"""Requests at a time: a slow server must not take the threads that serve students."""
WAIT_SECONDS: Final = 2
HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""A compressed reply could grow to any size when it is read, so none is accepted."""


class OutboundError(Exception):
    """No usable reply; the message is for the log."""


@dataclass(frozen=True, slots=True)
class OutboundLimits:
    """Limits of a request: bytes of the reply, seconds of one read, and seconds of all.

    *max_requests* is the number of requests at a time.
    """

    max_bytes: int
    timeout_seconds: float
    total_seconds: float
    max_requests: int = MAX_CONCURRENT_REQUESTS


@dataclass(frozen=True, slots=True)
class OutboundReply:
    """Reply of another server; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OutboundHttp:
    """HTTP client for servers of others; *transport* replaces the network in tests.

    Without it, the first request calls *create_transport*: to load the certificates of the
    authorities takes 20 ms, and many services never send a request.
    """

    def __init__(
        self,
        limits: OutboundLimits,
        transport: httpx2.BaseTransport | None,
        *,
        create_transport: Callable[[], httpx2.BaseTransport] = DeadlineTransport,
    ) -> None:
        self._limits, self._transport = limits, transport
        self._create_transport = create_transport
        self._client: httpx2.Client | None = None
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(limits.max_requests)

    def send(self, method: str, url: str, **options: Any) -> OutboundReply:
        """Send a request with the *options* of httpx2, and return the reply of any status.

        Raises `OutboundError`, and `httpx2.InvalidURL`.
        """
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise OutboundError("too many requests wait for other servers")
        try:
            with limit_request_time(self._limits.total_seconds):
                return self._send_in_turn(method, url, **options)
        except httpx2.HTTPError as error:
            raise OutboundError(f"{type(error).__name__}: {error}"[:200]) from error
        finally:
            self._turns.release()

    def _send_in_turn(self, method: str, url: str, **options: Any) -> OutboundReply:
        body = bytearray()
        with self._open_client().stream(method, url, **options) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise OutboundError("the reply is compressed")
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self._limits.max_bytes:
                    raise OutboundError("the reply is too long")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return OutboundReply(response.status_code, headers, bytes(body))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _open_client(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(
                    transport=self._transport or self._create_transport(),
                    timeout=self._limits.timeout_seconds,
                    follow_redirects=False,
                    trust_env=False,
                    headers=HEADERS,
                )
            return self._client
