"""Course page: assignments and points for students, the dashboard for staff."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from fastapi.responses import Response

from api.dependencies import RequestContext
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.courses import dashboard as staff_course
from api.pages.student.components.states import build_assignment_progress
from api.routes.assignments import exceptions
from api.routes.courses import courses
from api.routes.student import assigned_problems
from api.schemas.courses.courses import CourseView
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.submissions import ProblemScore
from grader.policy.drops import sum_fractions

router = PageRouter()


@router.get("/courses/{course}")
def course_page(course: UUID, context: PageDep) -> Response:
    """Return the assignments of a student, or the dashboard for staff."""
    course_view = courses.get_course(course, context, Response())
    if course_view.role != "student":
        return staff_course.render_dashboard(context, course)
    return render_student_course(context, course_view)


def render_student_course(context: RequestContext, course: CourseView) -> Response:
    """Return the page of a *course* for a student."""
    progress = [build_assignment_progress(one) for one in _load_my_assignments(context, course.id)]
    active = [one for one in progress if one.is_open]
    unanswered_count = sum(one.unanswered_count for one in active if not one.set.excused)
    return render_page(
        context,
        "course.html",
        title=course.title,
        tab="assignments",
        so_far=_sum_released_points(one.set for one in progress),
        late_days=exceptions.get_my_late_days(course.id, context),
        open=active,
        closed=[one for one in progress if not one.is_open],
        to_do=None if course.archived_at else unanswered_count,
    )


def _sum_released_points(assignments: Iterable[MyAssignment]) -> ProblemScore:
    """Return the total points of all visible results, without weights.

    Only grades are weighted.
    """
    grades = [assignment.grade for assignment in assignments if assignment.grade is not None]
    return ProblemScore(
        score=sum_fractions(grade.score for grade in grades),
        possible=sum_fractions(grade.possible for grade in grades),
        waiting=any(grade.waiting for grade in grades),
    )


def _load_my_assignments(context: RequestContext, course: UUID) -> Sequence[MyAssignment]:
    """Return the student's assignments in a course, open ones first, by due time."""
    return assigned_problems.get_my_assignments(
        context, build_page_request(context), course=course
    ).items
