"""Course analytics: its assignments side by side, and their submission times."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi.responses import Response

from api.pages.charts import BoxPlotRow, Chart, ChartColumn, draw_box_plots, draw_column_chart
from api.pages.layout.formatting import MINUS, format_share
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import build_query_string, can_see_all_names, course_crumbs
from api.pages.staff.grading.item_rows import join_mistake_names
from api.pages.staff.results.results import ResultsPageFiltersDep
from api.routes.assignments import analytics
from api.routes.courses import people
from api.schemas.analytics.assignment import (
    AssignmentSummary,
    CourseAnalytics,
    HandedIn,
    MistakeShare,
)

router = PageRouter()

HOURS_PER_DAY: Final = 24
SHOWN_ASSIGNMENTS: Final = 6
"""Number of assignments beside each other in the table of mistakes: the latest ones."""


@dataclass(frozen=True, slots=True)
class SubmissionTimesChart:
    """Chart of the submission times of one assignment."""

    summary: AssignmentSummary
    chart: Chart


@dataclass(frozen=True, slots=True)
class MistakeRow:
    """A mistake of the class, with its share in each of the shown assignments, or None."""

    name: str
    description: str
    students: int
    shares: tuple[MistakeShare | None, ...]


def _build_mistake_rows(course_analytics: CourseAnalytics) -> list[MistakeRow]:
    latest = course_analytics.assignments[-SHOWN_ASSIGNMENTS:]
    return [
        MistakeRow(
            join_mistake_names([mistake.mistake]),
            mistake.description,
            mistake.students,
            tuple(
                next(
                    (one for one in mistake.assignments if one.assignment == each.assignment), None
                )
                for each in latest
            ),
        )
        for mistake in course_analytics.mistakes
    ]


@router.get("/courses/{course}/analytics")
def show_course_analytics(
    course: UUID, context: PageDep, filters: ResultsPageFiltersDep, of: UUID | None = None
) -> Response:
    """Return a comparison of the published assignments of a course.

    Submission times are drawn for the assignment *of*, by default for the last one that
    has any.
    """
    course_analytics = analytics.get_course_analytics(course, context, filters.section)
    return render_page(
        context,
        "staff/course_figures.html",
        title="Analytics",
        crumbs=course_crumbs(context),
        tab="assignments",
        course=course,
        analytics=course_analytics,
        filters=filters,
        scores=_draw_score_box_plots(course_analytics.assignments),
        mistakes=_build_mistake_rows(course_analytics),
        recent=course_analytics.assignments[-SHOWN_ASSIGNMENTS:],
        hand_ins=_select_submission_chart(course_analytics.assignments, of),
        section=build_query_string({"section": filters.section}).replace("?", "&"),
        sections=people.get_sections(course, context).items if can_see_all_names(context) else (),
    )


def _draw_score_box_plots(summaries: tuple[AssignmentSummary, ...]) -> Chart | None:
    """Return box plots of the grades of each assignment, or None if none has grades."""
    score_boxes = [box for summary in summaries if (box := _score_box(summary))]
    if not score_boxes:
        return None
    says = f"The middle half of the scores in {len(score_boxes)} assignments, in their order."
    return draw_box_plots(score_boxes, summary=says, row_header="Assignment", noun="student")


def _score_box(summary: AssignmentSummary) -> BoxPlotRow | None:
    grades = summary.grades
    if grades.quartiles is None or grades.mean is None:
        return None
    low, median, high = grades.quartiles
    return BoxPlotRow(summary.title, grades.n, low, median, high, grades.mean)


def _select_submission_chart(
    summaries: tuple[AssignmentSummary, ...], of: UUID | None
) -> SubmissionTimesChart | None:
    charts = [
        SubmissionTimesChart(summary, chart)
        for summary in summaries
        if of in {None, summary.assignment}
        and (chart := _draw_submission_times(summary)) is not None
    ]
    return charts[-1] if charts else None


def _draw_submission_times(summary: AssignmentSummary) -> Chart | None:
    if not summary.times or not summary.handed_in:
        return None
    columns = [
        _build_column(row, before)
        for row, before in zip(summary.times, (None, *summary.times), strict=False)
    ]
    late_share = format_share(summary.late_share)
    after = f"{summary.after_due} of {summary.handed_in} ({late_share}) were late"
    return draw_column_chart(
        columns,
        summary=f"Last submissions: {after}.",
        axis="time from the due time",
        noun="student",
        late_label="due",
    )


def _build_column(row: HandedIn, before: HandedIn | None) -> ChartColumn:
    start = None if before is None else before.hours
    is_late = row.hours is None or row.hours > 0
    return ChartColumn(
        _format_offset(row.hours), _describe_span(start, row.hours), row.count, late=is_late
    )


def _format_offset(hours: int | None) -> str:
    """Return the end of a time span as a short label.

    >>> [_format_offset(hours) for hours in (-72, -1, 0, 24, None)]
    ['−3 d', '−1 h', 'due', '+1 d', 'later']
    """
    if hours is None:
        return "later"
    if not hours:
        return "due"
    return f"{'+' if hours > 0 else MINUS}{_format_hours(hours)}"


def _format_hours(hours: int) -> str:
    hours = abs(hours)
    return f"{hours // HOURS_PER_DAY} d" if hours % HOURS_PER_DAY == 0 else f"{hours} h"


def _describe_span(start: int | None, end: int | None) -> str:
    """Return a time span in words; the first one has no start, the last one no end.

    >>> _describe_span(None, -168), _describe_span(-168, -72), _describe_span(-1, 0)
    ('up to 7 d before', '7 d before to 3 d before', '1 h before to due')
    >>> _describe_span(0, 24), _describe_span(24, 72), _describe_span(72, None)
    ('due to 1 d after', '1 d after to 3 d after', 'more than 3 d after')
    """
    if start is None:
        return f"up to {_describe_offset(end or 0)}"
    return (
        f"more than {_describe_offset(start)}"
        if end is None
        else f"{_describe_offset(start)} to {_describe_offset(end)}"
    )


def _describe_offset(hours: int) -> str:
    return f"{_format_hours(hours)} {'after' if hours > 0 else 'before'}" if hours else "due"
