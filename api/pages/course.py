"""A course: for students what is set and where they stand, for staff what needs them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from fastapi.responses import Response

from api.dependencies import Here
from api.pages.layout.frame import page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.courses import course as staff_course
from api.pages.student.components.states import work_of
from api.routes.assignments import exceptions
from api.routes.courses import courses
from api.routes.student import assigned_problems
from api.schemas.courses.courses import CourseView
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.submissions import ProblemScore
from grader.policy.drops import added

__all__ = ["router", "student_course"]

router = PageRouter()


@router.get("/courses/{course}")
def course_page(course: UUID, here: PageDep) -> Response:
    """Return the assignments of a student; for staff the dashboard of the course."""
    told = courses.get_course(course, here, Response())
    if told.role != "student":
        return staff_course.dashboard(here, course)
    return student_course(here, told)


def student_course(here: Here, course: CourseView) -> Response:
    """Return the page of a *course* for somebody who studies in it."""
    works = [work_of(one) for one in _sets_of(here, course.id)]
    active = [one for one in works if one.is_open]
    left = sum(one.left for one in active if not one.set.excused)
    return page(
        here,
        "course.html",
        title=course.title,
        tab="assignments",
        so_far=_so_far(one.set for one in works),
        late_days=exceptions.get_my_late_days(course.id, here),
        open=active,
        closed=[one for one in works if not one.is_open],
        to_do=None if course.archived_at else left,
    )


def _so_far(sets: Iterable[MyAssignment]) -> ProblemScore:
    """Return the points of all results that are shown, without weights: those are with grades."""
    shown = [one.grade for one in sets if one.grade is not None]
    return ProblemScore(
        score=added(one.score for one in shown),
        possible=added(one.possible for one in shown),
        waiting=any(one.waiting for one in shown),
    )


def _sets_of(here: Here, course: UUID) -> Sequence[MyAssignment]:
    """Return what is set for the student in a course: open work first, the next due on top."""
    return assigned_problems.mine(here, window(here), course=course).items
