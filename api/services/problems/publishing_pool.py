"""Pool of worker processes that publish and check problems, with a deadline and request limits."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from api.core.errors import FieldError, InvalidInput, RateLimited, ServiceUnavailable
from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.markup.tex import TexUnavailableError
from api.services.problems.problem_errors import DEFAULT_FILE_NAME
from api.services.problems.publishing import ProblemSource, PublishOutcome, publish_problem_source
from api.services.problems.student_preview import PreviewOutcome, preview_problem_text

MAX_REQUESTS_PER_USER: Final = 2
"""Maximum number of concurrent requests of one user to publish or check, per process."""
MAX_REQUESTS: Final = 8
"""Maximum number of such requests of all users.

Each occupies a thread, of which a process has forty for all requests.
"""
MAX_TRIES: Final = 2
NICENESS: Final = 10
RETRY_SECONDS: Final = 10
TOO_MANY: Final = (
    f"You have {MAX_REQUESTS_PER_USER} checks or uploads of problems in progress. "
    "Wait until one has finished."
)
BUSY: Final = "Too many problems are being checked. Nothing was stored. Send it again in a moment."
NO_WORKER: Final = "The problem cannot be computed at the moment. Send it again in a moment."
TOO_SLOW: Final = (
    "takes longer than {seconds:g} s to compute and was stopped; use smaller numbers or tensors, "
    "fewer parts or a simpler key, or split it into several problems"
)

PREVIEWED_PROBLEM: Final = "The problem"
"""Name of a file in errors of its preview: its id may not be readable yet."""
Outcome = TypeVar("Outcome")

log = logging.getLogger("api.publishing")


class Publisher(Protocol):
    """Function that publishes a problem with *seeds* seeds.

    Raises `InvalidInput` with ``problem_too_slow`` if it takes too long.
    """

    def __call__(self, source: ProblemSource, *, seeds: int) -> PublishOutcome:
        """Return the outcome of publishing *source*."""
        ...


class PublishingPool:
    """Pool that publishes problems in up to *workers* processes, with a deadline per problem.

    Without workers it runs in this process and without a deadline, for tests.
    """

    def __init__(self, workers: int, *, deadline_seconds: float) -> None:
        self._pool: WorkerPool | None = None
        if workers:
            self._pool = WorkerPool(
                workers,
                deadline_seconds=deadline_seconds,
                niceness=NICENESS,
                preload=publish_problem_source.__module__,
            )
        self._running: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def reserve(self, user: UUID) -> Iterator[Publisher]:
        """Yield the publish function for a request of *user*.

        Raises `RateLimited` if the user has too many such requests in progress,
        `ServiceUnavailable` if all users together do.
        """
        with self._reserve_request_slot(user):
            yield self.publish

    @contextmanager
    def reserve_preview(self, user: UUID) -> Iterator[Callable[[str], PreviewOutcome]]:
        """Yield the preview function for a request of *user*, under the limits of `reserve`."""
        with self._reserve_request_slot(user):
            yield self.preview

    @contextmanager
    def _reserve_request_slot(self, user: UUID) -> Iterator[None]:
        with self._lock:
            if self._running[user] >= MAX_REQUESTS_PER_USER:
                raise RateLimited(TOO_MANY, retry_after=RETRY_SECONDS)
            if self._running.total() >= MAX_REQUESTS:
                raise ServiceUnavailable(BUSY, retry_after=RETRY_SECONDS)
            self._running[user] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[user] -= 1
                if not self._running[user]:
                    del self._running[user]

    def publish(self, source: ProblemSource, *, seeds: int) -> PublishOutcome:
        """Return the outcome of publishing *source*; retries once if a worker dies.

        Raises `InvalidInput` with ``problem_too_slow`` if it misses the deadline, and
        `ServiceUnavailable` if the second worker dies too or the service stops.
        """
        return self._run(source.id, publish_problem_source, source, seeds=seeds)

    def preview(self, text: str) -> PreviewOutcome:
        """Return the preview of the file *text*, with the deadline and the errors of `publish`."""
        return self._run(PREVIEWED_PROBLEM, preview_problem_text, text)

    def _run(self, problem: str, job: Callable[..., Outcome], *args: Any, **kwargs: Any) -> Outcome:
        if self._pool is None:
            return job(*args, **kwargs)
        for _ in range(MAX_TRIES):
            try:
                return self._pool.submit(job, *args, **kwargs).result()
            except DeadlineExceeded as error:
                raise _too_slow_error(problem, error.seconds) from error
            except CancelledError:  # the service stops
                break
            except (BrokenExecutor, TexUnavailableError) as error:
                log.warning("publishing failed: %s", error)
        raise ServiceUnavailable(NO_WORKER, retry_after=RETRY_SECONDS)

    def close(self) -> None:
        """Kill the workers; their current jobs fail, and nothing of them is stored."""
        if self._pool is not None:
            self._pool.kill()


def _too_slow_error(problem: str, seconds: float) -> InvalidInput:
    message = TOO_SLOW.format(seconds=seconds)
    file = DEFAULT_FILE_NAME if problem == PREVIEWED_PROBLEM else f"{problem}.yaml"
    field = FieldError("", message, file)
    return InvalidInput(f"{problem} {message}.", code="problem_too_slow", errors=(field,))
