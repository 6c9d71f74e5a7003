"""Analytics of a class's answers, for staff."""

from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import Query

from api.core.errors import Forbidden
from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequestDep
from api.routes.shared.error_responses import INPUT_ERRORS, READ_ERRORS
from api.schemas.analytics.assignment import AssignmentAnalytics, CourseAnalytics
from api.schemas.analytics.problem import ProblemAnalytics
from api.schemas.analytics.students_to_help import StudentsToHelp
from api.schemas.analytics.unopened import UnopenedStudentPage
from api.schemas.courses.attention import CourseAttention
from api.services.analytics import (
    MeasuredAttempt,
    compute_assignment_analytics,
    compute_course_analytics,
    compute_problem_analytics,
    load_course_attention,
)
from api.services.analytics.overview import count_students
from api.services.assignments.anonymity import WITHOUT_NAMES, is_blind_in_course
from api.services.courses.students_to_help import load_students_to_help
from api.services.courses.unopened_students import (
    list_unopened_students,
    select_unopened_students,
    serialize_unopened_student,
)

router = ApiRouter(tags=["analytics"])

AttemptChoice: TypeAlias = Annotated[
    MeasuredAttempt, Query(description="the attempt by which parts are measured")
]
SectionFilter: TypeAlias = Annotated[
    UUID | None, Query(description="only the students of this section")
]


@router.get("/courses/{course}/analytics", responses=INPUT_ERRORS)
def get_course_analytics(
    course: UUID, context: ContextDep, section: SectionFilter = None
) -> CourseAnalytics:
    """Return statistics of the published assignments: grades and submission times."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_analytics")
        if section is not None and is_blind_in_course(session, member.role, course):
            raise Forbidden(WITHOUT_NAMES)
    with context.queue_heavy_read(member) as session:
        member = context.authorize_course(session, course, right="see_analytics")
        return compute_course_analytics(session, member.course, section=section)


@router.get("/courses/{course}/students-to-help", responses=INPUT_ERRORS)
def get_students_to_help(
    course: UUID, context: ContextDep, section: SectionFilter = None
) -> StudentsToHelp:
    """List the students who may need help, each with the rules that apply.

    The list leaves out the test student, students who left, and, for TAs, assignments that are
    graded anonymously.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_submissions")
        return load_students_to_help(session, member, section=section, now=context.now)


@router.get("/courses/{course}/attention", responses=READ_ERRORS)
def get_course_attention(course: UUID, context: ContextDep) -> CourseAttention:
    """Return what needs action: answers to grade, requests, incorrect answers and regrades."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_analytics")
    with context.queue_heavy_read(member) as session:
        member = context.authorize_course(session, course, right="see_analytics")
        return load_course_attention(session, member, now=context.now)


@router.get("/assignments/{assignment}/analytics", responses=INPUT_ERRORS)
def get_assignment_analytics(
    assignment: UUID,
    context: ContextDep,
    attempt: AttemptChoice = "first",
    section: SectionFilter = None,
) -> AssignmentAnalytics:
    """Return statistics of an assignment: its grades, and those of each problem and part.

    Parts are measured by first attempts, because later attempts also measure persistence. Flags
    suggest what to look at; with fewer than 20 students there are none.
    """
    cache, key = context.service.analytics_cache, (assignment, attempt, section)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_analytics"
        )
        if section is not None:
            member.require_visible_names(assignment_row)
    cached: AssignmentAnalytics | None = cache.find(key, now=context.now)
    if cached is not None:
        return cached
    with context.queue_heavy_read(member) as session:
        _, assignment_row = context.authorize_assignment(session, assignment, right="see_analytics")
        return cache.get_or_compute(
            key,
            lambda: compute_assignment_analytics(
                session, assignment_row, attempt=attempt, section=section, now=context.now
            ),
            now=context.now,
        )


@router.get("/assignments/{assignment}/unopened", responses=INPUT_ERRORS)
def get_unopened_students(
    assignment: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    section: SectionFilter = None,
) -> UnopenedStudentPage:
    """List the students who have not opened any problem of an assignment, by last name.

    The list leaves out the test student, students who left, and students excused from the whole
    assignment. TAs are refused if the assignment is graded anonymously.
    """
    after = page_request.parse_cursor("name", str)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_submissions"
        )
        member.require_visible_names(assignment_row)
        students = select_unopened_students(session, assignment_row, section)
        total = count_students(session, students)
        rows = list_unopened_students(session, students, after=after, limit=page_request.limit + 1)
    page = page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("name", row[0].sort_name, row[0].id),
        serialize_row=serialize_unopened_student,
    )
    return UnopenedStudentPage(students=total, items=page.items, next=page.next)


@router.get("/assignments/{assignment}/problems/{problem}/analytics", responses=INPUT_ERRORS)
def get_problem_analytics(
    assignment: UUID,
    problem: str,
    context: ContextDep,
    attempt: AttemptChoice = "first",
    section: SectionFilter = None,
) -> ProblemAnalytics:
    """Return statistics of a problem, with its incorrect answers; unexplained ones come first.

    They also show whether some variants are harder than others, and which answers may have been
    copied or guessed. These are hints for a person and never a penalty.
    """
    cache = context.service.analytics_cache
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_analytics")
        if section is not None:
            assigned.member.require_visible_names(assigned.assignment)
    key = assigned.problem.id, attempt, section
    cached: ProblemAnalytics | None = cache.find(key, now=context.now)
    if cached is not None:
        return cached
    with context.queue_heavy_read(assigned.member) as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_analytics")
        return cache.get_or_compute(
            key,
            lambda: compute_problem_analytics(
                session,
                assigned,
                variants=context.service.variants,
                attempt=attempt,
                section=section,
                now=context.now,
            ),
            now=context.now,
        )
