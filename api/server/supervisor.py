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
from api.server.uvicorn_server import SHUTDOWN_GRACE_SECONDS, exit_cleanly_on_sigterm

ChildWork = Callable[..., None]
"""Work of a child process; takes a function that reports readiness, and arguments."""

SERVER_SLOT: Final = "server"
"""Name of the slots that serve; the service is up once one of them is ready."""
POLL_SECONDS: Final = 0.2
"""Seconds between two checks for exited children and signals."""
KILL_AFTER_SECONDS: Final = SHUTDOWN_GRACE_SECONDS + 10
"""Seconds after the start of a shutdown at which remaining children are killed."""
MAX_BACKOFF_SECONDS: Final = 30.0

log = logging.getLogger("api.supervisor")


@dataclass(slots=True)
class ProcessSlot:
    """Supervised process slot: its work, and the process that does it now."""

    name: str
    work: ChildWork
    arguments: tuple[Any, ...]
    process: SpawnProcess | None = None
    ready_pipe: Connection | None = None
    failures: int = 0
    restart_after: float = 0.0
    is_ready: bool = field(default=False)

    def start(self) -> None:
        """Start a new process in this slot."""
        context = multiprocessing.get_context("spawn")
        self.ready_pipe, sender = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_run_child, args=(sender, self.work, self.arguments), name=self.name
        )
        self.process.start()
        sender.close()
        self.is_ready = False

    def poll_ready(self) -> bool:
        """Return whether the process became ready since the last call."""
        if self.is_ready or self.ready_pipe is None or not self.ready_pipe.poll():
            return False
        try:
            self.is_ready = bool(self.ready_pipe.recv())
        except EOFError:
            return False
        self.failures = 0
        return self.is_ready

    def reap_if_exited(self) -> bool:
        """Return whether the process has exited, and schedule its replacement.

        The pause grows with each process that exits before it is ready, up to 30 s.
        """
        if self.process is None or self.process.exitcode is None:
            return False
        if not self.is_ready:
            self.failures += 1
        self.restart_after = time.monotonic() + min(2.0**self.failures - 1, MAX_BACKOFF_SECONDS)
        self.process.join()
        self.process, self.is_ready = None, False
        return True


class Supervisor:
    """Keeps a process in each slot of *slots* until this process is stopped.

    *on_ready* is called when the first server is ready. *on_end* gets the id of each process that
    has exited. *on_stop* is called before the processes get SIGTERM.
    """

    def __init__(
        self,
        slots: Iterable[ProcessSlot],
        *,
        on_ready: Callable[[], None],
        on_end: Callable[[int], None] = lambda _pid: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._slots = list(slots)
        self._on_ready, self._on_end, self._on_stop = on_ready, on_end, on_stop
        self._was_ready = False
        self._signals = 0

    def run(self) -> int:
        """Run until all processes have exited; return the exit code, 1 if no server could start."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._count_signal)
        for slot in self._slots:
            slot.start()
        while not self._signals and self._poll_and_restart_slots():
            wait(
                [slot.process.sentinel for slot in self._slots if slot.process],
                timeout=POLL_SECONDS,
            )
        self._stop_processes()
        return 0 if self._was_ready or self._signals else 1

    def _count_signal(self, *_: object) -> None:
        self._signals += 1

    def _poll_and_restart_slots(self) -> bool:
        """Check every slot once; return False if a process exits before any server was ready."""
        for slot in self._slots:
            # A worker alone does not make the service reachable.
            if slot.poll_ready() and slot.name == SERVER_SLOT and not self._was_ready:
                self._was_ready = True
                self._on_ready()
            pid = slot.process.pid if slot.process else None
            if slot.reap_if_exited():
                self._on_end(pid or 0)
                if not self._was_ready:
                    return False
                log.error("%s, process %s, ended and is replaced", slot.name, pid)
            if slot.process is None and time.monotonic() >= slot.restart_after:
                slot.start()
        return True

    def _stop_processes(self) -> None:
        """Stop the processes; kill them after a timeout or at a second signal."""
        signals_before = self._signals
        self._on_stop()
        for process in self._list_running():
            process.terminate()
        until = time.monotonic() + KILL_AFTER_SECONDS
        while self._list_running() and self._signals <= signals_before and time.monotonic() < until:
            wait([process.sentinel for process in self._list_running()], timeout=POLL_SECONDS)
        for process in self._list_running():
            log.error("%s, process %s, does not stop and is killed", process.name, process.pid)
            process.kill()
            process.join()

    def _list_running(self) -> list[SpawnProcess]:
        return [slot.process for slot in self._slots if slot.process and slot.process.is_alive()]


def _run_child(sender: Connection, work: ChildWork, arguments: tuple[Any, ...]) -> None:
    """Entry point of a process: ignores Ctrl-C, which the parent receives too and passes on."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    exit_cleanly_on_sigterm()
    work(lambda: sender.send("up"), *arguments)
