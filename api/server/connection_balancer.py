"""Connection balancing: accepts one connection at a time, and balances them among processes.

All processes listen on one socket. An event loop by itself accepts all pending connections at once.
When a proxy opens its keep-alive connections, one process would get them all, and the others would
have no work for as long as the proxy keeps them (ADR 15).
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Collection, MutableSequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from typing import Final

FULL_PAUSE_SECONDS: Final = 1.0
"""Seconds without accepting if the system has no room for another connection."""
YIELD_SECONDS: Final = 0.002
"""Seconds for which a connection is left to a process that has fewer."""

log = logging.getLogger("api.acceptor")


@dataclass(frozen=True, slots=True)
class ConnectionCounter:
    """Connection count of one process: index *index* of *counts*, which is in shared memory."""

    counts: MutableSequence[int]
    index: int

    def update_and_check_ahead(self, count: int) -> bool:
        """Publish this process's count *count*; return whether another process has fewer."""
        self.counts[self.index] = count
        return count > min(self.counts)


def create_counters(processes: int) -> list[ConnectionCounter]:
    """Return one connection count for each process, to be passed to it at its start."""
    counts: MutableSequence[int] = RawArray("i", processes)
    return [ConnectionCounter(counts, index) for index in range(processes)]


class ConnectionBalancer:
    """Accepts connections from *listener* until closed, each with a new *protocol*.

    *connections* are those of this process. If *counter* says that another process has fewer, this
    one pauses for `YIELD_SECONDS` and then accepts what nobody has taken. So a process that has
    died or is busy delays a connection only by that pause. uvicorn closes this object like a server
    of asyncio.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        connections: Collection[object],
        counter: ConnectionCounter | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._protocol = listener, protocol
        self._connections, self._counter = connections, counter
        self._opening: set[asyncio.Task[None]] = set()
        self._is_open = True
        listener.settimeout(0)
        self._start_accepting()

    def close(self) -> None:
        """Stop accepting."""
        self._is_open = False
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """Wait until every accepted connection has its protocol."""
        await asyncio.gather(*self._opening)

    def _start_accepting(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._listener, self._accept_unless_ahead)

    def _accept_unless_ahead(self) -> None:
        """Accept a pending connection, or leave it to the others for a moment."""
        count = len(self._connections) + len(self._opening)
        if self._counter is None or not self._counter.update_and_check_ahead(count):
            self._accept()
            return
        self._loop.remove_reader(self._listener)
        self._loop.call_later(YIELD_SECONDS, self._accept_after_yield)

    def _accept_after_yield(self) -> None:
        """Accept a connection that no other process has taken."""
        if self._is_open:
            self._start_accepting()
            self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or the client has left
        except OSError as error:
            log.error("no connection can be accepted: %s", error.strerror)  # noqa: TRY400
            self._loop.remove_reader(self._listener)
            self._loop.call_later(FULL_PAUSE_SECONDS, self._start_accepting)
            return
        opening = self._loop.create_task(self._start_protocol(connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _start_protocol(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # the client reset it first
            connection.close()
