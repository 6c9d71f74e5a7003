"""The grades of one student, how each number came about, and how it changed."""

from datetime import datetime
from uuid import UUID

from fastapi import Response

from api.core.errors import Forbidden, NotFound, Unauthenticated
from api.dependencies import HereDep
from api.http.etags import etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageWindow
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES
from api.schemas.grades.grades import MyGrades, StudentGrades
from api.schemas.grades.history import GradeEventPage, StaffGradeEventPage
from api.services.gradebook.detail import my_grades, student_grades
from api.services.gradebook.history import my_history, student_history

__all__ = ["router"]

router = ApiRouter(tags=["grades"])


@router.get("/courses/{course}/grades", responses=SEES)
def get_my_grades(course: UUID, here: HereDep) -> MyGrades:
    """Return one's own grades, each number with its steps; what is not released is not in it."""
    with here.reading() as session:
        member = here.member(session, course, right="see_own_work")
        return my_grades(session, member, now=here.now)


@router.get("/courses/{course}/students/{user}/grades", responses=SEES)
def get_student_grades(course: UUID, user: UUID, here: HereDep) -> StudentGrades:
    """Return all grades of a student, each number with its steps, late days and overrides."""
    with here.reading() as session:
        member = here.member(session, course, right="see_gradebook")
        return student_grades(session, member, user, now=here.now)


@router.get(
    "/assignments/{assignment}/history",
    responses=responses(Unauthenticated, Forbidden, "not_released", NotFound),
)
def get_my_history(assignment: UUID, here: HereDep, window: PageWindow) -> GradeEventPage:
    """Return how one's own grade in an assignment came to be what it is, from the start."""
    after = window.after("at", datetime)
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="see_own_work")
        rows = my_history(session, member, found, after=after, limit=window.limit + 1, now=here.now)
    page = window.page(rows, end=lambda one: Cursor("at", *one[0]), show=lambda one: one[1])
    return GradeEventPage(items=page.items, next=page.next)


@router.get("/assignments/{assignment}/students/{user}/history", responses=SEES)
def get_student_history(
    assignment: UUID, user: UUID, here: HereDep, window: PageWindow, response: Response
) -> StaffGradeEventPage:
    """Return how a student's grade came to be what it is; the ETag is what an override changes."""
    after = window.after("at", datetime)
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="see_gradebook")
        rows, version = student_history(
            session, member, found, user, after=after, limit=window.limit + 1
        )
    response.headers["ETag"] = etag(version)
    page = window.page(rows, end=lambda one: Cursor("at", *one[0]), show=lambda one: one[1])
    return StaffGradeEventPage(items=page.items, next=page.next)
