"""Lightweight HTTP/1.1 load client: each connection has one request in flight."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

HEAD_END: Final = b"\r\n\r\n"
CONTENT_LENGTH_HEADER: Final = b"content-length:"
ACCEPT_SECONDS: Final = 0.2
"""Seconds for the server to accept all connections before the first request. A server that accepts
one connection in each iteration of its loop would otherwise delay the last clients."""


@dataclass(slots=True)
class LoadResult:
    """Responses to a load by status, and the seconds of each."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    duration_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Responses per second."""
        return len(self.seconds) / self.duration_seconds

    def percentile(self, percent: float) -> float:
        """Return a percentile of the latency in milliseconds."""
        ordered = sorted(self.seconds)
        return 1e3 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def send_requests(requests: Sequence[bytes], *, port: int, clients: int) -> LoadResult:
    """Send *requests* in order over *clients* connections, and return the result."""
    return asyncio.run(_send_requests(iter(requests), port, clients))


async def _send_requests(requests: Iterator[bytes], port: int, clients: int) -> LoadResult:
    result, loop = LoadResult(), asyncio.get_running_loop()
    opening = (
        loop.create_connection(lambda: _Client(requests, result), "127.0.0.1", port)
        for _ in range(clients)
    )
    connections = [client for _, client in await asyncio.gather(*opening)]
    await asyncio.sleep(ACCEPT_SECONDS)
    start = time.perf_counter()
    for client in connections:
        client.send_next()
    await asyncio.gather(*(client.closed for client in connections))
    result.duration_seconds = time.perf_counter() - start
    return result


class _Client(asyncio.Protocol):
    """Connection that sends its next request after each response."""

    def __init__(self, requests: Iterator[bytes], load: LoadResult) -> None:
        self._requests, self._load = requests, load
        self.closed = asyncio.get_running_loop().create_future()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def send_next(self) -> None:
        """Send the next request, or close the connection if there is none left."""
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Record a complete response, and send the next request."""
        self._received += data
        head, separator, body = self._received.partition(HEAD_END)
        if not separator or len(body) < _parse_content_length(head):
            return
        self._load.seconds.append(time.perf_counter() - self._began)
        self._load.statuses[int(head[9:12])] += 1
        self._received = b""
        self.send_next()

    def connection_lost(self, _error: Exception | None) -> None:
        """Finish; a request in flight is not counted."""
        if not self.closed.done():
            self.closed.set_result(None)


def _parse_content_length(head: bytes) -> int:
    lowercase = head.lower()
    start = lowercase.index(CONTENT_LENGTH_HEADER) + len(CONTENT_LENGTH_HEADER)
    return int(lowercase[start:].partition(b"\r\n")[0])
