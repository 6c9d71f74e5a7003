"""Pool of worker processes whose jobs have a deadline.

`ProcessPoolExecutor` cannot end a call that does not return, and gives up every other call when one
worker dies. Here a worker runs one job at a time: one that misses the deadline is killed and
replaced, and no other job is lost.
"""

import importlib
import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from traceback import format_exception
from typing import Any, Final, ParamSpec, TypeVar

from api.core.process_lifecycle import killed_after, work_quietly

__all__ = ["DeadlineExceeded", "WorkerPool"]

P = ParamSpec("P")
T = TypeVar("T")
STOPPED: Final = "the worker pool was stopped"
START_SECONDS: Final = 60.0
EXTRA_SECONDS: Final = 5.0
"""How much later than its parent would kill it a worker is ended by its own alarm."""


class DeadlineExceeded(Exception):  # noqa: N818  # gRPC's name for it
    """A job took longer than its deadline, and its worker was killed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it took longer than {seconds:g} seconds")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Job:
    """A call to be made, and the future that gets its outcome."""

    future: Future[Any]
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class WorkerPool(Executor):
    """Runs jobs in up to *workers* processes, each job for at most *deadline_seconds*.

    A future fails with `DeadlineExceeded` where its job missed the deadline, and with
    `BrokenExecutor` where its worker died; the next job gets a new worker. Workers are started when
    they are needed, run *niceness* below this process, and die with it. A worker loads the module
    *preload* before its first job, whose deadline begins after that.
    """

    def __init__(
        self, workers: int, *, deadline_seconds: float, niceness: int = 0, preload: str = ""
    ) -> None:
        self._size, self._is_closed = workers, False
        self._deadline, self._start = deadline_seconds, (preload, niceness)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._workers: list[_Worker] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of a call of a function that a module defines."""
        future: Future[T] = Future()
        with self._lock:
            if self._is_closed:
                raise BrokenExecutor(STOPPED)
            self._jobs.put(_Job(future, (fn, args, kwargs)))
            if not self._idle.acquire(blocking=False) and len(self._workers) < self._size:
                worker = _Worker(self._jobs, self._idle, self._deadline, self._start)
                self._workers.append(worker)
                worker.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base has it
        """Take no more jobs; end each worker after what it is doing, and after what waits."""
        with self._lock:
            self._is_closed = True
            if cancel_futures:
                self._cancel_waiting()
            for _ in self._workers:
                self._jobs.put(None)
        for worker in self._workers if wait else ():
            worker.join()

    def kill(self) -> None:
        """Take no more jobs and end all workers now: what they are doing fails."""
        self.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.join()

    def _cancel_waiting(self) -> None:
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    job.future.cancel()


class _Worker(threading.Thread):
    """Thread that gives jobs to one process.

    It starts the process itself: the kernel kills a process with the thread that started it.
    """

    def __init__(
        self,
        jobs: "SimpleQueue[_Job | None]",
        idle: threading.Semaphore,
        deadline: float,
        start: tuple[str, int],
    ) -> None:
        super().__init__(name="worker pool", daemon=True)
        self._jobs, self._idle = jobs, idle
        self._deadline, self._start = deadline, start
        self._lock = threading.Lock()
        self._is_killed = False
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def run(self) -> None:
        """Do one job after the other until there is a None."""
        while (job := self._jobs.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                self._do(job)
            del job  # its outcome is not held until the next one comes
            self._idle.release()
        self._end()

    def kill(self) -> None:
        """End the process now, and start none again."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    def _do(self, job: _Job) -> None:
        try:
            has_result, outcome = self._called(job)
        except (EOFError, OSError):
            self._end(kill=True)
            said = STOPPED if self._is_killed else "the worker process died"
            job.future.set_exception(BrokenExecutor(said))
        except Exception as error:  # what cannot be pickled, too
            job.future.set_exception(error)
        else:
            if has_result:
                job.future.set_result(outcome)
            else:
                job.future.set_exception(outcome)

    def _called(self, job: _Job) -> tuple[bool, Any]:
        """Return what the process sends back: whether it is a result, and that or the error."""
        connection = self._connected()
        connection.send((self._deadline, job.call))
        if not connection.poll(self._deadline):
            self._end(kill=True)
            raise DeadlineExceeded(self._deadline)
        has_result, outcome = connection.recv()
        return bool(has_result), outcome

    def _connected(self) -> Connection:
        """Return the connection to the process, which is started where there is none."""
        with self._lock:
            if self._is_killed:
                raise EOFError
            if self._connection is not None:
                return self._connection
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_work, args=(theirs, *self._start), daemon=True)
            self._process.start()
            theirs.close()
            started = self._connection
        if not started.poll(START_SECONDS):
            raise EOFError
        started.recv()
        return started

    def _end(self, *, kill: bool = False) -> None:
        """End the process: with its connection it has nothing more to do."""
        with self._lock:
            process, connection = self._process, self._connection
            self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None and process.pid is not None:
            if kill:
                process.kill()
            process.join()
            process.close()


def _work(connection: Connection, preload: str, niceness: int) -> None:
    """Make the calls that come over *connection*, one at a time, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent, which ends this
    work_quietly(niceness)
    if preload:
        importlib.import_module(preload)
    with suppress(EOFError, OSError):
        connection.send("ready")
        while True:
            outcome = _made(connection)
            try:
                connection.send(outcome)
            except OSError:
                raise
            except Exception as error:  # it cannot be pickled
                connection.send((False, RuntimeError(f"the result cannot be sent back: {error}")))


def _made(connection: Connection) -> tuple[bool, Any]:
    """Return what comes of the next call: true and its result, or false and its error."""
    try:
        seconds, (function, args, kwargs) = connection.recv()
    except (EOFError, OSError):
        raise
    except Exception as error:  # a module that it names cannot be loaded
        return False, error
    try:
        with killed_after(seconds + EXTRA_SECONDS):
            return True, function(*args, **kwargs)
    except Exception as error:
        error.add_note("".join(format_exception(error)))
        return False, error
