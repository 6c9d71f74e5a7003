"""Pool of HTTP connections, like that of a reverse proxy: one request at a time on each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["ConnectionPool", "Response"]

CONTENT_LENGTH: Final = "content-length"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection:
    """A connection that is opened again after it breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes, *, aborts: bool) -> Response | None:
        """Send a request, and return the response, or None if the connection breaks.

        With *aborts*, close the connection right after the request.
        """
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request)
            await writer.drain()
            if aborts:
                raise ConnectionAbortedError
            return await _read_response(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _read_response(reader: asyncio.StreamReader) -> Response:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(_parse_header(line) for line in head[1:] if line)
    body = await reader.readexactly(int(headers.get(CONTENT_LENGTH, "0")))
    return Response(int(head[0].split()[1]), headers, body)


def _parse_header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()


class ConnectionPool:
    """A pool of *size* connections to a port; a request waits for a free one."""

    def __init__(self, port: int, size: int) -> None:
        self._connections = [_Connection(port) for _ in range(size)]
        self._free: asyncio.Queue[_Connection] = asyncio.Queue()
        for connection in self._connections:
            self._free.put_nowait(connection)

    async def send(self, request: bytes, *, aborts: bool = False) -> Response | None:
        """Send a request on a free connection; return None if the connection breaks."""
        connection = await self._free.get()
        try:
            response = await connection.send(request, aborts=aborts)
            if response is not None and response.headers.get("connection") == "close":
                connection.close()
            return response
        finally:
            self._free.put_nowait(connection)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
