"""Connections as a proxy keeps them: a few, each with one request at a time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Answer", "Lines"]

LENGTH: Final = "content-length"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """A connection that is reopened after it breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes, *, hangs_up: bool) -> Answer | None:
        """Return the response, or None if the connection breaks.

        With *hangs_up*, the client closes the connection right after the request.
        """
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request)
            await writer.drain()
            if hangs_up:
                raise ConnectionAbortedError
            return await _answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(_header(line) for line in head[1:] if line)
    body = await reader.readexactly(int(headers.get(LENGTH, "0")))
    return Answer(int(head[0].split()[1]), headers, body)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()


class Lines:
    """A pool of *count* connections to a port; a request waits for a free one."""

    def __init__(self, port: int, count: int) -> None:
        self._lines = [Line(port) for _ in range(count)]
        self._free: asyncio.Queue[Line] = asyncio.Queue()
        for line in self._lines:
            self._free.put_nowait(line)

    async def ask(self, request: bytes, *, hangs_up: bool = False) -> Answer | None:
        """Return the response, or None if the connection breaks."""
        line = await self._free.get()
        try:
            answer = await line.ask(request, hangs_up=hangs_up)
            if answer is not None and answer.headers.get("connection") == "close":
                line.close()
            return answer
        finally:
            self._free.put_nowait(line)

    def close(self) -> None:
        for line in self._lines:
            line.close()
