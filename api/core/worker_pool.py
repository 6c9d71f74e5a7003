"""Pool of worker processes whose jobs have a deadline.

`ProcessPoolExecutor` cannot end a call that does not return, and drops all other calls when one
worker dies. Here a worker runs one job at a time: a worker that misses the deadline is killed and
replaced, and no other job is lost.
"""

import importlib
import json
import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from traceback import format_exception
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from api.core.process_lifecycle import initialize_worker, kill_self_after

P = ParamSpec("P")
T = TypeVar("T")
STOPPED_MESSAGE: Final = "the worker pool was stopped"
START_SECONDS: Final = 60.0
MAX_JSON_BYTES: Final = 64 * 1024**2
"""Maximum size of a result that arrives as JSON; a worker that sends more is replaced."""
EXTRA_SECONDS: Final = 5.0
"""How long after the parent's deadline a worker's own alarm ends it."""


class DeadlineExceeded(Exception):  # noqa: N818  # gRPC's name for it
    """A job missed its deadline, and its worker was killed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it took longer than {seconds:g} seconds")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _WorkerStart:
    """How a worker starts, and whether its results are JSON."""

    preload: str
    niceness: int
    json_results: bool


@dataclass(frozen=True, slots=True)
class _PendingCall:
    """Pending call, with the future that receives its outcome."""

    future: Future[Any]
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class _CallOutcome(NamedTuple):
    """Outcome of a call: its result as the *value*, or its error."""

    has_result: bool
    value: Any


class WorkerPool(Executor):
    """Executor of jobs in up to *workers* processes, each for at most *deadline_seconds*.

    A future fails with `DeadlineExceeded` if its job missed the deadline, and with `BrokenExecutor`
    if its worker died; the next job gets a new worker. Workers start on demand, run at a priority
    *niceness* lower than this process, and die with it. A worker imports the module *preload*
    before its first job; the deadline starts after the import.

    With *json_results* the results are JSON data and arrive as JSON. Unpickling runs code, so that
    a worker that hostile input took over could take over this process too. An error of a job then
    arrives as a `RuntimeError` with its text.
    """

    def __init__(
        self,
        workers: int,
        *,
        deadline_seconds: float,
        niceness: int = 0,
        preload: str = "",
        json_results: bool = False,
    ) -> None:
        self._size, self._is_closed = workers, False
        self._deadline = deadline_seconds
        self._start = _WorkerStart(preload, niceness, json_results)
        self._jobs: SimpleQueue[_PendingCall | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._workers: list[_WorkerThread] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Schedule a call and return its future; *fn* must be importable from a module.

        Raises `BrokenExecutor` if the pool is shut down.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._is_closed:
                raise BrokenExecutor(STOPPED_MESSAGE)
            self._jobs.put(_PendingCall(future, (fn, args, kwargs)))
            if not self._idle.acquire(blocking=False) and len(self._workers) < self._size:
                worker = _WorkerThread(self._jobs, self._idle, self._deadline, self._start)
                self._workers.append(worker)
                worker.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base has it
        """Accept no more jobs; workers end once the queue is empty.

        *cancel_futures* cancels the queued jobs instead of running them.
        """
        with self._lock:
            self._is_closed = True
            if cancel_futures:
                self._cancel_queued()
            for _ in self._workers:
                self._jobs.put(None)
        for worker in self._workers if wait else ():
            worker.join()

    def kill(self) -> None:
        """Accept no more jobs and kill all workers at once; their current jobs fail."""
        self.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.join()

    def _cancel_queued(self) -> None:
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    job.future.cancel()


class _WorkerThread(threading.Thread):
    """Thread that feeds jobs to one worker process.

    The thread starts the process itself, because the kernel kills a process with the thread that
    started it.
    """

    def __init__(
        self,
        jobs: "SimpleQueue[_PendingCall | None]",
        idle: threading.Semaphore,
        deadline: float,
        start: _WorkerStart,
    ) -> None:
        super().__init__(name="worker pool", daemon=True)
        self._jobs, self._idle = jobs, idle
        self._deadline, self._start = deadline, start
        self._lock = threading.Lock()
        self._is_killed = False
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def run(self) -> None:
        """Run jobs from the queue until a None arrives."""
        while (job := self._jobs.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                self._run_job(job)
            del job  # free the result before waiting for the next job
            self._idle.release()
        self._stop_process()

    def kill(self) -> None:
        """Kill the process, and never start another."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    def _run_job(self, job: _PendingCall) -> None:
        try:
            has_result, value = self._run_in_process(job)
        except (EOFError, OSError):
            self._stop_process(kill=True)
            message = STOPPED_MESSAGE if self._is_killed else "the worker process died"
            job.future.set_exception(BrokenExecutor(message))
        except Exception as error:  # also an argument that cannot be pickled
            job.future.set_exception(error)
        else:
            if has_result:
                job.future.set_result(value)
            else:
                job.future.set_exception(value)

    def _run_in_process(self, job: _PendingCall) -> _CallOutcome:
        """Run the job in the process.

        Raises `DeadlineExceeded` after killing a process that missed the deadline.
        """
        connection = self._connect()
        connection.send((self._deadline, job.call))
        if not connection.poll(self._deadline):
            self._stop_process(kill=True)
            raise DeadlineExceeded(self._deadline)
        if not self._start.json_results:
            return _CallOutcome(*connection.recv())
        has_result, value = json.loads(connection.recv_bytes(MAX_JSON_BYTES))
        return _CallOutcome(bool(has_result), value if has_result else RuntimeError(value))

    def _connect(self) -> Connection:
        """Return the connection to the process, starting the process if necessary."""
        with self._lock:
            if self._is_killed:
                raise EOFError
            if self._connection is not None:
                return self._connection
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve_calls, args=(theirs, self._start), daemon=True
            )
            self._process.start()
            theirs.close()
            started = self._connection
        if not started.poll(START_SECONDS):
            raise EOFError
        started.recv()
        return started

    def _stop_process(self, *, kill: bool = False) -> None:
        """Close the connection, which makes the process exit, and wait for it."""
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


def _serve_calls(connection: Connection, start: _WorkerStart) -> None:
    """Run the calls that arrive over *connection*, one at a time, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends this
    initialize_worker(start.niceness)
    if start.preload:
        importlib.import_module(start.preload)
    send = partial(_send_json, connection) if start.json_results else connection.send
    with suppress(EOFError, OSError):
        connection.send("ready")
        while True:
            outcome = _receive_and_run_call(connection)
            try:
                send(outcome)
            except OSError:
                raise
            except Exception as error:  # the result cannot be pickled, or is not JSON
                error = RuntimeError(f"the result cannot be sent back: {error}")
                send(_CallOutcome(has_result=False, value=error))


def _send_json(connection: Connection, outcome: _CallOutcome) -> None:
    has_result, value = outcome
    data = value if has_result else "".join([str(value), *getattr(value, "__notes__", ())])
    connection.send_bytes(json.dumps((has_result, data)).encode())


def _receive_and_run_call(connection: Connection) -> _CallOutcome:
    """Receive and run the next call."""
    try:
        seconds, (function, args, kwargs) = connection.recv()
    except (EOFError, OSError):
        raise
    except Exception as error:  # the function's module cannot be imported
        return _CallOutcome(has_result=False, value=error)
    try:
        with kill_self_after(seconds + EXTRA_SECONDS):
            return _CallOutcome(has_result=True, value=function(*args, **kwargs))
    except Exception as error:
        error.add_note("".join(format_exception(error)))
        return _CallOutcome(has_result=False, value=error)
