"""Course dashboard for staff: pending tasks first, then the assignments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from fastapi.responses import Response

from api.core.ids import parse_id
from api.db.models import Assignment
from api.dependencies import RequestContext
from api.pages.layout.flash import DELETED
from api.pages.layout.formatting import format_count
from api.pages.layout.frame import render_page
from api.pages.router import build_page_request
from api.pages.staff.common import has_permission
from api.routes.assignments import analytics, assignments
from api.schemas.assignments.assignments import StaffAssignment
from api.schemas.courses.attention import AssignmentAttention, RegradeUnderWay
from api.schemas.student.assignments import Moment

DUE_SOON_PERIOD: Final = timedelta(days=7)
REGRADE_STATES: Final[Mapping[str, str]] = {
    "judging": "is being tried out",
    "ready": "is ready to be applied",
    "applying": "is being applied",
    "stopped": "was stopped halfway",
    "undoing": "is being undone",
}
RESULT_RULES: Final[Mapping[str, str]] = {
    "at_once": "immediately",
    "after_due": "when it is due",
    "after_close": "when it closes",
    "manual": "when you release them",
}


@dataclass(frozen=True, slots=True)
class DashboardTask:
    """Pending task: its text, its link and the title of its assignment."""

    text: str
    href: str
    assignment_title: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class CourseAssignmentRow:
    """Row of an assignment in the course dashboard."""

    id: UUID
    title: str
    state: str
    due: Moment | None
    results: str
    attention: AssignmentAttention


def render_dashboard(context: RequestContext, course: UUID) -> Response:
    """Return the dashboard of a *course* for its staff."""
    course_attention = analytics.get_course_attention(course, context)
    course_assignments = assignments.get_assignments(
        course, context, build_page_request(context), None
    ).items
    staff_assignments = [
        assignment for assignment in course_assignments if isinstance(assignment, StaffAssignment)
    ]
    attention_by_assignment = {
        assignment.assignment: assignment for assignment in course_attention.assignments
    }
    rows = [
        _build_row(assignment, attention_by_assignment[assignment.id])
        for assignment in staff_assignments
    ]
    member = context.activity.member
    return render_page(
        context,
        "staff/course.html",
        title=member.course.title if member else "",
        tab="assignments",
        course=course,
        students=course_attention.students,
        todo=[
            todo
            for assignment in staff_assignments
            for todo in _find_tasks(context, assignment, attention_by_assignment[assignment.id])
        ],
        rows=rows,
        may_import=has_permission(context, "manage_people"),
        may_make=has_permission(context, "manage_assignments"),
        deleted=_find_deleted_assignment(context, course),
    )


def _find_deleted_assignment(context: RequestContext, course: UUID) -> UUID | None:
    """Return the assignment that the previous page deleted, None if it was restored since."""
    saved = context.request.query_params.get("saved", "")
    assignment = parse_id(saved.removeprefix(DELETED)) if saved.startswith(DELETED) else None
    if assignment is None or not has_permission(context, "manage_assignments"):
        return None
    with context.reading() as session:
        row = session.get(Assignment, assignment)
        is_deleted = row is not None and row.course_id == course and row.deleted_at is not None
    return assignment if is_deleted else None


def _build_row(assignment: StaffAssignment, attention: AssignmentAttention) -> CourseAssignmentRow:
    state = "draft" if assignment.published_at is None else assignment.times.state
    results = "released" if assignment.results_released_at else RESULT_RULES[assignment.results]
    return CourseAssignmentRow(
        assignment.id, assignment.title, state, assignment.times.due, results, attention
    )


def _find_tasks(
    context: RequestContext, assignment: StaffAssignment, attention: AssignmentAttention
) -> Iterator[DashboardTask]:
    """Yield the pending tasks of an assignment, those that students wait for first."""
    path, assignment_title = f"/assignments/{assignment.id}", assignment.title
    if attention.failures:
        text = f"{format_count(attention.failures, 'answer')} that Grader could not grade"
        yield DashboardTask(text, f"{path}/review", assignment_title, is_urgent=True)
    yield from (_build_regrade_task(run, assignment_title) for run in attention.regrades)
    texts = attention.to_mark - attention.failures
    if texts:
        yield DashboardTask(
            f"{format_count(texts, 'answer')} to grade", f"{path}/review", assignment_title
        )
    if attention.requests:
        yield DashboardTask(
            f"{format_count(attention.requests, 'request')} to answer",
            f"{path}/requests",
            assignment_title,
        )
    if attention.unexplained:
        text = f"{format_count(attention.unexplained, 'group')} of unexplained incorrect answers"
        yield DashboardTask(text, f"{path}/results#items", assignment_title)
    if urgency := _explain_urgency_to_publish(context, assignment):
        yield DashboardTask(
            f"Not published yet and {urgency}", f"{path}/edit", assignment_title, is_urgent=True
        )


def _build_regrade_task(run: RegradeUnderWay, assignment_title: str) -> DashboardTask:
    text = f"The regrade of {run.problem} {REGRADE_STATES[run.status]}"
    return DashboardTask(
        text, f"/regrades/{run.id}", assignment_title, is_urgent=run.status == "stopped"
    )


def _explain_urgency_to_publish(context: RequestContext, assignment: StaffAssignment) -> str:
    """Return why an assignment should be published now, or "" if it is not urgent."""
    due = assignment.times.due
    if (
        assignment.published_at is not None
        or due is None
        or due.at - context.now >= DUE_SOON_PERIOD
    ):
        return ""
    return "past its due time" if due.at < context.now else "due soon"
