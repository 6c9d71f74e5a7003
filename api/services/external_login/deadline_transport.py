"""HTTP transport whose connections keep to one deadline, however slowly a server sends.

The timeouts of an HTTP client hold for each read: a server that sends a byte now and then is never
late. Here each operation gets only the time that is left of the whole request.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any, Final

import httpcore2
import httpx2

_DEADLINE: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)
"""Time on the monotonic clock at which the request of this thread ends, if it has a limit."""


@contextmanager
def limit_request_time(seconds: float) -> Iterator[None]:
    """End the requests that this thread sends in the block after *seconds* together."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def _limit_timeout(timeout: float | None) -> float | None:
    """Return *timeout*, or the time that is left if it is less; raise `ReadTimeout` without any."""
    deadline = _DEADLINE.get()
    if deadline is None:
        return timeout
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise httpcore2.ReadTimeout("the whole request took too long")
    return remaining if timeout is None else min(timeout, remaining)


class _DeadlineStream(httpcore2.NetworkStream):
    """Connection whose operations end at the deadline of the request that uses it."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _limit_timeout(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _limit_timeout(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _limit_timeout(timeout))
        return _DeadlineStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore2.SyncBackend):
    """Network whose connections end at the deadline of the request that uses them."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        limited = _limit_timeout(timeout)
        stream = super().connect_tcp(host, port, limited, local_address, socket_options)
        return _DeadlineStream(stream)


class DeadlineTransport(httpx2.HTTPTransport):
    """Transport that heeds `limit_request_time`, without a proxy of the environment."""

    def __init__(self) -> None:
        ssl_context = httpx2.create_ssl_context()
        super().__init__(verify=ssl_context)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context, network_backend=_DeadlineBackend()
        )
