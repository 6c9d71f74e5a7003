"""Exceptions for single students and sections: extensions, excuses, late days."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import NotFound, Unauthenticated
from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.edit_helpers import DryRun, lock_row, set_dry_run_status
from api.routes.shared.error_responses import CHANGE_ERRORS, READ_ERRORS
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
from api.services.audit.change_context import ChangeContext
from api.services.exceptions import excuses, extensions, late_days
from api.services.exceptions.students import load_student_enrolment

router = ApiRouter(tags=["extensions"])
IdFilter = Annotated[
    UUID | None, Query(description="only extensions that apply to this assignment")
]


@router.get(
    "/courses/{course}/extensions",
    response_model=Page[ExtensionOut],
    responses=READ_ERRORS,
)
def get_extensions(
    course: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    assignment: IdFilter = None,
    student: IdFilter = None,
    section: IdFilter = None,
) -> Page[ExtensionOut]:
    """List the active extensions of a course, oldest first."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="grant_extensions")
        rows = extensions.list_extensions(
            session,
            member.course,
            assignment=assignment,
            student=student,
            section=section,
            after=page_request.parse_cursor("created", datetime),
            limit=page_request.limit,
        )
        return page_request.build_page(
            rows,
            cursor_of=lambda row: Cursor("created", row.created_at, row.id),
            serialize_row=extensions.serialize_extension,
        )


@router.post(
    "/courses/{course}/extensions",
    status_code=201,
    response_model=ExtensionGranted,
    responses=CHANGE_ERRORS,
)
def post_extension(
    course: UUID,
    body: ExtensionIn,
    context: ContextDep,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> ExtensionGranted:
    """Grant an extension; with `dry_run`, only return the resulting dates.

    It applies to a student or a section, in one assignment or in all. If several apply, the most
    generous counts.
    """
    with context.queue_recomputing_transaction("grant_extensions") as session:
        member = context.authorize_course(session, course, right="grant_extensions")
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        granted = extensions.grant_extension(session, act, body)
    set_dry_run_status(response, act)
    return granted


@router.delete(
    "/courses/{course}/extensions/{extension}",
    response_model=Effect,
    responses=READ_ERRORS,
)
def delete_extension(
    course: UUID, extension: UUID, context: ContextDep, *, dry_run: DryRun = False
) -> Effect:
    """Withdraw an extension. Work that was on time because of it keeps its credit."""
    with context.queue_recomputing_transaction("grant_extensions") as session:
        member = context.authorize_course(session, course, right="grant_extensions")
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        return extensions.withdraw_extension(session, act, extension)


@router.get(
    "/assignments/{assignment}/students/{user}/times",
    response_model=StudentTimes,
    responses=READ_ERRORS,
)
def get_student_times(assignment: UUID, user: UUID, context: ContextDep) -> StudentTimes:
    """Return the dates and limits of one student, with the extensions that apply.

    TAs are refused while an assignment of the course is graded anonymously.
    """
    with context.reading() as session:
        member, row = context.authorize_assignment(session, assignment, right="see_submissions")
        member.require_visible_accommodations(session)
        return extensions.load_student_times(session, member, row, user, now=context.now)


@router.get(
    "/assignments/{assignment}/excuses",
    response_model=Excuses,
    responses=READ_ERRORS,
)
def get_excuses(assignment: UUID, context: ContextDep) -> Excuses:
    """List who is excused from an assignment or from one of its problems."""
    with context.reading() as session:
        _, row = context.authorize_assignment(session, assignment, right="grant_extensions")
        return Excuses(items=excuses.list_excuses(session, row))


@router.post(
    "/assignments/{assignment}/excuses",
    status_code=201,
    response_model=ExcuseGranted,
    responses=CHANGE_ERRORS,
)
def post_excuse(
    assignment: UUID,
    body: ExcuseIn,
    context: ContextDep,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> ExcuseGranted:
    """Excuse a student from an assignment or a problem, so that it does not count."""
    with context.queue_recomputing_transaction("grant_extensions") as session:
        member, row = context.authorize_assignment(session, assignment, right="grant_extensions")
        lock_row(session, row)
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        granted = excuses.grant_excuse(session, act, row, body)
    set_dry_run_status(response, act)
    return granted


@router.delete(
    "/assignments/{assignment}/excuses/{excuse}",
    response_model=Effect,
    responses=READ_ERRORS,
)
def delete_excuse(
    assignment: UUID, excuse: UUID, context: ContextDep, *, dry_run: DryRun = False
) -> Effect:
    """Withdraw an excuse."""
    with context.queue_recomputing_transaction("grant_extensions") as session:
        member, row = context.authorize_assignment(session, assignment, right="grant_extensions")
        lock_row(session, row)
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        return excuses.withdraw_excuse(session, act, row, excuse)


@router.get(
    "/courses/{course}/late-days",
    response_model=LateDaysView,
    responses=error_responses(Unauthenticated, NotFound),
)
def get_my_late_days(course: UUID, context: ContextDep) -> LateDaysView:
    """Return your late days: how many you have and where you used them."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_own_work")
        return late_days.load_late_days(session, member.course, member.student_id)


@router.get(
    "/courses/{course}/students/{user}/late-days",
    response_model=LateDaysView,
    responses=READ_ERRORS,
)
def get_late_days(course: UUID, user: UUID, context: ContextDep) -> LateDaysView:
    """Return the late days of a student: how many there are and where they were used.

    TAs are refused while an assignment of the course is graded anonymously.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="see_gradebook")
        member.require_visible_accommodations(session)
        load_student_enrolment(session, member.course, user)
        return late_days.load_late_days(session, member.course, user)


@router.post(
    "/courses/{course}/students/{user}/late-days/refund",
    response_model=LateDaysChanged,
    responses=CHANGE_ERRORS,
)
def post_late_days_refund(
    course: UUID, user: UUID, body: RefundIn, context: ContextDep, *, dry_run: DryRun = False
) -> LateDaysChanged:
    """Refund late days of a student. Work that was on time because of them keeps its credit."""
    with context.queue_recomputing_transaction("grant_extensions") as session:
        member = context.authorize_course(session, course, right="grant_extensions")
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        return late_days.refund_late_days(session, act, user, body)
