"""Connection deadlines, and the choice of the connection to close if there are too many.

A client has 10 s to send the head of a request. It must read a response at 4 KiB/s on average, and
may fall 60 s behind. If there are too many connections, a client without a login that takes longer
than 1 s to read a response keeps the service waiting, and a client with a login after 5 s. The
deadline of a body is in `api.http.request_body`. Here a connection ends if its body goes on
although the application no longer reads it.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from api.http.request_body import UPLOAD_TIMEOUT_SECONDS, RequestBody
from api.http.response_memory import CALLER_KEY

if TYPE_CHECKING:
    from api.server.protocol import LimitedHttpProtocol


HEAD_TIMEOUT_SECONDS: Final = 10
"""Seconds for the head of a request, from its first byte or from connecting."""
UNREAD_BODY_TIMEOUT_SECONDS: Final = UPLOAD_TIMEOUT_SECONDS + 30
"""Seconds for which a client may send a body that the application no longer reads.

The application has already responded.
"""
MIN_READ_BYTES_PER_SECOND: Final = 4096
"""Minimum rate at which a client must read a response; a modem of 56 kbit/s is faster."""
SEND_TIMEOUT_SECONDS: Final = 60
"""How many seconds a client may fall behind this rate, for example by reading nothing."""
ANONYMOUS_READ_SECONDS: Final = 1.0
"""Seconds to read a response without a login, if all connections are in use.

An attacker who reconnects as often as this needs as many new connections per second as there are
connections.
"""
AUTHENTICATED_READ_SECONDS: Final = 5.0
"""Seconds to read a response with a login, if all connections are in use."""
MAX_DISCARDED_BYTES: Final = 1024 * 1024
"""Bytes of a refused body that are read and discarded between two checks.

A client that sends the whole body before it reads still gets its response, and a flood
of bodies does not block the event loop.
"""
CHECK_SECONDS: Final = 2.5
"""Seconds between two checks of a connection.

There is one timer per connection; requests set none.
"""


class EvictionRank(NamedTuple):
    """Rank of a connection among those that may be closed; the lowest is closed first.

    *waiting_since* is the time of the event loop since when its client is late.
    """

    is_last: bool
    waiting_since: float


class ConnectionDeadlines:
    """Deadlines of one connection; closes it if its client misses one."""

    def __init__(self, protocol: "LimitedHttpProtocol") -> None:
        self._protocol = protocol
        self._opened_at = protocol.loop.time()
        self._taken_bytes = self._discarded_bytes = 0
        self._behind_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the periodic check."""
        self._timer = self._protocol.loop.call_later(CHECK_SECONDS, self._check_deadlines)

    def stop(self) -> None:
        """Stop the periodic check."""
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """Close the connection at once, without sending the rest, and free its slot."""
        self._protocol.connections.discard(self._protocol)
        self._protocol.transport.abort()

    def count_discarded_bytes(self, size: int) -> None:
        """Count *size* bytes of a refused body; too many pause reading until the next check."""
        self._discarded_bytes += size
        if self._discarded_bytes > MAX_DISCARDED_BYTES:
            self._protocol.flow.pause_reading()

    def compute_eviction_rank(self) -> EvictionRank | None:
        """Return when to close this connection, compared with others.

        An upload or a slow download of an authenticated caller is closed last. Returns None while
        the service works on a request, or has sent a response for a short time.
        """
        protocol, now = self._protocol, self._protocol.loop.time()
        behind_since, reading_since = self._behind_since, protocol.output.reading_since
        if behind_since is not None and now - behind_since > AUTHENTICATED_READ_SECONDS:
            return EvictionRank(is_last=False, waiting_since=behind_since)
        if protocol.message_began_at is not None:
            return EvictionRank(_is_admitted_upload(protocol), protocol.message_began_at)
        if reading_since is not None and not protocol.is_response_read:
            is_authenticated = CALLER_KEY in protocol.scope["state"]
            allowed = AUTHENTICATED_READ_SECONDS if is_authenticated else ANONYMOUS_READ_SECONDS
            if now - reading_since > allowed:
                return EvictionRank(is_authenticated, reading_since)
        cycle, timer = protocol.newest_cycle, protocol.timeout_keep_alive_task
        if cycle is None:
            return EvictionRank(is_last=False, waiting_since=self._opened_at)
        if not protocol.is_response_read:
            return None
        idle_since = timer.when() - protocol.timeout_keep_alive if timer else self._opened_at
        return EvictionRank(is_last=False, waiting_since=idle_since)

    def _check_deadlines(self) -> None:
        now = self._protocol.loop.time()
        if self._discarded_bytes:
            self._discarded_bytes = 0
            self._protocol.flow.resume_reading()
        self._update_behind_since(now)
        if self._is_late(now):
            self.abort()
            return
        self._timer = self._protocol.loop.call_later(CHECK_SECONDS, self._check_deadlines)

    def _update_behind_since(self, now: float) -> None:
        """Update the time since which the client is behind.

        Each byte that it takes reduces its delay, at most to zero: fast reading earns no credit.
        """
        unsent = self._protocol.transport.get_write_buffer_size()
        taken = self._protocol.output.written_bytes - unsent
        if not unsent:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        else:
            paid = (taken - self._taken_bytes) / MIN_READ_BYTES_PER_SECOND
            self._behind_since = min(now, self._behind_since + paid)
        self._taken_bytes = taken

    def _is_late(self, now: float) -> bool:
        protocol = self._protocol
        if self._behind_since is not None:
            return now - self._behind_since > SEND_TIMEOUT_SECONDS
        if protocol.flow.read_paused:
            return False  # the client may have sent bytes that are still unread
        if protocol.message_began_at is not None:
            allowed = UNREAD_BODY_TIMEOUT_SECONDS if protocol.has_head else HEAD_TIMEOUT_SECONDS
            return now - protocol.message_began_at > allowed
        cycle = protocol.newest_cycle
        if cycle is None:
            return now - self._opened_at > HEAD_TIMEOUT_SECONDS
        # uvicorn cancels its keep-alive timer at any byte, even if no request begins with it.
        return cycle.response_complete and protocol.timeout_keep_alive_task is None


def evict_slowest_connection(newest: "LimitedHttpProtocol") -> bool:
    """Close the connection that has kept the service waiting longest, except the *newest*.

    Uploads and slow downloads of authenticated callers are closed last. Returns False if the
    service works on a request of every other connection, or sends its response.
    """
    others: Iterable[LimitedHttpProtocol] = newest.connections - {newest}  # type: ignore[assignment]
    waiting = [
        (rank, protocol)
        for protocol in others
        if (rank := protocol.deadlines.compute_eviction_rank()) is not None
    ]
    if not waiting:
        return False
    min(waiting, key=lambda pair: pair[0])[1].deadlines.abort()
    return True


def _is_admitted_upload(protocol: "LimitedHttpProtocol") -> bool:
    body = protocol.scope["state"].get("body")
    return isinstance(body, RequestBody) and body.has_authenticated_caller
