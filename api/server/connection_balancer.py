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

__all__ = ["Acceptor", "Share", "shares"]

PAUSE: Final = 1.0
"""How many seconds nothing is taken where the system has no room for another connection."""
COURTESY: Final = 0.002
"""How many seconds a connection is left to a process that has fewer."""

log = logging.getLogger("api.acceptor")


@dataclass(frozen=True, slots=True)
class Share:
    """Connection count of one process: index *at* of *counts*, which is in shared memory."""

    counts: MutableSequence[int]
    at: int

    def is_ahead(self, own: int) -> bool:
        """Publish this process's count *own*; return whether another process has fewer."""
        self.counts[self.at] = own
        return own > min(self.counts)


def shares(processes: int) -> list[Share]:
    """Return one connection count for each process, to be passed to it at its start."""
    counts: MutableSequence[int] = RawArray("i", processes)
    return [Share(counts, at) for at in range(processes)]


class Acceptor:
    """Accepts connections from *listener* until closed, each with a new *protocol*.

    *connections* are those of this process. If *share* says that another process has fewer, this
    one pauses for `COURTESY` seconds and then accepts what nobody has taken. So a process that has
    died or is busy delays a connection only by that pause. uvicorn closes this object like a server
    of asyncio.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        connections: Collection[object],
        share: Share | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._protocol = listener, protocol
        self._connections, self._share = connections, share
        self._opening: set[asyncio.Task[None]] = set()
        self._is_open = True
        listener.settimeout(0)
        self._watch()

    def close(self) -> None:
        """Stop accepting."""
        self._is_open = False
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """Wait until every accepted connection has its protocol."""
        await asyncio.gather(*self._opening)

    def _watch(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._listener, self._look)

    def _look(self) -> None:
        """Accept a pending connection, or leave it to the others for a moment."""
        own = len(self._connections) + len(self._opening)
        if self._share is None or not self._share.is_ahead(own):
            self._take()
            return
        self._loop.remove_reader(self._listener)
        self._loop.call_later(COURTESY, self._look_again)

    def _look_again(self) -> None:
        """Accept a connection that no other process has taken."""
        if self._is_open:
            self._watch()
            self._take()

    def _take(self) -> None:
        try:
            taken, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or the client has left
        except OSError as error:
            log.error("no connection can be taken: %s", error.strerror)  # noqa: TRY400
            self._loop.remove_reader(self._listener)
            self._loop.call_later(PAUSE, self._watch)
            return
        opening = self._loop.create_task(self._open(taken))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, taken: socket.socket) -> None:
        taken.settimeout(0)
        try:
            await self._loop.connect_accepted_socket(self._protocol, taken)
        except OSError:  # the client reset it meanwhile
            taken.close()
