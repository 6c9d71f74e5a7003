"""An assignment as a student has it: its problems, its times, its rules; staff see its results."""

from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.student.components.states import work_of
from api.pages.student.times import rules_in_words, stretches, strip
from api.routes.assignments import assignments, exceptions
from api.schemas.assignments.assignments import StaffAssignment
from api.services.student.assignments import my_assignment

__all__ = ["router"]

router = PageRouter()


@router.get("/assignments/{assignment}")
def assignment_page(assignment: UUID, here: PageDep) -> Response:
    """Return an assignment with where the student stands; staff go on to its results."""
    told = assignments.get_assignment(assignment, here, Response())
    if isinstance(told, StaffAssignment):
        return RedirectResponse(f"/assignments/{assignment}/results", status_code=303)
    with here.reading() as session:
        mine = my_assignment(session, *here.assignment(session, assignment), now=here.now)
    budget = exceptions.get_my_late_days(told.course, here).budget
    return page(
        here,
        "student/assignment.html",
        title=told.title,
        crumbs=(Crumb(mine.course_title, f"/courses/{told.course}"),),
        tab="assignments",
        told=told,
        work=work_of(mine),
        strip=strip(told.times, now=here.now),
        stretches=stretches(told.times),
        rules=rules_in_words(told, late_days=budget),
    )
