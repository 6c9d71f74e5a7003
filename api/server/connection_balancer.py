"""Connections, taken from the listening socket one at a time, and shared among processes.

Several processes listen at one socket. An event loop by itself takes all that wait there: of the
connections that a proxy keeps open one process would have them all, and the others nothing to do.
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
    """The connections of one process among those of all: *counts*, in shared memory, at a place."""

    counts: MutableSequence[int]
    at: int

    def is_ahead(self, own: int) -> bool:
        """Tell the others how many are one's own; return whether another process has fewer."""
        self.counts[self.at] = own
        return own > min(self.counts)


def shares(processes: int) -> list[Share]:
    """Return the shares of so many processes; they are given to them when they start."""
    counts: MutableSequence[int] = RawArray("i", processes)
    return [Share(counts, at) for at in range(processes)]


class Acceptor:
    """Takes what comes to a *listener*, each with a *protocol* that is made for it, until closed.

    *connections* are those of this process. Where its *share* is larger than another's, the others
    may go first; what nobody takes meanwhile it takes itself, so that a process that has died, or
    is busy, keeps nobody waiting. uvicorn closes it as it would a server of asyncio.
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
        """Take nothing more."""
        self._is_open = False
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """Return once what was taken has its protocol."""
        await asyncio.gather(*self._opening)

    def _watch(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._listener, self._look)

    def _look(self) -> None:
        """Take what has come, or leave it to others for a moment."""
        own = len(self._connections) + len(self._opening)
        if self._share is None or not self._share.is_ahead(own):
            self._take()
            return
        self._loop.remove_reader(self._listener)
        self._loop.call_later(COURTESY, self._look_again)

    def _look_again(self) -> None:
        """Take what nobody else has taken."""
        if self._is_open:
            self._watch()
            self._take()

    def _take(self) -> None:
        try:
            taken, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or whoever came has gone
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
        except OSError:  # it was reset meanwhile
            taken.close()
