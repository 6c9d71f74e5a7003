"""The times and rules of an assignment for one student: in words, and drawn as a strip."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from api.pages.layout.formatting import counted, percent
from api.schemas.assignments.assignments import StudentAssignment
from api.schemas.student.assignments import Moment, Times

__all__ = [
    "Bar",
    "Rule",
    "Stretch",
    "Strip",
    "requests_in_words",
    "rules_in_words",
    "stretches",
    "strip",
]

WIDTH: Final = 1000
HEIGHT: Final = 40
BEFORE: Final = timedelta(days=7)
AFTER: Final = Fraction(1, 4)
SHOWN: Final = {
    "at_once": "With every answer.",
    "after_due": "When the due time is over.",
    "after_close": "When the assignment has closed.",
    "manual": "When your instructor releases them.",
    "never": "They are not shown.",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time up to *until* (None: no end) with what an answer is worth in it."""

    until: Moment | None
    credit: Fraction
    words: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time in which answers are worth the same; its height is that credit."""

    x: int
    width: int
    height: int
    tone: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The time of an assignment from left to right; *now* is where it is, None outside."""

    bars: tuple[Bar, ...]
    now: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in words, with what it is about."""

    about: str
    words: str


def stretches(times: Times) -> tuple[Stretch, ...]:
    """Return what an answer is worth until when, in order of time.

    A step that ends while late days keep the work in time never comes, and is left out.
    """
    bridge = times.late_days_until
    is_bridged = times.state == "late" and times.credit_now == 1 and bridge is not None
    found = [
        Stretch(
            one.until,
            one.credit,
            _worth(one.credit),
            is_now=one.credit == times.credit_now and not is_bridged,
        )
        for one in times.stages
    ]
    if bridge is None:
        return tuple(found)
    kept = Stretch(bridge, Fraction(1), "Full credit with your late days", is_now=is_bridged)
    later = [one for one in found if _outlasts(one, bridge)]
    return (*(one for one in found if one.credit == 1 and one not in later), kept, *later)


def _worth(credit: Fraction) -> str:
    if credit == 1:
        return "Full credit"
    return f"{percent(credit)} of the credit" if credit else "No credit"


def _outlasts(one: Stretch, end: Moment) -> bool:
    return one.until is None or one.until.at > end.at


def _tone(credit: Fraction) -> str:
    """Return the colour of a stretch of time: what is left of the credit, roughly."""
    if credit == 1:
        return "full"
    return "less" if credit else "none"


def strip(times: Times, *, now: datetime) -> Strip | None:
    """Return the times as a drawing, None where nothing ends."""
    told = stretches(times)
    ends = [one.until.at for one in told if one.until]
    if not ends:
        return None
    start = _start(times, ends[0], now)
    end = ends[-1] if told[-1].until else ends[-1] + (ends[-1] - start) * float(AFTER)
    edges = [start, *(one.until.at if one.until else end for one in told)]
    places = [_place(one, start, end) for one in edges]
    bars = [
        Bar(left, right - left, int(HEIGHT * one.credit), _tone(one.credit))
        for one, (left, right) in zip(told, pairwise(places), strict=True)
    ]
    here = _place(now, start, end) if start <= now <= end else None
    return Strip(tuple(bars), here, "; ".join(_said(one) for one in told))


def _start(times: Times, first: datetime, now: datetime) -> datetime:
    """Return where the drawing begins: the release, else a week or as long as it has been."""
    if times.release is not None:
        return min(times.release.at, first)
    return min(first - BEFORE, max(now, first - 4 * BEFORE))


def _place(at: datetime, start: datetime, end: datetime) -> int:
    span = max(end - start, timedelta(seconds=1))
    return round(WIDTH * min(1.0, max(0.0, (at - start) / span)))


def _said(one: Stretch) -> str:
    worth = one.words[:1].lower() + one.words[1:]
    return f"{worth} until {one.until.text}" if one.until else f"{worth} after that"


def rules_in_words(told: StudentAssignment, *, late_days: int) -> tuple[Rule, ...]:
    """Return the rules of an assignment as they hold for the student.

    *late_days* is how many of them the course gives a student.
    """
    return tuple(_rules(told, late_days))


def _rules(told: StudentAssignment, late_days: int) -> Iterator[Rule]:
    yield Rule("Attempts", _attempts(told))
    if late_days and told.times.due:
        yield Rule("Late days", _late_days(min(told.late_days, late_days)))
    if told.cool_down_seconds:
        wait = _span(told.cool_down_seconds)
        yield Rule("Wait", f"{wait} after an answer before the next one to the same part.")
    yield Rule("Results", SHOWN[told.results])
    yield Rule("Solutions", SHOWN[told.solutions])
    yield Rule("Marked again", requests_in_words(told))
    if told.extra:
        yield Rule("Extra", "This assignment adds points and takes none.")


def _attempts(told: StudentAssignment) -> str:
    many = "As many as you like" if told.attempts is None else counted(told.attempts, "attempt")
    worth = _by_attempt(told.by_attempt)
    return f"{many} at each part{worth}. What cannot be read, and the same answer again, uses none."


def _late_days(most: int) -> str:
    if not most:
        return "They cannot be spent here."
    return f"At most {counted(most, 'late day')} can be spent here. They are spent by themselves."


def _by_attempt(left: tuple[Fraction, ...]) -> str:
    if not left or set(left) == {Fraction(1)}:
        return ""
    return f", worth {', '.join(percent(one) for one in left)} one after the other"


def requests_in_words(told: StudentAssignment) -> str:
    """Return when and how often a student may ask that an answer is marked again."""
    if told.regrade_limit == 0:
        return "Requests are not taken in this assignment."
    until = (
        "at any time"
        if told.regrade_days is None
        else f"within {counted(told.regrade_days, 'day')}"
    )
    limit = (
        "" if told.regrade_limit is None else f", {counted(told.regrade_limit, 'request')} in all"
    )
    return f"You may ask {until} after you see a result{limit}."


def _span(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return counted(seconds // size, name)
    return counted(seconds, "second")
