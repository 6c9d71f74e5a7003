"""Assignment page for students: problems, times and rules; staff see the results."""

from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.student.components.states import build_assignment_progress
from api.pages.student.times import build_credit_periods, build_credit_strip, describe_rules
from api.routes.assignments import assignments, exceptions
from api.schemas.assignments.assignments import StaffAssignment
from api.services.student.assignments import load_my_assignment

router = PageRouter()


@router.get("/assignments/{assignment}")
def assignment_page(assignment: UUID, context: PageDep) -> Response:
    """Return an assignment with the student's progress; redirect staff to its results."""
    assignment_view = assignments.get_assignment(assignment, context, Response())
    if isinstance(assignment_view, StaffAssignment):
        return RedirectResponse(f"/assignments/{assignment}/results", status_code=303)
    with context.reading() as session:
        member, row = context.authorize_assignment(session, assignment)
        mine = load_my_assignment(session, member, row, now=context.now)
    budget = exceptions.get_my_late_days(assignment_view.course, context).budget
    return render_page(
        context,
        "student/assignment.html",
        title=assignment_view.title,
        crumbs=(Breadcrumb(mine.course_title, f"/courses/{assignment_view.course}"),),
        tab="assignments",
        stop_path=f"/assignments/{assignment}/edit" if context.view_as == "test" else "",
        is_draft=member.previews_drafts and (member.viewing or mine.times.state == "planned"),
        assignment_view=assignment_view,
        work=build_assignment_progress(mine),
        strip=build_credit_strip(assignment_view.times, now=context.now),
        stretches=build_credit_periods(assignment_view.times),
        rules=describe_rules(assignment_view, late_days=budget),
    )
