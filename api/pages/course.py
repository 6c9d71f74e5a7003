"""Course page: assignments and points for students, the dashboard for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
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
from api.schemas.student.assignments import Moment, MyAssignment, Times
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
        late_work=() if course.archived_at else _list_late_work(active),
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
    return DueNext(work.set.title, _first_unanswered_path(work), due)


def _first_unanswered_path(work: AssignmentProgress) -> str:
    """Return the path of the first problem of an assignment that has questions left."""
    rows = [row.problem for row in work.rows if row.problem.answered < row.problem.parts]
    return f"/assignments/{work.set.id}/problems/{rows[0].problem}"


@dataclass(frozen=True, slots=True)
class LateWork:
    """Late work with questions left that still earns *credit*, until a time if that is known."""

    title: str
    href: str
    credit: Fraction
    until: Moment | None


def _list_late_work(progress: Sequence[AssignmentProgress]) -> list[LateWork]:
    """Return the late work that can still earn credit, in the order of the page."""
    return [
        LateWork(
            work.set.title,
            _first_unanswered_path(work),
            work.set.times.credit_now,
            _find_end_of_credit(work.set.times),
        )
        for work in progress
        if work.set.times.state == "late" and work.set.times.credit_now
        if work.unanswered_count and not work.set.excused
    ]


def _find_end_of_credit(times: Times) -> Moment | None:
    """Return until when answers earn the credit that they earn now, None if that has no end."""
    if times.credit_now == 1 and times.late_days_until:
        return times.late_days_until
    return next((stage.until for stage in times.stages if stage.credit == times.credit_now), None)


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
