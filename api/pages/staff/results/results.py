"""Results of an assignment: pending work, scores, and the statistics of each part."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response

from api.core.errors import Forbidden, InvalidInput
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.charts import Chart, HistogramBin, draw_histogram
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import course_crumbs, has_permission, is_anonymous_for_member
from api.pages.staff.grading.item_rows import (
    SortColumn,
    SortDirection,
    build_headers,
    build_item_rows,
    sort_rows,
)
from api.routes.assignments import analytics, assignments
from api.routes.courses import people
from api.routes.grading import review
from api.schemas.analytics.assignment import AssignmentAnalytics
from api.schemas.analytics.statistics import DistributionOut
from api.schemas.assignments.assignments import StaffAssignment
from api.services.analytics import MeasuredAttempt

router = PageRouter()

MIN_STUDENTS: Final = 20
"""Number of students below which statistics are mostly due to chance."""


@dataclass(frozen=True, slots=True)
class ResultsPageFilters:
    """Filters of the analytics: the attempt that is measured, and the section."""

    attempt: MeasuredAttempt = "first"
    section: UUID | None = None

    @property
    def query_params(self) -> dict[str, object]:
        """Query parameters of the filters; the default attempt is empty."""
        return {"attempt": "" if self.attempt == "first" else self.attempt, "section": self.section}


async def _read_filters(
    attempt: MeasuredAttempt = "first", section: str = ""
) -> ResultsPageFilters:
    """Return the filters of a query; an empty section, as sent by a form, means all."""
    section_id = parse_id(section) if section else None
    if section and section_id is None:
        raise InvalidInput("Name a section of this course.")
    return ResultsPageFilters(attempt, section_id)


ResultsPageFiltersDep = Annotated[ResultsPageFilters, Depends(_read_filters)]


@router.get("/assignments/{assignment}/results")
def show_results(
    assignment: UUID,
    context: PageDep,
    filters: ResultsPageFiltersDep,
    sort: SortColumn = "place",
    direction: Annotated[SortDirection, Query(alias="dir")] = "asc",
) -> Response:
    """Return the results of a class: pending work first, then scores, then parts."""
    assignment_analytics = analytics.get_assignment_analytics(
        assignment, context, filters.attempt, filters.section
    )
    assignment_view = load_staff_assignment(assignment, context)
    ready = review.get_release_readiness(assignment, context)
    parts = build_item_rows(assignment_analytics)
    return render_page(
        context,
        "staff/results.html",
        title=f"{assignment_view.title} · results",
        crumbs=course_crumbs(context),
        tab="assignments",
        set=assignment_view,
        analytics=assignment_analytics,
        ready=ready,
        parts=parts,
        rows=sort_rows(parts, sort=sort, direction=direction),
        opens_statistics=bool(context.request.url.query),
        heads=build_headers(sort, direction, filters.query_params),
        scores=draw_distribution(assignment_analytics.grades),
        may_release=has_permission(context, "manage_assignments"),
        **_build_filter_context(context, assignment_view, filters),
        **_count_pending(assignment_analytics, ready.unassessed),
    )


def load_staff_assignment(assignment: UUID, context: RequestContext) -> StaffAssignment:
    """Return an assignment with all its settings; raise `Forbidden` for non-staff."""
    assignment_view = assignments.get_assignment(assignment, context, Response())
    if not isinstance(assignment_view, StaffAssignment):
        raise Forbidden("This is for the staff of the course.")
    return assignment_view


def problem_title(assignment: StaffAssignment, problem: str) -> str:
    """Return the title of a problem of an assignment; the default is its name."""
    return next((one.title for one in assignment.problems if one.problem == problem), problem)


def _build_filter_context(
    context: RequestContext, assignment: StaffAssignment, filters: ResultsPageFilters
) -> dict[str, Any]:
    sees_names = not is_anonymous_for_member(context, assignment)
    sections = people.get_sections(assignment.course, context).items if sees_names else ()
    return {
        "filters": filters,
        "sees_names": sees_names,
        "sections": sections,
        "course": assignment.course,
        "fewest": MIN_STUDENTS,
    }


def _count_pending(assignment_analytics: AssignmentAnalytics, unassessed: Any) -> dict[str, int]:
    return {
        "to_mark": sum(one.waiting for one in unassessed),
        "unexplained": sum(one.unexplained for one in assignment_analytics.wrong),
    }


def draw_distribution(grades: DistributionOut) -> Chart | None:
    """Return the histogram of grades in percent, or None if there are none."""
    if not grades.n:
        return None
    bins = [HistogramBin(one.low, one.high, one.count) for one in grades.histogram]
    return draw_histogram(bins, median=grades.median, unit="score (%)", noun="student")
