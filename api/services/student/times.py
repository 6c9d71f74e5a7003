"""Times of an assignment for one student: as instants, in the course's zone, and as text."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from api.core.clock import from_micros, to_micros
from api.schemas.student.assignments import Moment, Stage, Times
from api.services.assignments.timeline import absolute, relative, zone
from grader.policy import Rules

__all__ = ["moment_of", "times"]


def times(rules: Rules, zone_name: str, *, now: datetime) -> Times:
    """Return the times and the credit under *rules*, in local time of a zone."""
    where, at = zone(zone_name), to_micros(now)
    return Times(
        release=_moment(rules.release, where, now),
        due=_moment(rules.due, where, now),
        closes=_moment(rules.closes_at, where, now),
        late_days_until=_moment(rules.bridges_until, where, now),
        stages=tuple(
            Stage(until=_moment(until, where, now), credit=credit)
            for until, credit in _stages(rules)
        ),
        state=_state(rules, at),
        credit_now=_credit_now(rules, at),
    )


def moment_of(at: datetime, zone_name: str, *, now: datetime) -> Moment:
    """Return an instant with its absolute and relative text."""
    return Moment(at=at, text=absolute(at, zone(zone_name)), relative=relative(at, now))


def _moment(micros: int | None, where: ZoneInfo, now: datetime) -> Moment | None:
    if micros is None:
        return None
    at = from_micros(micros)
    return Moment(at=at, text=absolute(at, where), relative=relative(at, now))


def _state(rules: Rules, at: int) -> Literal["planned", "open", "late", "closed"]:
    if not rules.released(at):
        return "planned"
    if _credit_now(rules, at) is None:
        return "closed"
    return "late" if rules.due is not None and at > rules.due else "open"


def _credit_now(rules: Rules, at: int) -> Fraction | None:
    """Return the credit of an answer at *at*, including late days; None if it would not count."""
    until = rules.bridges_until
    is_bridged = until is not None and at <= until and rules.released(at)
    return Fraction(1) if is_bridged else rules.late_credit(at)


def _stages(rules: Rules) -> Iterator[tuple[int | None, Fraction]]:
    """Yield the end and the credit of each stage by the best timeline; merge equal neighbors."""
    found: list[tuple[int | None, Fraction]] = []
    for end in (*sorted(_ends(rules)), None):
        credit = _credit(rules, end)
        if credit is None:
            continue
        if found and found[-1][1] == credit:
            found.pop()
        found.append((end, credit))
    yield from found


def _ends(rules: Rules) -> set[int]:
    """Return the instants at which the credit of a timeline may change."""
    return {
        at
        for one in rules.timelines
        for at in (one.due, one.closes_at, *(until for until, _ in one.steps))
        if at is not None
    }


def _credit(rules: Rules, end: int | None) -> Fraction | None:
    """Return the credit until *end*; for None, the credit after all ends if it never closes."""
    if end is not None:
        return rules.late_credit(end)
    last = max([0, *_ends(rules), *(one.release or 0 for one in rules.timelines)])
    return rules.late_credit(last + 1) if rules.closes_at is None else None
