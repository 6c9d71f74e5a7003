"""What a connection may send: the head has an end, and soon; no other protocol is spoken."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.http.bodies import BODY_ARRIVED
from api.server.connection_limits import ConnectionDeadlines, make_room

__all__ = ["MOST_IN_HEAD", "CappedProtocol", "Joined"]

MOST_IN_HEAD: Final = 16 * 1024
"""How many bytes the address and the headers of a request may have together."""
MAX_QUEUED_REQUESTS: Final = 32
MAX_QUEUED_FIELDS: Final = 256
"""How many pipelined requests may wait for the one before them, and how many headers they have."""
LINGER_SECONDS: Final = 2
"""How long a client may go on sending a body that was refused; what it sends is dropped."""
HEAD: Final = b"HTTP/1.1 "
FIELD_OVERHEAD_BYTES: Final = 32
"""What each header counts on top of its name and value, for its memory (RFC 9113, 6.5.2)."""
TOO_LARGE: Final = "The address and the headers have more than 16 KiB together."
TOO_MANY: Final = "Too many requests are pipelined."
NO_TUNNEL: Final = "There is no way through to another server."


class _Parser(httptools.HttpRequestParser):
    """A parser that says where another protocol would begin, and raises nothing for it."""

    stopped_at: int | None = None

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        super().__init__(protocol)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's

    def feed_data(self, data: Any) -> None:
        """Read *data* up to the end of a head that asks for another protocol."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as asked:
            [self.stopped_at] = asked.args


class Joined:
    """A *transport* that sends the head of an answer together with what follows it.

    uvicorn writes both apart. Each writing is a call of the system, and wakes whoever reads.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        begin_lingering: Callable[[], bool] = lambda: False,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._begin_lingering = begin_lingering
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send *data*; a head waits for what follows it until the loop turns."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(HEAD):
            self._held = data
            self._loop.call_soon(self._send_held)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Close once all is sent, and later where the client is still sending a body.

        To close a socket with bytes that were not read resets the connection, and a client that
        sends all before it reads would lose the response (RFC 9112, 9.6).
        """
        self._send_held()
        if self._begin_lingering():
            self._loop.call_later(LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()

    def _send_held(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():  # it may have been reset meanwhile
            self._transport.write(held)


class CappedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, which refuses a head over 16 KiB with 431; the parser itself has no limit.

    It ignores `Upgrade`, as a server may (RFC 9110, 7.8). The parser takes what follows such a head
    for the other protocol, so that a body would be lost, or read as the next request: the head is
    read once more without that field, by a new parser, and what follows it as ever.
    """

    parser: _Parser

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.parser = _Parser(self)
        self._head = 0
        self.has_head = False
        self._pending = 0
        self._refused = False
        self._is_draining = False
        self.message_began_at: float | None = None
        self.deadlines = ConnectionDeadlines(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection; closes another one if there are too many."""
        super().connection_made(transport)
        self.transport = Joined(transport, self.loop, self._begin_lingering)  # type: ignore[assignment]
        self.deadlines.start()
        limit = self.limit_concurrency
        if limit is not None and (len(self.connections) <= limit or make_room(self)):
            self.limit_concurrency = None  # uvicorn answers 503 where there was no room

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.deadlines.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; nothing of which a part is kept grows without end."""
        if self._is_draining:
            self.deadlines.discard(len(data))
            return
        self._pending += len(data)
        super().data_received(data)
        while self.parser.stopped_at is not None:
            data = self._head_without_upgrade() + data[self.parser.stopped_at :]
            self.parser = _Parser(self)
            super().data_received(data)
        if self._pending > MOST_IN_HEAD and not (self._is_draining or self.transport.is_closing()):
            self._refuse()

    @property
    def newest_cycle(self) -> RequestResponseCycle | None:
        """The request whose head came last, None before the first."""
        return self.cycle

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head = 0
        self.has_head = False
        self.message_began_at = self.loop.time()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body in the manner of one is counted and left out."""
        self._count(len(name) + len(value) + FIELD_OVERHEAD_BYTES)
        if not self.has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin the request, or wait until its head is read once more."""
        self.has_head = True
        if self.pipeline:
            self._check_queue()
        if not self.parser.should_upgrade():
            super().on_headers_complete()
        elif self.parser.get_method() == b"CONNECT":
            raise ValueError(NO_TUNNEL)  # the parser stops here

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, whose length the shell counts."""
        self._pending = 0
        super().on_body(body)
        if self.cycle.response_complete:
            self.deadlines.discard(len(body))

    def on_message_complete(self) -> None:
        """End the request."""
        if self.parser.should_upgrade():
            return
        self._pending = 0
        self.message_began_at = None
        self.scope["state"][BODY_ARRIVED] = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read, or is too long, and close."""
        if self._is_draining:
            return
        if self._refused:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _begin_lingering(self) -> bool:
        """Drop what still comes of a body whose request was answered; False where none does."""
        if self._is_draining or not self.has_head or self.message_began_at is None:
            return False
        self._is_draining = True
        return True

    def _check_queue(self) -> None:
        """Stop reading if too many requests are queued; the connection ends after the last."""
        fields = sum(len([*cycle.scope["headers"]]) for cycle, _ in self.pipeline)
        if len(self.pipeline) < MAX_QUEUED_REQUESTS and fields < MAX_QUEUED_FIELDS:
            return
        self._is_draining = True
        self.cycle.keep_alive = False
        raise ValueError(TOO_MANY)  # the parser stops here

    def _count(self, more: int) -> None:
        self._head += more
        if self._head > MOST_IN_HEAD:
            self._refused = True
            raise ValueError(TOO_LARGE)  # the parser stops here

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        fields = [b"%b: %b" % field for field in self.headers if field[0] != b"upgrade"]
        first = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        return b"\r\n".join((first, *fields, b"", b""))

    def _refuse(self) -> None:
        self._is_draining = True  # the connection is closed at once: what comes has no end
        head = (
            b"content-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(TOO_LARGE)
        )
        self.transport.write(STATUS_LINE[431] + head + TOO_LARGE.encode("ascii"))
        self.transport.close()
