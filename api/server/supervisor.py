"""Supervisor of the processes at one address: starts, replaces and stops them."""

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from api.core.process_lifecycle import end_with_parent
from api.server.uvicorn_server import GRACE, end_quietly

__all__ = ["MORE_THAN_GRACE", "SERVER", "Post", "Supervisor"]

Work = Callable[..., None]
"""What a child does: it is given a function to call once it is up, and its arguments."""

SERVER: Final = "server"
"""The name of the posts that serve: the service is up once one of them is."""
GLANCE: Final = 0.2
"""How often, in seconds, it is looked whether a child has ended or a signal has come."""
MORE_THAN_GRACE: Final = GRACE + 10
"""After how many seconds of a stop a child that is still there is killed."""
LONGEST_PAUSE: Final = 30.0

log = logging.getLogger("api.supervisor")


@dataclass(slots=True)
class Post:
    """Supervised process slot: its work, and the process that does it now."""

    name: str
    work: Work
    arguments: tuple[Any, ...]
    process: SpawnProcess | None = None
    ready: Connection | None = None
    failures: int = 0
    not_before: float = 0.0
    is_up: bool = field(default=False)

    def start(self) -> None:
        """Start a new process in this slot."""
        context = multiprocessing.get_context("spawn")
        self.ready, told = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_child, args=(told, self.work, self.arguments), name=self.name
        )
        self.process.start()
        told.close()
        self.is_up = False

    def hear(self) -> bool:
        """Return whether the process became ready since the last call."""
        if self.is_up or self.ready is None or not self.ready.poll():
            return False
        try:
            self.is_up = bool(self.ready.recv())
        except EOFError:
            return False
        self.failures = 0
        return self.is_up

    def fell_empty(self) -> bool:
        """Return whether the process has exited, and schedule its replacement.

        The pause grows with each process that exits before it is ready, up to 30 s.
        """
        if self.process is None or self.process.exitcode is None:
            return False
        if not self.is_up:
            self.failures += 1
        self.not_before = time.monotonic() + min(2.0**self.failures - 1, LONGEST_PAUSE)
        self.process.join()
        self.process, self.is_up = None, False
        return True


class Supervisor:
    """Keeps a process in each slot of *posts* until this process is stopped.

    *on_up* is called when the first server is ready. *on_end* gets the id of each process that has
    exited. *on_stop* is called before the processes get SIGTERM.
    """

    def __init__(
        self,
        posts: Iterable[Post],
        *,
        on_up: Callable[[], None],
        on_end: Callable[[int], None] = lambda _pid: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._posts = list(posts)
        self._on_up, self._on_end, self._on_stop = on_up, on_end, on_stop
        self._was_up = False
        self._signals = 0

    def run(self) -> int:
        """Run until all processes have exited; return the exit code, 1 if no server could start."""
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._told)
        for post in self._posts:
            post.start()
        while not self._signals and self._watch():
            wait([one.process.sentinel for one in self._posts if one.process], timeout=GLANCE)
        self._stop()
        return 0 if self._was_up or self._signals else 1

    def _told(self, *_: object) -> None:
        self._signals += 1

    def _watch(self) -> bool:
        """Check every slot once; return False if a process exits before any server was ready."""
        for post in self._posts:
            # A worker alone does not make the service reachable.
            if post.hear() and post.name == SERVER and not self._was_up:
                self._was_up = True
                self._on_up()
            pid = post.process.pid if post.process else None
            if post.fell_empty():
                self._on_end(pid or 0)
                if not self._was_up:
                    return False
                log.error("%s, process %s, ended; another takes its place", post.name, pid)
            if post.process is None and time.monotonic() >= post.not_before:
                post.start()
        return True

    def _stop(self) -> None:
        """Stop the processes; kill them after a timeout or at a second signal."""
        asked = self._signals
        self._on_stop()
        for process in self._running():
            process.terminate()
        until = time.monotonic() + MORE_THAN_GRACE
        while self._running() and self._signals <= asked and time.monotonic() < until:
            wait([process.sentinel for process in self._running()], timeout=GLANCE)
        for process in self._running():
            log.error("%s, process %s, does not end and is killed", process.name, process.pid)
            process.kill()
            process.join()

    def _running(self) -> list[SpawnProcess]:
        return [one.process for one in self._posts if one.process and one.process.is_alive()]


def _child(told: Connection, work: Work, arguments: tuple[Any, ...]) -> None:
    """Entry point of a process: ignores Ctrl-C, which the parent receives too and passes on."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_quietly()
    work(lambda: told.send("up"), *arguments)
