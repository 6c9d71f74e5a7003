"""A course over time: its assignments beside each other, and when they are handed in."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi.responses import Response

from api.pages.charts import Box, Chart, Column, boxes, columns
from api.pages.layout.formatting import MINUS, percent
from api.pages.layout.frame import page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import course_crumbs, query, sees_all_names
from api.pages.staff.results.results import AskedDep
from api.routes.assignments import analytics
from api.routes.courses import people
from api.schemas.analytics.assignment import AssignmentSummary, HandedIn

__all__ = ["router"]

router = PageRouter()

DAY: Final = 24


@dataclass(frozen=True, slots=True)
class HandIns:
    """When one assignment was handed in, drawn."""

    told: AssignmentSummary
    chart: Chart


@router.get("/courses/{course}/analytics")
def course_figures(
    course: UUID, here: PageDep, asked: AskedDep, of: UUID | None = None
) -> Response:
    """Return the published assignments of a course beside each other.

    When they were handed in is drawn for one: that which is asked for, else the last.
    """
    told = analytics.of_course(course, here, asked.section)
    return page(
        here,
        "staff/course_figures.html",
        title="The course over time",
        crumbs=course_crumbs(here),
        tab="assignments",
        course=course,
        told=told,
        asked=asked,
        scores=_scores(told.assignments),
        hand_ins=_last(told.assignments, of),
        section=query({"section": asked.section}).replace("?", "&"),
        sections=people.get_sections(course, here).items if sees_all_names(here) else (),
    )


def _scores(every: tuple[AssignmentSummary, ...]) -> Chart | None:
    """Return the quartiles of all assignments that have grades, None where none has."""
    found = [box for one in every if (box := _box(one))]
    if not found:
        return None
    says = f"The middle half of the scores in {len(found)} assignments, in their order."
    return boxes(found, says=says, what="Assignment", who="student")


def _box(one: AssignmentSummary) -> Box | None:
    told = one.grades
    if told.quartiles is None or told.mean is None:
        return None
    low, median, high = told.quartiles
    return Box(one.title, told.n, low, median, high, told.mean)


def _last(every: tuple[AssignmentSummary, ...], of: UUID | None) -> HandIns | None:
    found = [
        HandIns(one, chart)
        for one in every
        if of in {None, one.assignment} and (chart := _hand_ins(one)) is not None
    ]
    return found[-1] if found else None


def _hand_ins(one: AssignmentSummary) -> Chart | None:
    if not one.times or not one.handed_in:
        return None
    every = [
        _column(row, before) for row, before in zip(one.times, (None, *one.times), strict=False)
    ]
    after = f"{one.after_due} of {one.handed_in} ({percent(one.late_share)}) came after it was due"
    return columns(
        every,
        says=f"When students handed in last: {after}.",
        axis="time from the due time",
        who="student",
        behind="due",
    )


def _column(row: HandedIn, before: HandedIn | None) -> Column:
    start = None if before is None else before.hours
    is_late = row.hours is None or row.hours > 0
    return Column(_short(row.hours), _words(start, row.hours), row.count, late=is_late)


def _short(hours: int | None) -> str:
    """Return the end of a span in a few letters.

    >>> _short(-72), _short(-1), _short(0), _short(24), _short(None)
    ('−3 d', '−1 h', 'due', '+1 d', 'later')
    """
    if hours is None:
        return "later"
    if not hours:
        return "due"
    return f"{'+' if hours > 0 else MINUS}{_span(hours)}"


def _span(hours: int) -> str:
    hours = abs(hours)
    return f"{hours // DAY} d" if hours % DAY == 0 else f"{hours} h"


def _words(start: int | None, end: int | None) -> str:
    """Return a span in words; without a start it is the first, without an end the last.

    >>> _words(None, -168), _words(-168, -72), _words(-1, 0)
    ('up to 7 d before', '7 d before to 3 d before', '1 h before to due')
    >>> _words(0, 24), _words(24, 72), _words(72, None)
    ('due to 1 d after', '1 d after to 3 d after', 'more than 3 d after')
    """
    if start is None:
        return f"up to {_point(end or 0)}"
    return f"more than {_point(start)}" if end is None else f"{_point(start)} to {_point(end)}"


def _point(hours: int) -> str:
    return f"{_span(hours)} {'after' if hours > 0 else 'before'}" if hours else "due"
