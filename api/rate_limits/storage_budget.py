"""Storage budget: how many bytes one person's submissions, drafts and reports may add in a day.

A submission is counted once it is stored, by the text of its rows, a draft by its growth, and a
report by its reading; documents have a budget of their own. The count is a level that decays by one
budget a day; while it is at or over the budget, nothing more is stored. It is kept in memory and
exchanged between processes like the rate limits (`api.rate_limits.distributed`), so that a check
needs no query.
"""

import math
from typing import Final
from uuid import UUID

from api.core.errors import RateLimited
from api.rate_limits.leaky_bucket import LeakyBucketLimiter, RateLimit

MEBIBYTE: Final = 1024 * 1024
DAY_SECONDS: Final = 24 * 60 * 60
MINUTE_SECONDS: Final = 60
MIN_EXCHANGED_BYTES: Final = 64 * 1024
"""Bytes that a process may store for a person before it shares the amount.

Few people in a class reach it.
"""


def daily_rate(mebibytes: int) -> RateLimit:
    """Return the rate of a budget of *mebibytes* a day, in bytes."""
    return RateLimit(mebibytes * MEBIBYTE, DAY_SECONDS)


def utf8_size(text: str | None) -> int:
    """Return the size of *text* in UTF-8, 0 for none."""
    if not text:
        return 0
    return len(text) if text.isascii() else len(text.encode())


class StorageBudget:
    """Storage budget of each person, counted in bytes by a *limiter*."""

    def __init__(self, limiter: LeakyBucketLimiter) -> None:
        self._limiter = limiter

    def is_spent(self, person: UUID) -> bool:
        """Tell whether the budget of *person* is spent."""
        return self._limiter.wait_seconds(str(person)) > 0

    def check(self, person: UUID) -> None:
        """Raise `RateLimited`, with the seconds to wait, if the budget of *person* is spent."""
        wait = self._limiter.wait_seconds(str(person))
        if wait:
            seconds = math.ceil(wait)
            mebibytes = self._limiter.rate.events // MEBIBYTE
            raise RateLimited(
                f"You have stored {mebibytes} MiB of answers, drafts and readings of reports "
                "within a day, which is the limit per person. Nothing was stored. Send shorter "
                "answers in "
                f"{math.ceil(seconds / MINUTE_SECONDS)} min.",
                code="storage_budget",
                retry_after=seconds,
            )

    def add(self, person: UUID, size_bytes: int) -> None:
        """Count *size_bytes* stored for *person*."""
        self._limiter.add(str(person), size_bytes)
