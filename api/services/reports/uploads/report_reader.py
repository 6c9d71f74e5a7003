"""Reader of uploaded reports: worker processes with a deadline, and limits per person."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import contextmanager
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from api.core.errors import FieldError, InvalidInput, ServiceUnavailable
from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.rate_limits.heavy_work import PersonConcurrencyLimit
from api.rate_limits.reading_budget import ReadingBudget
from api.services.reports.runner import CRASHED, INTERNAL_ERROR, TOO_LONG
from api.services.reports.uploads.reading_job import SheetProblem, read_in_worker, read_or_refuse

WAITING_SECONDS: Final = 15.0
"""How long a file waits for a worker."""
READING_SECONDS: Final = 30.0
"""How long a worker may take for a file."""
STARTING_SECONDS: Final = 10.0
"""How long a worker may take to start; all three together stay below the 60 s of a proxy."""
NICENESS: Final = 5
MAX_WAITING: Final = 8
"""Maximum number of files that wait or are read; each occupies a thread of its request."""
RETRY_SECONDS: Final = 5
TOO_MANY_MESSAGE: Final = (
    "Grader is still reading another file of yours. Wait until it has finished."
)
BUSY_MESSAGE: Final = (
    "Grader is reading many files. Nothing was stored. Try again in a few seconds."
)
STOPPING_MESSAGE: Final = "The service is stopping. Nothing was stored."

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("api.reports")


class ReportReader:
    """Reader of reports in up to *workers* processes, within the *budget* of each person.

    Without workers it reads in this process, without a deadline and a sandbox, for tests.
    """

    def __init__(
        self,
        workers: int,
        *,
        budget: ReadingBudget,
        deadline_seconds: float = READING_SECONDS,
        waiting_seconds: float = WAITING_SECONDS,
        starting_seconds: float = STARTING_SECONDS,
    ) -> None:
        self._pool: WorkerPool | None = None
        self._free_workers = threading.Semaphore(workers)
        self._waiting_seconds = waiting_seconds
        self._result_seconds = starting_seconds + deadline_seconds
        self._is_closed = False
        if workers:
            self._pool = WorkerPool(
                workers,
                deadline_seconds=deadline_seconds,
                niceness=NICENESS,
                preload=read_in_worker.__module__,
                json_results=True,  # the sandbox keeps a parser that was taken over inside
            )
        self._budget = budget
        self._limit = PersonConcurrencyLimit(1, TOO_MANY_MESSAGE, retry_after=RETRY_SECONDS)

    def read(
        self, person: UUID, data: bytes, ending: str, problems: Sequence[SheetProblem]
    ) -> list[dict[str, Any]]:
        """Return for each part its passages, as JSON data (`read_report`).

        Raises `InvalidInput` for a file that is refused, and the errors of `run`.
        """
        arguments = data, ending, tuple(problems)
        outcome = self.run(person, read_in_worker, read_or_refuse, *arguments)
        if isinstance(outcome, str):
            raise build_refused_report_error(outcome)
        return outcome

    def run(
        self,
        person: UUID,
        job: Callable[P, T],
        job_without_workers: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | str:
        """Return the result of a *job* on a file of *person* in a worker, or why there is none.

        The job must enter the sandbox; *job_without_workers* does the same in this process. Raises
        `RateLimited` if a file of *person* is being read or their budget is spent, and
        `ServiceUnavailable` if too many are being read, no worker is free in time, or the service
        stops.
        """
        self._budget.check(person)
        if len(self._limit) >= MAX_WAITING:
            raise ServiceUnavailable(BUSY_MESSAGE, retry_after=RETRY_SECONDS)
        with self._limit.acquire(person):
            if self._pool is None:
                with self._budget.measure(person):
                    return job_without_workers(*args, **kwargs)
            with self._wait_for_worker(), self._budget.measure(person):
                try:
                    future = self._pool.submit(job, *args, **kwargs)
                    return future.result(timeout=self._result_seconds)
                except DeadlineExceeded:
                    return TOO_LONG
                except TimeoutError:  # the worker has not started in time
                    future.cancel()
                    raise ServiceUnavailable(BUSY_MESSAGE, retry_after=RETRY_SECONDS) from None
                except (CancelledError, BrokenExecutor) as error:
                    self._check_open()
                    log.warning("a file crashed its reader: %s", error)
                    return CRASHED
                except Exception:  # a fault of Grader, or a result of a worker that was taken over
                    log.exception("reading a file failed")
                    return INTERNAL_ERROR

    @contextmanager
    def _wait_for_worker(self) -> Iterator[None]:
        """Hold a worker until the block ends; raise `ServiceUnavailable` if none is free."""
        if not self._free_workers.acquire(timeout=self._waiting_seconds):
            raise ServiceUnavailable(BUSY_MESSAGE, retry_after=RETRY_SECONDS)
        try:
            self._check_open()
            yield
        finally:
            self._free_workers.release()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ServiceUnavailable(STOPPING_MESSAGE, retry_after=RETRY_SECONDS)

    def close(self) -> None:
        """Kill the workers. Files that wait or are read get an error, and nothing is stored."""
        self._is_closed = True
        self._free_workers.release(MAX_WAITING)
        if self._pool is not None:
            self._pool.kill()


def build_refused_report_error(reason: str) -> InvalidInput:
    """Return the error of a file that is refused, with the *reason* and what to do."""
    return InvalidInput(
        f"The report was not read: {reason}.",
        code="report_unreadable",
        errors=(FieldError("file", reason),),
    )
