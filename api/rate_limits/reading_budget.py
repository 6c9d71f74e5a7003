"""Reading budget: how many seconds the readers of uploaded files may work for one person.

Files are read by few processes, and each file may take half a minute. Without a budget, a few
people who upload slow files in turn would keep the readers from everybody else.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from api.core.errors import RateLimited
from api.rate_limits.leaky_bucket import LeakyBucketLimiter, RateLimit

READING_SECONDS_PER_HOUR: Final = 120
MILLISECONDS: Final = 1000
HOUR_SECONDS: Final = 60 * 60
MINUTE_SECONDS: Final = 60
READING_RATE: Final = RateLimit(READING_SECONDS_PER_HOUR * MILLISECONDS, HOUR_SECONDS)
"""Rate of the limiter, which counts milliseconds."""
MIN_EXCHANGED_MILLISECONDS: Final = MILLISECONDS
"""Usage of a person that a process does not share; an image takes less."""


class ReadingBudget:
    """Reading budget of each person, counted in milliseconds by a *limiter* of `READING_RATE`."""

    def __init__(self, limiter: LeakyBucketLimiter) -> None:
        self._limiter = limiter

    def check(self, person: UUID) -> None:
        """Raise `RateLimited`, with the seconds to wait, if the budget of *person* is spent."""
        wait = self._limiter.wait_seconds(str(person))
        if wait:
            seconds = math.ceil(wait)
            raise RateLimited(
                f"Your files took Grader {READING_SECONDS_PER_HOUR} s to read within an hour, "
                "which is the limit per person. Nothing was stored. Upload a file in "
                f"{math.ceil(seconds / MINUTE_SECONDS)} min, or type your answers.",
                retry_after=seconds,
            )

    @contextmanager
    def measure(self, person: UUID) -> Iterator[None]:
        """Count the duration of the block for *person*."""
        began = time.monotonic()
        try:
            yield
        finally:
            milliseconds = round((time.monotonic() - began) * MILLISECONDS)
            self._limiter.add(str(person), milliseconds)
