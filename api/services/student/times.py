"""Times of an assignment for one student: as instants, in the course's zone, and as text."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from api.core.clock import from_micros, to_micros
from api.schemas.student.assignments import Moment, Stage, Times
from api.services.assignments.timeline import format_absolute, format_relative
from api.services.courses.time_zones import get_zone
from grader.policy import SubmissionRules


def serialize_times(rules: SubmissionRules, zone_name: str, *, now: datetime) -> Times:
    """Return the times and the credit under *rules*, in local time of a zone."""
    tz, now_micros = get_zone(zone_name), to_micros(now)
    return Times(
        release=_serialize_optional_moment(rules.release, tz, now),
        due=_serialize_optional_moment(rules.due, tz, now),
        closes=_serialize_optional_moment(rules.closes_at, tz, now),
        late_days_until=_serialize_optional_moment(rules.late_days_until, tz, now),
        stages=tuple(
            Stage(until=_serialize_optional_moment(until, tz, now), credit=credit)
            for until, credit in _iter_credit_stages(rules)
        ),
        state=_compute_state(rules, now_micros),
        credit_now=_compute_credit(rules, now_micros),
    )


def serialize_moment(instant: datetime, zone_name: str, *, now: datetime) -> Moment:
    """Return an instant with its absolute and relative text."""
    return Moment(
        at=instant,
        text=format_absolute(instant, get_zone(zone_name)),
        relative=format_relative(instant, now),
    )


def _serialize_optional_moment(micros: int | None, tz: ZoneInfo, now: datetime) -> Moment | None:
    if micros is None:
        return None
    instant = from_micros(micros)
    return Moment(
        at=instant, text=format_absolute(instant, tz), relative=format_relative(instant, now)
    )


def _compute_state(
    rules: SubmissionRules, now_micros: int
) -> Literal["planned", "open", "late", "closed"]:
    if not rules.is_released(now_micros):
        return "planned"
    if _compute_credit(rules, now_micros) is None:
        return "closed"
    return "late" if rules.due is not None and now_micros > rules.due else "open"


def _compute_credit(rules: SubmissionRules, micros: int) -> Fraction | None:
    """Return the credit of an answer at *micros*, with late days; None if it would not count."""
    until = rules.late_days_until
    is_covered_by_late_days = until is not None and micros <= until and rules.is_released(micros)
    return Fraction(1) if is_covered_by_late_days else rules.late_credit_at(micros)


def _iter_credit_stages(rules: SubmissionRules) -> Iterator[tuple[int | None, Fraction]]:
    """Yield the end and the credit of each stage by the best timeline; merge equal neighbors."""
    stages: list[tuple[int | None, Fraction]] = []
    for end in (*sorted(_list_credit_change_times(rules)), None):
        credit = _credit_until(rules, end)
        if credit is None:
            continue
        if stages and stages[-1][1] == credit:
            stages.pop()
        stages.append((end, credit))
    yield from stages


def _list_credit_change_times(rules: SubmissionRules) -> set[int]:
    """Return the instants at which the credit of a timeline may change."""
    return {
        at
        for timeline in rules.timelines
        for at in (timeline.due, timeline.closes_at, *(until for until, _ in timeline.steps))
        if at is not None
    }


def _credit_until(rules: SubmissionRules, end: int | None) -> Fraction | None:
    """Return the credit until *end*; for None, the credit after all ends if it never closes."""
    if end is not None:
        return rules.late_credit_at(end)
    last = max(
        [
            0,
            *_list_credit_change_times(rules),
            *(timeline.release or 0 for timeline in rules.timelines),
        ]
    )
    return rules.late_credit_at(last + 1) if rules.closes_at is None else None
