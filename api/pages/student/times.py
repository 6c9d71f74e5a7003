"""Times and rules of an assignment for one student, in words and as a timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from api.pages.layout.formatting import format_count, format_share
from api.schemas.assignments.assignments import StudentAssignment
from api.schemas.student.assignments import Moment, Times

WIDTH: Final = 1000
HEIGHT: Final = 40
LEAD_TIME: Final = timedelta(days=7)
TRAILING_FRACTION: Final = Fraction(1, 4)
NO_LATE_DAYS_RULE: Final = "Not available for this assignment."
LATE_DAYS_RULE: Final = "At most {} for this assignment. They are used automatically."
REGRADE_RULE: Final = "You can request a regrade {} after you see a result{}."
NO_REGRADES_RULE: Final = "This assignment accepts no regrade requests."
RELEASE_DESCRIPTIONS: Final = {
    "at_once": "With every answer.",
    "after_due": "When the due time is over.",
    "after_close": "When the assignment has closed.",
    "manual": "When your instructor releases them.",
    "never": "They are not shown.",
}


@dataclass(frozen=True, slots=True)
class CreditPeriod:
    """A period up to *until* (None: no end) and the credit of answers in it."""

    until: Moment | None
    credit: Fraction
    words: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class CreditBar:
    """A period of constant credit in the timeline; *height* is the credit to scale."""

    x: int
    width: int
    height: int
    tone: str


@dataclass(frozen=True, slots=True)
class CreditStrip:
    """The timeline of an assignment; *now* is the current position, or None outside it."""

    bars: tuple[CreditBar, ...]
    now: int | None
    description: str


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    """A rule in words, with its topic."""

    about: str
    words: str


def build_credit_periods(times: Times) -> tuple[CreditPeriod, ...]:
    """Return the credit periods in chronological order.

    A period of reduced credit that ends before the late days do never applies and is
    left out.
    """
    late_days_end = times.late_days_until
    is_within_late_days = (
        times.state == "late" and times.credit_now == 1 and late_days_end is not None
    )
    periods = [
        CreditPeriod(
            stage.until,
            stage.credit,
            _describe_credit(stage.credit),
            is_now=stage.credit == times.credit_now and not is_within_late_days,
        )
        for stage in times.stages
    ]
    if late_days_end is None:
        return tuple(periods)
    late_days_period = CreditPeriod(
        late_days_end, Fraction(1), "Full credit with your late days", is_now=is_within_late_days
    )
    later = [
        period for period in periods if period.until is None or period.until.at > late_days_end.at
    ]
    return (
        *(period for period in periods if period.credit == 1 and period not in later),
        late_days_period,
        *later,
    )


def _describe_credit(credit: Fraction) -> str:
    if credit == 1:
        return "Full credit"
    return f"{format_share(credit)} of the credit" if credit else "No credit"


def _choose_credit_css_class(credit: Fraction) -> str:
    """Return the color class of a period: full, reduced or no credit."""
    if credit == 1:
        return "full"
    return "less" if credit else "none"


def build_credit_strip(times: Times, *, now: datetime) -> CreditStrip | None:
    """Return the timeline, or None if no period has an end."""
    periods = build_credit_periods(times)
    ends = [period.until.at for period in periods if period.until]
    if not ends:
        return None
    start = _strip_start(times, ends[0], now)
    end = (
        ends[-1] if periods[-1].until else ends[-1] + (ends[-1] - start) * float(TRAILING_FRACTION)
    )
    edges = [start, *(period.until.at if period.until else end for period in periods)]
    positions = [_compute_x_on_strip(edge, start, end) for edge in edges]
    bars = [
        CreditBar(
            left, right - left, int(HEIGHT * period.credit), _choose_credit_css_class(period.credit)
        )
        for period, (left, right) in zip(periods, pairwise(positions), strict=True)
    ]
    now_position = _compute_x_on_strip(now, start, end) if start <= now <= end else None
    return CreditStrip(
        tuple(bars), now_position, "; ".join(_describe_period(period) for period in periods)
    )


def _strip_start(times: Times, first: datetime, now: datetime) -> datetime:
    """Return the start of the timeline: the release time, if there is one.

    Without it, the timeline starts a week before *first*, the first end of a period; or
    at *now* if that is earlier, but at most four weeks before *first*.
    """
    if times.release is not None:
        return min(times.release.at, first)
    return min(first - LEAD_TIME, max(now, first - 4 * LEAD_TIME))


def _compute_x_on_strip(timestamp: datetime, start: datetime, end: datetime) -> int:
    span = max(end - start, timedelta(seconds=1))
    return round(WIDTH * min(1.0, max(0.0, (timestamp - start) / span)))


def _describe_period(period: CreditPeriod) -> str:
    worth = period.words[:1].lower() + period.words[1:]
    return f"{worth} until {period.until.text}" if period.until else f"{worth} after that"


def describe_rules(assignment: StudentAssignment, *, late_days: int) -> tuple[AssignmentRule, ...]:
    """Return the rules of an assignment as they apply to the student.

    *late_days* is the number of late days that the course grants each student.
    """
    return tuple(_iter_rules(assignment, late_days))


def _iter_rules(assignment: StudentAssignment, late_days: int) -> Iterator[AssignmentRule]:
    yield AssignmentRule("Attempts", _describe_attempts(assignment))
    if late_days and assignment.times.due:
        yield AssignmentRule("Late days", _describe_late_days(min(assignment.late_days, late_days)))
    if assignment.cool_down_seconds:
        wait = _format_duration(assignment.cool_down_seconds)
        yield AssignmentRule(
            "Wait", f"{wait} after an answer before the next one to the same part."
        )
    yield AssignmentRule("Results", RELEASE_DESCRIPTIONS[assignment.results])
    yield AssignmentRule("Solutions", RELEASE_DESCRIPTIONS[assignment.solutions])
    yield AssignmentRule("Regrade requests", describe_request_rules(assignment))
    if assignment.extra:
        yield AssignmentRule("Extra", "Extra credit: this assignment can only raise your grade.")


def _describe_attempts(assignment: StudentAssignment) -> str:
    many = (
        "As many as you like"
        if assignment.attempts is None
        else format_count(assignment.attempts, "attempt")
    )
    worth = _describe_attempt_credits(assignment.by_attempt)
    return f"{many} at each part{worth}. An unreadable or repeated answer uses none."


def _describe_late_days(max_late_days: int) -> str:
    if not max_late_days:
        return NO_LATE_DAYS_RULE
    days = format_count(max_late_days, "late day")
    return LATE_DAYS_RULE.format(days)


def _describe_attempt_credits(attempt_credits: tuple[Fraction, ...]) -> str:
    if not attempt_credits or set(attempt_credits) == {Fraction(1)}:
        return ""
    shares = ", ".join(format_share(credit) for credit in attempt_credits)
    return f", worth {shares} one after the other"


def describe_request_rules(assignment: StudentAssignment) -> str:
    """Return when and how often a student may request a regrade."""
    if assignment.regrade_limit == 0:
        return NO_REGRADES_RULE
    until = (
        "at any time"
        if assignment.regrade_days is None
        else f"within {format_count(assignment.regrade_days, 'day')}"
    )
    limit = (
        ""
        if assignment.regrade_limit is None
        else f", {format_count(assignment.regrade_limit, 'request')} in all"
    )
    return REGRADE_RULE.format(until, limit)


def _format_duration(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return format_count(seconds // size, name)
    return format_count(seconds, "second")
