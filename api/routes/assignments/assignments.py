"""Assignments: create, read, edit, publish, release and delete."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from api.db.models import Assignment
from api.dependencies import ContextDep, RequestContext
from api.http.etags import IfMatch, IfMatchVersions, format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.edit_helpers import Confirm, DryRun, lock_row, set_etag
from api.routes.shared.error_responses import CHANGE_ERRORS, EDIT_ERRORS, INPUT_ERRORS
from api.schemas.assignments.assignments import (
    AssignmentChanged,
    AssignmentIn,
    AssignmentPatch,
    OrderIn,
    Released,
    ReleaseIn,
    StaffAssignment,
    StudentAssignment,
)
from api.services.assignments import assignment_lifecycle, problems, views
from api.services.audit.change_context import ChangeContext
from api.services.outbox.announcements import announce_results

router = ApiRouter(tags=["assignments"])


@router.get(
    "/courses/{course}/assignments",
    response_model=Page[StaffAssignment | StudentAssignment],
    responses=error_responses(Unauthenticated, NotFound),
)
def get_assignments(
    course: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    category: Annotated[str | None, Query(max_length=80)] = None,
) -> Page[StaffAssignment | StudentAssignment]:
    """List the assignments of a course in their order.

    Students see released assignments with their own dates. Staff see all, with all settings.
    """
    after = page_request.parse_cursor("position", int)
    with context.reading() as session:
        member = context.authorize_course(session, course)
        rows = views.list_assignments(session, member, category=category, now=context.now)
    if after is not None:
        rows = [row for row in rows if (row[0].position, row[0].id) > (after.value, after.id)]
    return page_request.build_page(
        rows[: page_request.limit + 1],
        cursor_of=lambda row: Cursor("position", row[0].position, row[0].id),
        serialize_row=lambda row: row[1],
    )


@router.post(
    "/courses/{course}/assignments",
    status_code=201,
    response_model=StaffAssignment,
    responses=CHANGE_ERRORS,
)
def post_assignment(
    course: UUID, body: AssignmentIn, context: ContextDep, response: Response
) -> StaffAssignment:
    """Create an assignment. It has no problems yet and is not published."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_assignments")
        act = ChangeContext.for_member(member, now=context.now)
        lock_row(session, act.course)
        view = assignment_lifecycle.serialize_assignment(
            session, act, assignment_lifecycle.create_assignment(session, act, body)
        )
    response.headers["Location"] = f"/api/v1/assignments/{view.id}"
    set_etag(response, act, view.version)
    return view


@router.get(
    "/assignments/{assignment}",
    response_model=StaffAssignment | StudentAssignment,
    responses=error_responses(Unauthenticated, NotFound),
)
def get_assignment(
    assignment: UUID, context: ContextDep, response: Response
) -> StaffAssignment | StudentAssignment:
    """Return an assignment: for students with their own dates, for staff with all settings."""
    with context.reading() as session:
        member, row = context.authorize_assignment(session, assignment)
        view = views.build_assignment_view(session, member, row, now=context.now)
    if member.is_staff:
        response.headers["ETag"] = format_etag(row.version)
    return view


@router.patch("/assignments/{assignment}", response_model=AssignmentChanged, responses=EDIT_ERRORS)
def patch_assignment(
    assignment: UUID,
    body: AssignmentPatch,
    context: ContextDep,
    expected: IfMatch,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> AssignmentChanged:
    """Change settings of an assignment, and recompute all grades that depend on them.

    The time of a submission and the attempts that it used never change.
    """
    with context.queue_recomputing_transaction("manage_assignments") as session:
        member, row = context.authorize_assignment(session, assignment, right="manage_assignments")
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        lock_row(session, row, expected)
        result = assignment_lifecycle.update_assignment(session, act, row, body)
    set_etag(response, act, result.assignment.version)
    return result


@router.delete("/assignments/{assignment}", status_code=204, responses=EDIT_ERRORS)
def delete_assignment(
    assignment: UUID, context: ContextDep, expected: IfMatch, *, confirm: Confirm = False
) -> None:
    """Delete an assignment. Its submissions are kept but no longer count."""
    with context.transaction() as session:
        member, row = context.authorize_assignment(session, assignment, right="manage_assignments")
        lock_row(session, row, expected)
        assignment_lifecycle.delete_assignment(
            session, ChangeContext.for_member(member, now=context.now), row, confirmed=confirm
        )


@router.post(
    "/assignments/{assignment}/restore",
    response_model=StaffAssignment,
    responses=error_responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_restore(assignment: UUID, context: ContextDep, response: Response) -> StaffAssignment:
    """Restore a deleted assignment. Its submissions count again."""
    return _change_assignment(
        assignment,
        context,
        response,
        assignment_lifecycle.restore_assignment,
        include_deleted=True,
    )


@router.post(
    "/assignments/{assignment}/publish",
    response_model=StaffAssignment,
    responses=error_responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_publish(assignment: UUID, context: ContextDep, response: Response) -> StaffAssignment:
    """Publish an assignment: students see it from its release date on."""
    return _change_assignment(
        assignment, context, response, assignment_lifecycle.publish_assignment
    )


@router.post(
    "/assignments/{assignment}/unpublish",
    response_model=StaffAssignment,
    responses=error_responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_unpublish(assignment: UUID, context: ContextDep, response: Response) -> StaffAssignment:
    """Unpublish an assignment without submissions."""
    return _change_assignment(
        assignment, context, response, assignment_lifecycle.unpublish_assignment
    )


@router.post(
    "/assignments/{assignment}/release",
    response_model=Released,
    responses=INPUT_ERRORS,
)
def post_results_release(
    assignment: UUID, body: ReleaseIn, context: ContextDep, response: Response
) -> Released:
    """Release results or solutions now, whatever the rule says, or return to the rule.

    `waiting` is the number of students with ungraded answers.
    """
    with context.transaction() as session:
        member, row = context.authorize_assignment(session, assignment, right="manage_assignments")
        act = ChangeContext.for_member(member, now=context.now)
        lock_row(session, row)
        result = assignment_lifecycle.set_results_and_solutions_released(session, act, row, body)
        if body.results:
            announce_results(session, context.service.outbox, row, now=context.now)
    set_etag(response, act, result.assignment.version)
    return result


@router.put(
    "/assignments/{assignment}/order",
    response_model=StaffAssignment,
    responses=EDIT_ERRORS,
)
def put_problem_order(
    assignment: UUID, body: OrderIn, context: ContextDep, expected: IfMatch, response: Response
) -> StaffAssignment:
    """Set the order of the problems of an assignment."""

    def reorder(session: Session, act: ChangeContext, row: Assignment) -> None:
        problems.reorder_problems(session, act, row, body.problems)

    return _change_assignment(assignment, context, response, reorder, expected=expected)


def _change_assignment(
    assignment: UUID,
    context: RequestContext,
    response: Response,
    change: Callable[[Session, ChangeContext, Assignment], None],
    *,
    expected: IfMatchVersions | None = None,
    include_deleted: bool = False,
) -> StaffAssignment:
    """Apply *change* to an assignment and return its new state."""
    with context.transaction() as session:
        member, row = context.authorize_assignment(
            session, assignment, right="manage_assignments", include_deleted=include_deleted
        )
        act = ChangeContext.for_member(member, now=context.now)
        lock_row(session, row, expected)
        change(session, act, row)
        view = assignment_lifecycle.serialize_assignment(session, act, row)
    set_etag(response, act, view.version)
    return view
