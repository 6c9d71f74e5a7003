"""What the answers of a class say: for staff."""

from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import Query

from api.core.errors import Forbidden
from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.routes.shared.error_responses import SEES, SENDS
from api.schemas.analytics.assignment import AssignmentAnalytics, CourseAnalytics
from api.schemas.analytics.problem import ProblemAnalytics
from api.schemas.courses.attention import CourseAttention
from api.services.analytics import (
    Which,
    assignment_analytics,
    course_analytics,
    course_attention,
    problem_analytics,
)
from api.services.assignments.anonymity import WITHOUT_NAMES, is_blind_in_course

__all__ = ["router"]

router = ApiRouter(tags=["analytics"])

Attempt: TypeAlias = Annotated[Which, Query(description="by which attempt parts are measured")]
Section: TypeAlias = Annotated[UUID | None, Query(description="only the students of this section")]


@router.get("/courses/{course}/analytics", responses=SENDS)
def of_course(course: UUID, here: HereDep, section: Section = None) -> CourseAnalytics:
    """Return the published assignments in figures: grades, and when they are handed in."""
    with here.reading() as session:
        member = here.member(session, course, right="see_analytics")
        if section is not None and is_blind_in_course(session, member.role, course):
            raise Forbidden(WITHOUT_NAMES)
    with here.heavy_reading(member) as session:
        member = here.member(session, course, right="see_analytics")
        return course_analytics(session, member.course, section=section)


@router.get("/courses/{course}/attention", responses=SEES)
def attention(course: UUID, here: HereDep) -> CourseAttention:
    """Return what in a course waits for its staff: to mark, to answer, to look at, to apply."""
    with here.reading() as session:
        member = here.member(session, course, right="see_analytics")
    with here.heavy_reading(member) as session:
        member = here.member(session, course, right="see_analytics")
        return course_attention(session, member, now=here.now)


@router.get("/assignments/{assignment}/analytics", responses=SENDS)
def of_assignment(
    assignment: UUID, here: HereDep, attempt: Attempt = "first", section: Section = None
) -> AssignmentAnalytics:
    """Return an assignment in figures: its grades, and how each problem and part does.

    Parts are measured by first attempts, because later ones tell of persistence. Flags say what to
    look at; below 20 students there are none.
    """
    figures, key = here.service.figures, (assignment, attempt, section)
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="see_analytics")
        if section is not None:
            member.need_names(found)
    kept: AssignmentAnalytics | None = figures.find(key, now=here.now)
    if kept is not None:
        return kept
    with here.heavy_reading(member) as session:
        _, found = here.assignment(session, assignment, right="see_analytics")
        return figures.get(
            key,
            lambda: assignment_analytics(
                session, found, attempt=attempt, section=section, now=here.now
            ),
            now=here.now,
        )


@router.get("/assignments/{assignment}/problems/{problem}/analytics", responses=SENDS)
def of_problem(
    assignment: UUID,
    problem: str,
    here: HereDep,
    attempt: Attempt = "first",
    section: Section = None,
) -> ProblemAnalytics:
    """Return a problem in figures, with its wrong answers: what no mistake explains comes first.

    Also whether some numbers are harder than others, and what may have come from a classmate or
    from guessing: signs to look at, never a penalty.
    """
    figures = here.service.figures
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="see_analytics")
        if section is not None:
            posed.member.need_names(posed.assignment)
    key = posed.problem.id, attempt, section
    kept: ProblemAnalytics | None = figures.find(key, now=here.now)
    if kept is not None:
        return kept
    with here.heavy_reading(posed.member) as session:
        posed = here.posed(session, assignment, problem, right="see_analytics")
        return figures.get(
            key,
            lambda: problem_analytics(
                session,
                posed,
                variants=here.service.variants,
                attempt=attempt,
                section=section,
                now=here.now,
            ),
            now=here.now,
        )
