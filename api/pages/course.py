"""Course page: assignments and points for students, the dashboard for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi.responses import Response

from api.dependencies import RequestContext
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.courses import dashboard as staff_course
from api.pages.student.components.states import AssignmentProgress, build_assignment_progress
from api.routes.assignments import exceptions
from api.routes.courses import courses
from api.routes.student import assigned_problems
from api.schemas.accounts.mail import NewsItem
from api.schemas.courses.courses import CourseView
from api.schemas.student.assignments import Moment, MyAssignment
from api.services.gradebook.totals import CourseTotal, load_my_total

router = PageRouter()


@router.get("/courses/{course}")
def course_page(course: UUID, context: PageDep) -> Response:
    """Return the assignments of a student, or the dashboard for staff."""
    course_view = courses.get_course(course, context, Response())
    if course_view.role != "student":
        return staff_course.render_dashboard(context, course)
    return render_student_course(context, course_view)


def render_student_course(
    context: RequestContext, course: CourseView, *, news: Sequence[NewsItem] = ()
) -> Response:
    """Return the page of a *course* for a student, with *news* if it is their home page."""
    progress = [build_assignment_progress(one) for one in _load_my_assignments(context, course.id)]
    active = [one for one in progress if one.is_open]
    unanswered_count = sum(one.unanswered_count for one in active if not one.set.excused)
    return render_page(
        context,
        "course.html",
        title=course.title,
        tab="assignments",
        news=news,
        grades_path=f"/courses/{course.id}/grades",
        grade=_load_my_total(context, course.id),
        late_days=exceptions.get_my_late_days(course.id, context),
        open=active,
        closed=[one for one in progress if not one.is_open],
        due_next=None if course.archived_at else _find_due_next(active),
        to_do=None if course.archived_at else unanswered_count,
    )


@dataclass(frozen=True, slots=True)
class DueNext:
    """The next due time with questions left: its assignment, and the link to the first of them."""

    title: str
    href: str
    due: Moment


def _find_due_next(progress: Sequence[AssignmentProgress]) -> DueNext | None:
    """Return what the student has to answer next, or None if nothing with a due time is left."""
    candidates = [
        (one.set.times.due, one)
        for one in progress
        if one.set.times.state == "open" and one.set.times.due is not None
        if one.unanswered_count and not one.set.excused
    ]
    if not candidates:
        return None
    due, work = min(candidates, key=lambda candidate: candidate[0].at)
    rows = [row.problem for row in work.rows if row.problem.answered < row.problem.parts]
    href = f"/assignments/{work.set.id}/problems/{rows[0].problem}"
    return DueNext(work.set.title, href, due)


def _load_my_total(context: RequestContext, course: UUID) -> CourseTotal:
    """Return the student's grade in a course, as the page of grades states it."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_own_work")
        return load_my_total(session, member, now=context.now)


def _load_my_assignments(context: RequestContext, course: UUID) -> Sequence[MyAssignment]:
    """Return the student's assignments in a course, open ones first, by due time."""
    return assigned_problems.get_my_assignments(
        context, build_page_request(context), course=course
    ).items
