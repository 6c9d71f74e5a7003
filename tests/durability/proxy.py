"""TCP proxy between a service and PostgreSQL that simulates network failures."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

PIECE = 65_536
HANGS_UP_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with a timeout of 0: the peer sees a reset, not an end of stream."""


class Proxy:
    """TCP proxy on a free port; its settings apply to all connections.

    *delay* is the delay of replies in seconds. *swallows* drops all data in both
    directions. *loses* is the number of replies to COMMIT still to be lost, each with
    its connection, after the server has carried it out. *lost* counts those lost so
    far.
    """

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self.swallows = False
        self.loses = 0
        self.lost = 0
        self.port = 0
        self._target = port
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._wait(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._server.close)
        self.reset()
        self._call(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def reset(self) -> None:
        """Reset every connection at both ends."""

        async def broken() -> None:
            for line in tuple(self._lines):
                line.breaks()

        self._wait(broken())

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _call(self, act: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(act)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _hang_up(writer)
            return
        line = _Line(self, writer, there[1])
        self._lines.add(line)
        ways = (line.asks(reader), line.answers(there[0]))
        tasks = [asyncio.ensure_future(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        line.breaks()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lines.discard(line)


class _Line:
    def __init__(
        self, proxy: Proxy, here: asyncio.StreamWriter, there: asyncio.StreamWriter
    ) -> None:
        self._proxy, self._here, self._there = proxy, here, there
        self._doomed = False

    async def asks(self, reader: asyncio.StreamReader) -> None:
        while piece := await reader.read(PIECE):
            if self._proxy.swallows:
                continue
            if self._proxy.loses and b"COMMIT\0" in piece:
                self._proxy.loses -= 1
                self._doomed = True
            self._there.write(piece)

    async def answers(self, reader: asyncio.StreamReader) -> None:
        while piece := await reader.read(PIECE):
            if self._proxy.swallows:
                continue
            if self._doomed:
                self._proxy.lost += 1
                return
            if self._proxy.delay:
                await asyncio.sleep(self._proxy.delay)
            self._here.write(piece)

    def breaks(self) -> None:
        for end in (self._here, self._there):
            _hang_up(end)


def _hang_up(writer: asyncio.StreamWriter) -> None:
    given = writer.get_extra_info("socket")
    if given is not None and given.fileno() >= 0:
        given.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANGS_UP_AT_ONCE)
    writer.transport.abort()
