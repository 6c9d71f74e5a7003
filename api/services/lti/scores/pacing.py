"""Send rate and pauses of each platform; `delivery.py` decides when a failed score is retried."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

RATE_SHARE: Final = 0.95
"""Share of the highest rate that is used, so that jitter does not exceed the platform's limit."""
MAX_ARREARS_SECONDS: Final = 1.0
"""Delay that faster sending makes up for; a longer one is lost."""
MIN_GAP_SHARE: Final = 0.5
"""Smallest gap between two scores, as a share of the usual one."""
SLOWDOWN: Final = 0.9
"""Factor of the rate after the platform asked to wait."""
RECOVERY_STEPS: Final = 1000
"""Accepted scores after which a rate of zero would be back at the highest."""
MIN_RATE_SHARE: Final = 0.02
RESERVED_THREADS: Final = 2
"""Threads that a platform leaves to the others: one that hangs may take one of them."""


class PlatformPauses:
    """Pauses of platforms that are down or ask to wait, so that they do not delay the others."""

    def __init__(self) -> None:
        self._until: dict[UUID, datetime] = {}

    def pause_until(self, platform_id: UUID, until: datetime) -> None:
        """Send a platform nothing before *until*."""
        self._until[platform_id] = until

    def list_paused(self, now: datetime) -> Collection[UUID]:
        """Return the platforms that are sent nothing now."""
        pauses = dict(self._until)  # other threads add some
        return [platform_id for platform_id, until in pauses.items() if until > now]

    def find_next_end(self, now: datetime) -> datetime | None:
        """Return when the first pause ends; None without any."""
        return min((until for until in dict(self._until).values() if until > now), default=None)


@dataclass(slots=True)
class _Pace:
    """Pace of one platform: *planned_at* is when the next score should leave.

    *sent* are the times of the last scores, as many as the limit allows in a second.
    """

    rate: float
    planned_at: float
    sent: deque[float]
    in_flight: int = 0
    is_answering: bool = False

    def compute_next_time(self) -> float:
        """Return when the next score may leave."""
        if not self.sent:
            return self.planned_at
        allowed_at = max(self.planned_at, self.sent[-1] + MIN_GAP_SHARE / self.rate)
        if len(self.sent) == self.sent.maxlen:
            allowed_at = max(allowed_at, self.sent[0] + len(self.sent) / self.rate)
        return allowed_at

    def record_send(self, now: float) -> None:
        """Count a score that leaves now."""
        self.planned_at = max(self.planned_at, now - MAX_ARREARS_SECONDS) + 1 / self.rate
        self.sent.append(now)
        self.in_flight += 1


class PlatformPace:
    """Pace of the scores for each platform; times are seconds of a monotonic clock.

    Scores are spaced by the rate, which starts a little below *max_rate* scores per second. It
    falls when the platform asks to wait, and rises slowly with each accepted score. A score that
    is late does not delay the following ones, but no second has more than the limit.
    """

    def __init__(self, max_rate: float) -> None:
        self._max_rate = max_rate * RATE_SHARE
        self._per_second = max(1, int(max_rate))
        self._paces: dict[UUID, _Pace] = {}

    def choose_platform(
        self, platform_ids: Collection[UUID], *, free_threads: int, now: float
    ) -> UUID | None:
        """Return the platform that gets the next score; None if a score must end first.

        It is the one whose rate allows a score first. Of several, it is the one with the fewest
        scores under way, then the one whose last score left first: a platform that hangs cannot
        delay the others. A platform gets one score at a time until it has answered, because one
        that is down should be tried once.
        """
        allowed = [
            platform_id
            for platform_id in platform_ids
            if self._is_allowed(self._paces.get(platform_id), free_threads)
        ]
        return min(allowed, key=lambda platform_id: self._rank(platform_id, now), default=None)

    @staticmethod
    def _is_allowed(pace: _Pace | None, free_threads: int) -> bool:
        """Return whether a platform may get another score before those under way have ended."""
        if pace is None or pace.in_flight == 0:
            return free_threads > 0
        return pace.is_answering and free_threads > RESERVED_THREADS

    def _rank(self, platform_id: UUID, now: float) -> tuple[float, int, float]:
        pace = self._paces.get(platform_id)
        if pace is None:
            return 0.0, 0, float("-inf")
        return self.compute_delay(platform_id, now), pace.in_flight, pace.sent[-1]

    def compute_delay(self, platform_id: UUID, now: float) -> float:
        """Return the seconds until the rate allows the next score of a platform."""
        pace = self._paces.get(platform_id)
        return 0.0 if pace is None else max(0.0, pace.compute_next_time() - now)

    def begin(self, platform_id: UUID, now: float) -> None:
        """Count a score that is sent now."""
        if platform_id not in self._paces:
            self._paces[platform_id] = _Pace(self._max_rate, now, deque(maxlen=self._per_second))
        self._paces[platform_id].record_send(now)

    def end(self, platform_id: UUID, *, accepted: bool) -> None:
        """Count the end of a score, which the platform has *accepted* or not."""
        pace = self._paces[platform_id]
        pace.in_flight -= 1
        pace.is_answering = accepted
        if accepted:
            pace.rate = min(self._max_rate, pace.rate + self._max_rate / RECOVERY_STEPS)

    def slow_down(self, platform_id: UUID) -> None:
        """Lower the rate of a platform that asked to wait."""
        pace = self._paces[platform_id]
        pace.rate = max(self._max_rate * MIN_RATE_SHARE, pace.rate * SLOWDOWN)
