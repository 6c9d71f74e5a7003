"""Reader of uploaded reports: worker processes with a deadline, and limits per person."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from api.core.errors import FieldError, InvalidInput, ServiceUnavailable
from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.rate_limits.heavy_work import PersonConcurrencyLimit
from api.services.reports.runner import CRASHED, TOO_LONG
from api.services.reports.uploads.reading_job import SheetProblem, read_in_worker, read_or_refuse

READING_SECONDS: Final = 30.0
"""How long an uploaded report may take."""
NICENESS: Final = 5
MAX_WAITING: Final = 8
"""Maximum number of requests that wait for a reading; each occupies a thread."""
RETRY_SECONDS: Final = 5
TOO_MANY_MESSAGE: Final = "One of your files is being read. Wait until it is finished."
BUSY_MESSAGE: Final = "Many files are being read. Nothing was stored. Send it again in a moment."
STOPPING_MESSAGE: Final = "The service is stopping. Nothing was stored."

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("api.reports")


class ReportReader:
    """Reader of reports in up to *workers* processes.

    Without workers it reads in this process, without a deadline and a sandbox, for tests.
    """

    def __init__(self, workers: int, *, deadline_seconds: float = READING_SECONDS) -> None:
        self._pool: WorkerPool | None = None
        if workers:
            self._pool = WorkerPool(
                workers,
                deadline_seconds=deadline_seconds,
                niceness=NICENESS,
                preload=read_in_worker.__module__,
                json_results=True,  # the sandbox keeps a parser that was taken over inside
            )
        self._limit = PersonConcurrencyLimit(1, TOO_MANY_MESSAGE, retry_after=RETRY_SECONDS)

    def read(
        self, person: UUID, data: bytes, ending: str, problems: Sequence[SheetProblem]
    ) -> list[dict[str, Any]]:
        """Return for each part its passages, as JSON data (`read_report`).

        Raises `InvalidInput` for a file that is refused, `RateLimited` if a report of *person* is
        being read, and `ServiceUnavailable` if too many are or the service stops.
        """
        arguments = data, ending, tuple(problems)
        outcome = self.run(person, read_in_worker, read_or_refuse, *arguments)
        if isinstance(outcome, str):
            raise build_refusal(outcome)
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
        `RateLimited` if a file of *person* is being read, and `ServiceUnavailable` if too many are
        or the service stops.
        """
        if len(self._limit) >= MAX_WAITING:
            raise ServiceUnavailable(BUSY_MESSAGE, retry_after=RETRY_SECONDS)
        with self._limit.acquire(person):
            if self._pool is None:
                return job_without_workers(*args, **kwargs)
            try:
                return self._pool.submit(job, *args, **kwargs).result()
            except DeadlineExceeded:
                return TOO_LONG
            except CancelledError:
                raise ServiceUnavailable(STOPPING_MESSAGE, retry_after=RETRY_SECONDS) from None
            except BrokenExecutor as error:
                log.warning("a file ended its reader: %s", error)
                return CRASHED

    def close(self) -> None:
        """Kill the workers. Their current jobs fail and store nothing."""
        if self._pool is not None:
            self._pool.kill()


def build_refusal(reason: str) -> InvalidInput:
    """Return the error of a file that is refused, with the *reason* and what to do."""
    return InvalidInput(
        f"The report was not read: {reason}.",
        code="report_unreadable",
        errors=(FieldError("file", reason),),
    )
