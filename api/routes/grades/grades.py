"""Grades of one student: how each number was computed, and how it changed."""

from datetime import datetime
from uuid import UUID

from fastapi import Response

from api.core.errors import Forbidden, NotFound, Unauthenticated
from api.dependencies import ContextDep
from api.http.etags import format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.grades.grades import MyGrades, StudentGrades
from api.schemas.grades.history import GradeEventPage, StaffGradeEventPage
from api.schemas.student.solution import OwnMistakes
from api.services.gradebook.detail import load_my_grades, load_student_grades
from api.services.gradebook.history import load_my_grade_history, load_student_grade_history
from api.services.student.solution import load_own_mistakes

router = ApiRouter(tags=["grades"])


@router.get("/courses/{course}/grades", responses=READ_ERRORS)
def get_my_grades(course: UUID, context: ContextDep) -> MyGrades:
    """Return your grades, each with its calculation. Unreleased results are left out."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_own_work")
        return load_my_grades(session, member, now=context.now)


@router.get("/courses/{course}/mistakes", responses=READ_ERRORS)
def get_my_mistakes(course: UUID, context: ContextDep) -> OwnMistakes:
    """Return your known mistakes by cause, in problems whose solutions you can see."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_own_work")
        return load_own_mistakes(session, member, now=context.now)


@router.get("/courses/{course}/students/{user}/grades", responses=READ_ERRORS)
def get_student_grades(course: UUID, user: UUID, context: ContextDep) -> StudentGrades:
    """Return all grades of a student, each with its calculation, late days and overrides."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_gradebook")
        return load_student_grades(session, member, user, now=context.now)


@router.get(
    "/assignments/{assignment}/history",
    responses=error_responses(Unauthenticated, Forbidden, "not_released", NotFound),
)
def get_my_grade_history(
    assignment: UUID, context: ContextDep, page_request: PageRequestDep
) -> GradeEventPage:
    """Return the history of your grade in an assignment."""
    after = page_request.parse_cursor("at", datetime)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_own_work"
        )
        rows = load_my_grade_history(
            session,
            member,
            assignment_row,
            after=after,
            limit=page_request.limit + 1,
            now=context.now,
        )
    page = page_request.build_page(
        rows, cursor_of=lambda item: Cursor("at", *item[0]), serialize_row=lambda item: item[1]
    )
    return GradeEventPage(items=page.items, next=page.next)


@router.get("/assignments/{assignment}/students/{user}/history", responses=READ_ERRORS)
def get_student_grade_history(
    assignment: UUID,
    user: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    response: Response,
) -> StaffGradeEventPage:
    """Return the history of a student's grade. An override sends its ETag."""
    after = page_request.parse_cursor("at", datetime)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_gradebook"
        )
        rows, version = load_student_grade_history(
            session, member, assignment_row, user, after=after, limit=page_request.limit + 1
        )
    response.headers["ETag"] = format_etag(version)
    page = page_request.build_page(
        rows, cursor_of=lambda item: Cursor("at", *item[0]), serialize_row=lambda item: item[1]
    )
    return StaffGradeEventPage(items=page.items, next=page.next)
