"""HTTP protocol of a connection, with a limit on the request head and without upgrades."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.config.login_header import SOCKET_PEER
from api.http.request_body import BODY_ARRIVED
from api.server.connection_limits import ConnectionDeadlines, evict_slowest_connection

MAX_HEAD_BYTES: Final = 16 * 1024
"""Maximum size of the address and headers of a request together."""
MAX_QUEUED_REQUESTS: Final = 32
MAX_QUEUED_FIELDS: Final = 256
"""Limit on the total number of headers of the pipelined requests that wait.

`MAX_QUEUED_REQUESTS` limits the number of these requests.
"""
LINGER_SECONDS: Final = 2
"""Seconds for which a client may continue to send a refused body, which is discarded."""
FIELD_OVERHEAD_BYTES: Final = 32
"""Bytes counted for each header in addition to its name and value (RFC 9113, 6.5.2).

They account for its memory.
"""
HEAD_TOO_LARGE_MESSAGE: Final = "The address and the headers together have more than 16 KiB."
TOO_MANY_REQUESTS_MESSAGE: Final = "Too many requests are pipelined."
CONNECT_REFUSED_MESSAGE: Final = "The service is not a proxy."


class _UpgradeTolerantParser(httptools.HttpRequestParser):
    """Parser that records the position of a protocol upgrade instead of raising an error."""

    stopped_at: int | None = None

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        super().__init__(protocol)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's

    def feed_data(self, data: Any) -> None:
        """Parse *data*, up to the end of a head that requests another protocol."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            [self.stopped_at] = upgrade.args


class LingeringTransport:
    """Wrapper of a *transport* that counts written bytes, and closes later during a body.

    *begin_lingering* starts to drop the rest of the body, and returns False if there is none.
    *reading_since* is the time at which the client first did not take a piece of the response at
    once.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        begin_lingering: Callable[[], bool],
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._begin_lingering = begin_lingering
        self.written_bytes = 0
        self.reading_since: float | None = None

    def write(self, data: bytes) -> None:
        """Send *data*, and count it for the deadline of the client."""
        self.written_bytes += len(data)
        self._transport.write(data)
        if self.reading_since is None and self._transport.get_write_buffer_size():
            self.reading_since = self._loop.time()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Close the connection, later if the client is still sending a body.

        Closing a socket with unread bytes resets the connection. A client that sends everything
        before it reads would then lose the response (RFC 9112, 9.6).
        """
        if self._begin_lingering():
            self._loop.call_later(LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()


class LimitedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with a limit on the head: over 16 KiB it responds 431.

    The parser itself has no limit. The protocol ignores `Upgrade`, as a server may (RFC 9110, 7.8).
    The parser takes everything after such a head for the other protocol, so that a body would be
    lost or parsed as the next request. Therefore a new parser reads the head again without that
    field, and then the rest as usual.
    """

    parser: _UpgradeTolerantParser
    output: LingeringTransport

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser = _UpgradeTolerantParser(self)
        self._head_bytes = 0
        self.has_head = False
        self._pending_bytes = 0
        self._is_head_too_large = False
        self._is_draining = False
        self.message_began_at: float | None = None
        self.deadlines = ConnectionDeadlines(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start serving a connection; close another one if there are too many."""
        super().connection_made(transport)
        self.output = LingeringTransport(transport, self.loop, self._begin_lingering)
        self.transport = self.output  # type: ignore[assignment]
        self.deadlines.start()
        limit = self.limit_concurrency
        if limit is not None and (len(self.connections) <= limit or evict_slowest_connection(self)):
            self.limit_concurrency = None  # otherwise uvicorn responds 503

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadlines."""
        self.deadlines.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse *data*; unfinished heads are limited, so that no buffer grows without bound."""
        if self._is_draining:
            self.deadlines.count_discarded_bytes(len(data))
            return
        self._pending_bytes += len(data)
        super().data_received(data)
        while self.parser.stopped_at is not None:
            data = self._head_without_upgrade() + data[self.parser.stopped_at :]
            self.parser = _UpgradeTolerantParser(self)
            super().data_received(data)
        if self._pending_bytes > MAX_HEAD_BYTES and not (
            self._is_draining or self.transport.is_closing()
        ):
            self._send_431_response()

    @property
    def newest_cycle(self) -> RequestResponseCycle | None:
        """The request whose head arrived last, None before the first."""
        return self.cycle

    @property
    def is_response_read(self) -> bool:
        """Whether no response is in progress, and the client has taken all of the last one."""
        is_complete = self.cycle is None or self.cycle.response_complete
        return is_complete and not self.transport.get_write_buffer_size()

    def on_message_begin(self) -> None:
        """Reset the counters of the head, and the time of reading unless a response is unread."""
        if self.output.reading_since is not None and self.is_response_read:
            self.output.reading_since = None
        self._head_bytes = 0
        self.has_head = False
        self.message_began_at = self.loop.time()
        super().on_message_begin()
        self.scope["state"][SOCKET_PEER] = self.client[0] if self.client else ""

    def on_url(self, url: bytes) -> None:
        """Count and store a piece of the URL."""
        self._count_head_bytes(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count and store a header; trailers after a chunked body are counted and dropped."""
        self._count_head_bytes(len(name) + len(value) + FIELD_OVERHEAD_BYTES)
        if not self.has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, or wait until its head is parsed again without `Upgrade`."""
        self.has_head = True
        if self.pipeline:
            self._check_pipeline_limits()
        if not self.parser.should_upgrade():
            super().on_headers_complete()
        elif self.parser.get_method() == b"CONNECT":
            raise ValueError(CONNECT_REFUSED_MESSAGE)  # the parser stops here

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body; the HTTP policy limits its length."""
        self._pending_bytes = 0
        super().on_body(body)
        if self.cycle.response_complete:
            self.deadlines.count_discarded_bytes(len(body))

    def on_message_complete(self) -> None:
        """Mark the body as complete."""
        if self.parser.should_upgrade():
            return
        self._pending_bytes = 0
        self.message_began_at = None
        self.scope["state"][BODY_ARRIVED] = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Respond 400, or 431 for a head over the limit, and close."""
        if self._is_draining:
            return
        if self._is_head_too_large:
            self._send_431_response()
        else:
            super().send_400_response(msg)

    def _begin_lingering(self) -> bool:
        """Start to drop the rest of an unread body; return False if there is none."""
        if self._is_draining or not self.has_head or self.message_began_at is None:
            return False
        self._is_draining = True
        return True

    def _check_pipeline_limits(self) -> None:
        """Stop reading if too many requests are queued; the connection closes after the last."""
        fields = sum(len([*cycle.scope["headers"]]) for cycle, _ in self.pipeline)
        if len(self.pipeline) < MAX_QUEUED_REQUESTS and fields < MAX_QUEUED_FIELDS:
            return
        self._is_draining = True
        self.cycle.keep_alive = False
        raise ValueError(TOO_MANY_REQUESTS_MESSAGE)  # the parser stops here

    def _count_head_bytes(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self._is_head_too_large = True
            raise ValueError(HEAD_TOO_LARGE_MESSAGE)  # the parser stops here

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        fields = [b"%b: %b" % field for field in self.headers if field[0] != b"upgrade"]
        first = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        return b"\r\n".join((first, *fields, b"", b""))

    def _send_431_response(self) -> None:
        self._is_draining = True  # close now: the head may never end
        head = (
            b"content-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(HEAD_TOO_LARGE_MESSAGE)
        )
        self.transport.write(STATUS_LINE[431] + head + HEAD_TOO_LARGE_MESSAGE.encode("ascii"))
        self.transport.close()
