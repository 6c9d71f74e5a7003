"""Timelines: when an answer is accepted, and its late credit."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

FULL_CREDIT: Final = Fraction(1)
ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One resolved timeline of instants in microseconds UTC; each instant itself is still in time.

    *release* None: open from the start. *due* None: never late. *steps* are pairs of an instant and
    the credit up to it, ascending, for answers after *due*. After *close* no answer is accepted; if
    it is None, none after the last of *due* and *steps*, and without *due* it stays open. Between
    the last step and *close* an answer is accepted for practice: its credit is 0.
    """

    release: int | None = None
    due: int | None = None
    steps: tuple[tuple[int, Fraction], ...] = ()
    close: int | None = None

    def __post_init__(self) -> None:
        if self.steps and self.due is None:
            raise ValueError("late steps need a due time")
        if any(one[0] >= two[0] for one, two in pairwise(self.steps)):
            raise ValueError("late steps must be in order of time")
        if not all(ZERO <= credit <= FULL_CREDIT for _, credit in self.steps):
            raise ValueError("the credit of a late step must lie between 0 and 1")

    @property
    def closes_at(self) -> int | None:
        """The last instant at which an answer is accepted; None if it stays open."""
        if self.close is not None or self.due is None:
            return self.close
        return max((self.due, *(until for until, _ in self.steps)))

    def scheduled_credit_at(self, instant: int) -> Fraction | None:
        """Return the credit that the schedule gives at *instant*; None once it is closed.

        The release does not matter here: see `is_open`.
        """
        closes = self.closes_at
        if closes is not None and instant > closes:
            return None
        if self.due is None or instant <= self.due:
            return FULL_CREDIT
        return next((credit for until, credit in self.steps if instant <= until), ZERO)

    def is_released(self, instant: int) -> bool:
        """Return whether the problems are visible at *instant*."""
        return self.release is None or self.release <= instant

    def is_open(self, instant: int) -> bool:
        """Return whether an answer is accepted at *instant*."""
        return self.is_released(instant) and self.scheduled_credit_at(instant) is not None

    @property
    def earns_credit_until(self) -> int | None:
        """The last instant at which an answer earns credit; None without a limit."""
        if self.due is None:
            return self.close
        return max((self.due, *(until for until, credit in self.steps if credit)))


@dataclass(frozen=True, slots=True)
class SubmissionRules:
    """Rules for one student in one assignment.

    *timelines* are the assignment's own and that of each extension. *attempts* are allowed at each
    part (None: no limit), with *cool_down* microseconds between two of them. *by_attempt* are the
    credit factors of the first, second, ... attempt; the last one repeats, and empty means full
    credit. *reserve* are timelines that the student may still get by submitting late: they accept
    nothing by themselves, but while one of them runs the student's time is not over. *bridged* are
    the due times that applied before each of the late days that were spent.
    """

    timelines: tuple[Timeline, ...]
    attempts: int | None = None
    cool_down: int = 0
    by_attempt: tuple[Fraction, ...] = ()
    reserve: tuple[Timeline, ...] = ()
    bridged: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.timelines:
            raise ValueError("there must be a timeline")
        if self.cool_down < 0 or (self.attempts is not None and self.attempts < 0):
            raise ValueError("attempts and cool-down cannot be negative")
        if not all(ZERO <= factor <= FULL_CREDIT for factor in self.by_attempt):
            raise ValueError("the credit of an attempt must lie between 0 and 1")

    @property
    def release(self) -> int | None:
        """The earliest release; None if one timeline is open from the start."""
        releases = [timeline.release for timeline in self.timelines if timeline.release is not None]
        return min(releases) if len(releases) == len(self.timelines) else None

    @property
    def due(self) -> int | None:
        """The latest due time; None if one timeline has none."""
        return _latest_or_unlimited([timeline.due for timeline in self.timelines])

    @property
    def closes_at(self) -> int | None:
        """The last instant at which an answer is accepted; None without a limit."""
        return _latest_or_unlimited([timeline.closes_at for timeline in self.timelines])

    @property
    def closes_at_with_late_days(self) -> int | None:
        """The last instant at which an answer may yet be accepted; None without a limit.

        It includes the timelines in *reserve*.
        """
        return _latest_or_unlimited([one.closes_at for one in (*self.timelines, *self.reserve)])

    @property
    def earns_credit_until(self) -> int | None:
        """The last instant at which an answer may yet earn credit; None without a limit.

        It includes the timelines in *reserve*.
        """
        return _latest_or_unlimited(
            [one.earns_credit_until for one in (*self.timelines, *self.reserve)]
        )

    def is_released(self, instant: int) -> bool:
        """Return whether the student may see the problems at *instant*."""
        return any(timeline.is_released(instant) for timeline in self.timelines)

    def is_open(self, instant: int) -> bool:
        """Return whether an answer of the student is accepted at *instant*."""
        return any(timeline.is_open(instant) for timeline in self.timelines)

    def late_credit_at(self, instant: int) -> Fraction | None:
        """Return the best late credit of the timelines open at *instant*, else None."""
        late_credits = [
            timeline.scheduled_credit_at(instant)
            for timeline in self.timelines
            if timeline.is_open(instant)
        ]
        return max((credit for credit in late_credits if credit is not None), default=None)

    def late_days_needed_at(self, instant: int) -> int:
        """Return how many late days keep an answer that arrived at *instant* in time."""
        return sum(due < instant for due in self.bridged)

    @property
    def late_days_until(self) -> int | None:
        """The last instant that the remaining late days keep in time; None if they add nothing."""
        dues = [one.due for one in self.reserve if one.due is not None]
        last = max(dues, default=None)
        return last if last is not None and self.due is not None and last > self.due else None

    def is_due(self, instant: int) -> bool:
        """Return whether the due time is over at *instant*, or that of closing if there is none.

        Without either, work is due at once: it would never count otherwise.
        """
        limit = self.closes_at if self.due is None else self.due
        return limit is None or instant > limit

    def next_opening_after(self, instant: int) -> int | None:
        """Return the next release after *instant* that opens a timeline, else None."""
        coming = [timeline.release for timeline in self.timelines if timeline.release is not None]
        return min((then for then in coming if then > instant and self.is_open(then)), default=None)

    def attempts_left(self, used: int) -> int | None:
        """Return how many attempts are left at a part after *used*; None without a limit."""
        return None if self.attempts is None else max(self.attempts - used, 0)

    def attempt_factor(self, number: int) -> Fraction:
        """Return the credit factor of the attempt *number*, counted from 1."""
        if not self.by_attempt:
            return FULL_CREDIT
        return self.by_attempt[min(number, len(self.by_attempt)) - 1]


def _latest_or_unlimited(instants: list[int | None]) -> int | None:
    limits = [instant for instant in instants if instant is not None]
    return max(limits) if len(limits) == len(instants) else None
