"""A light client of HTTP/1.1: so many connections, each with one request under way at a time."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"
ACCEPTED: Final = 0.2
"""Seconds in which a server takes the connections that were opened, before the first request. A
server that takes one in each round of its loop would let the last ones wait for the first."""


@dataclass(slots=True)
class Load:
    """What came of a load: answers by status, and the seconds that each took."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return len(self.seconds) / self.lasted

    def percentile(self, percent: float) -> float:
        """Return the milliseconds within which so many percent were answered."""
        ordered = sorted(self.seconds)
        return 1e3 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def run(requests: Sequence[bytes], *, port: int, clients: int) -> Load:
    """Return what came of sending *requests* in order by so many *clients* at once."""
    return asyncio.run(_run(iter(requests), port, clients))


async def _run(requests: Iterator[bytes], port: int, clients: int) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    opening = (
        loop.create_connection(lambda: _Client(requests, load), "127.0.0.1", port)
        for _ in range(clients)
    )
    every = [client for _, client in await asyncio.gather(*opening)]
    await asyncio.sleep(ACCEPTED)
    began = time.perf_counter()
    for client in every:
        client.ask()
    await asyncio.gather(*(client.ended for client in every))
    load.lasted = time.perf_counter() - began
    return load


class _Client(asyncio.Protocol):
    """One connection: it sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], load: Load) -> None:
        self._requests, self._load = requests, load
        self.ended = asyncio.get_running_loop().create_future()
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to send by."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self) -> None:
        """Send the next request, or close the connection where there is none left."""
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note a whole answer, and send the next request."""
        self._got += data
        head, found, body = self._got.partition(HEAD_END)
        if not found or len(body) < _length(head):
            return
        self._load.seconds.append(time.perf_counter() - self._began)
        self._load.statuses[int(head[9:12])] += 1
        self._got = b""
        self.ask()

    def connection_lost(self, _error: Exception | None) -> None:
        """End; what was under way is not counted."""
        if not self.ended.done():
            self.ended.set_result(None)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.index(LENGTH) + len(LENGTH)
    return int(lowered[at:].partition(b"\r\n")[0])
