"""What is granted to single students and sections: extensions, excuses, late days."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import NotFound, Unauthenticated
from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.editing import DryRun, taken, tell_made
from api.routes.shared.error_responses import CHANGES, SEES
from api.schemas.assignments.exceptions import (
    ExcuseGranted,
    ExcuseIn,
    Excuses,
    ExtensionGranted,
    ExtensionIn,
    ExtensionOut,
    LateDaysChanged,
    LateDaysView,
    RefundIn,
    StudentTimes,
)
from api.schemas.shared.effects import Effect
from api.services.audit.change_context import Act
from api.services.exceptions import excuses, extensions, late_days
from api.services.exceptions.students import student_of

__all__ = ["router"]

router = ApiRouter(tags=["extensions"])
Narrow = Annotated[UUID | None, Query(description="only those that hold here")]


@router.get(
    "/courses/{course}/extensions",
    response_model=Page[ExtensionOut],
    responses=SEES,
)
def get_extensions(
    course: UUID,
    here: HereDep,
    window: PageWindow,
    assignment: Narrow = None,
    student: Narrow = None,
    section: Narrow = None,
) -> Page[ExtensionOut]:
    """List the extensions of a course that hold, the oldest first."""
    with here.reading() as session:
        member = here.member(session, course, right="grant_extensions")
        rows = extensions.extensions_in(
            session,
            member.course,
            assignment=assignment,
            student=student,
            section=section,
            after=window.after("created", datetime),
            limit=window.limit,
        )
        return window.page(
            rows,
            end=lambda row: Cursor("created", row.created_at, row.id),
            show=extensions.shown,
        )


@router.post(
    "/courses/{course}/extensions",
    status_code=201,
    response_model=ExtensionGranted,
    responses=CHANGES,
)
def post_extension(
    course: UUID, body: ExtensionIn, here: HereDep, response: Response, *, dry_run: DryRun = False
) -> ExtensionGranted:
    """Grant an extension, or with `dry_run` see what times it would give.

    It is for a student or a section, in one assignment or in all. Of several the most favourable
    wins, so that none takes anything away.
    """
    with here.recomputing("grant_extensions") as session:
        member = here.member(session, course, right="grant_extensions")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        granted = extensions.grant(session, act, body)
    tell_made(response, act)
    return granted


@router.delete(
    "/courses/{course}/extensions/{extension}",
    response_model=Effect,
    responses=SEES,
)
def delete_extension(
    course: UUID, extension: UUID, here: HereDep, *, dry_run: DryRun = False
) -> Effect:
    """Take an extension back; work that was in time by it keeps its credit."""
    with here.recomputing("grant_extensions") as session:
        member = here.member(session, course, right="grant_extensions")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        return extensions.withdraw(session, act, extension)


@router.get(
    "/assignments/{assignment}/students/{user}/times",
    response_model=StudentTimes,
    responses=SEES,
)
def get_student_times(assignment: UUID, user: UUID, here: HereDep) -> StudentTimes:
    """Return the times and limits that hold for one student, and by which extensions.

    Graders are refused while an assignment of the course is marked without names.
    """
    with here.reading() as session:
        member, row = here.assignment(session, assignment, right="see_submissions")
        member.need_accommodations(session)
        return extensions.times_of(session, member, row, user, now=here.now)


@router.get(
    "/assignments/{assignment}/excuses",
    response_model=Excuses,
    responses=SEES,
)
def get_excuses(assignment: UUID, here: HereDep) -> Excuses:
    """List who is excused from an assignment or from a problem of it."""
    with here.reading() as session:
        _, row = here.assignment(session, assignment, right="grant_extensions")
        return Excuses(items=excuses.excuses_in(session, row))


@router.post(
    "/assignments/{assignment}/excuses",
    status_code=201,
    response_model=ExcuseGranted,
    responses=CHANGES,
)
def post_excuse(
    assignment: UUID, body: ExcuseIn, here: HereDep, response: Response, *, dry_run: DryRun = False
) -> ExcuseGranted:
    """Excuse a student from an assignment or a problem: it counts neither way."""
    with here.recomputing("grant_extensions") as session:
        member, row = here.assignment(session, assignment, right="grant_extensions")
        taken(session, row)
        act = Act.of(member, now=here.now, dry_run=dry_run)
        granted = excuses.excuse(session, act, row, body)
    tell_made(response, act)
    return granted


@router.delete(
    "/assignments/{assignment}/excuses/{excuse}",
    response_model=Effect,
    responses=SEES,
)
def delete_excuse(
    assignment: UUID, excuse: UUID, here: HereDep, *, dry_run: DryRun = False
) -> Effect:
    """Take an excuse back."""
    with here.recomputing("grant_extensions") as session:
        member, row = here.assignment(session, assignment, right="grant_extensions")
        taken(session, row)
        act = Act.of(member, now=here.now, dry_run=dry_run)
        return excuses.withdraw_excuse(session, act, row, excuse)


@router.get(
    "/courses/{course}/late-days",
    response_model=LateDaysView,
    responses=responses(Unauthenticated, NotFound),
)
def get_my_late_days(course: UUID, here: HereDep) -> LateDaysView:
    """Return one's own budget of late days, and where it went."""
    with here.reading() as session:
        member = here.member(session, course, right="see_own_work")
        return late_days.late_days_of(session, member.course, member.student_id)


@router.get(
    "/courses/{course}/students/{user}/late-days",
    response_model=LateDaysView,
    responses=SEES,
)
def get_late_days(course: UUID, user: UUID, here: HereDep) -> LateDaysView:
    """Return a student's budget of late days, and where it went.

    Graders are refused while an assignment of the course is marked without names.
    """
    with here.reading() as session:
        member = here.member(session, course, right="see_gradebook")
        member.need_accommodations(session)
        student_of(session, member.course, user)
        return late_days.late_days_of(session, member.course, user)


@router.post(
    "/courses/{course}/students/{user}/late-days/refund",
    response_model=LateDaysChanged,
    responses=CHANGES,
)
def post_refund(
    course: UUID, user: UUID, body: RefundIn, here: HereDep, *, dry_run: DryRun = False
) -> LateDaysChanged:
    """Give late days back that a student spent; work that was in time by them keeps its credit."""
    with here.recomputing("grant_extensions") as session:
        member = here.member(session, course, right="grant_extensions")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        return late_days.refund(session, act, user, body)
