"""Assignments: set, read, published, released and deleted."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from api.db.models import Assignment
from api.dependencies import Here, HereDep
from api.http.etags import Expected, IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.editing import Confirm, DryRun, tag, taken
from api.routes.shared.error_responses import CHANGES, EDITS, SENDS
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
from api.services.assignments import editing, problems, viewing
from api.services.audit.change_context import Act

__all__ = ["router"]

router = ApiRouter(tags=["assignments"])


@router.get(
    "/courses/{course}/assignments",
    response_model=Page[StaffAssignment | StudentAssignment],
    responses=responses(Unauthenticated, NotFound),
)
def get_assignments(
    course: UUID,
    here: HereDep,
    window: PageWindow,
    category: Annotated[str | None, Query(max_length=80)] = None,
) -> Page[StaffAssignment | StudentAssignment]:
    """List the assignments of a course in their order.

    Students see those that are released, with their own times; staff see all, with all settings.
    """
    after = window.after("position", int)
    with here.reading() as session:
        member = here.member(session, course)
        rows = viewing.in_course(session, member, category=category, now=here.now)
    if after is not None:
        rows = [row for row in rows if (row[0].position, row[0].id) > (after.value, after.id)]
    return window.page(
        rows[: window.limit + 1],
        end=lambda row: Cursor("position", row[0].position, row[0].id),
        show=lambda row: row[1],
    )


@router.post(
    "/courses/{course}/assignments",
    status_code=201,
    response_model=StaffAssignment,
    responses=CHANGES,
)
def post_assignment(
    course: UUID, body: AssignmentIn, here: HereDep, response: Response
) -> StaffAssignment:
    """Make an assignment; it has no problems yet and is not published."""
    with here.transaction() as session:
        member = here.member(session, course, right="manage_assignments")
        act = Act.of(member, now=here.now)
        taken(session, act.course)
        told = editing.shown(session, act, editing.create(session, act, body))
    response.headers["Location"] = f"/api/v1/assignments/{told.id}"
    tag(response, act, told.version)
    return told


@router.get(
    "/assignments/{assignment}",
    response_model=StaffAssignment | StudentAssignment,
    responses=responses(Unauthenticated, NotFound),
)
def get_assignment(
    assignment: UUID, here: HereDep, response: Response
) -> StaffAssignment | StudentAssignment:
    """Return an assignment: for students with their own times, for staff with all settings."""
    with here.reading() as session:
        member, row = here.assignment(session, assignment)
        told = viewing.one_for(session, member, row, now=here.now)
    if member.is_staff:
        response.headers["ETag"] = etag(row.version)
    return told


@router.patch("/assignments/{assignment}", response_model=AssignmentChanged, responses=EDITS)
def patch_assignment(
    assignment: UUID,
    body: AssignmentPatch,
    here: HereDep,
    expected: IfMatch,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> AssignmentChanged:
    """Change settings of an assignment, and all grades that depend on them.

    When answers came and which attempts they used are facts, which no change touches.
    """
    with here.recomputing("manage_assignments") as session:
        member, row = here.assignment(session, assignment, right="manage_assignments")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        taken(session, row, expected)
        told = editing.change(session, act, row, body)
    tag(response, act, told.assignment.version)
    return told


@router.delete("/assignments/{assignment}", status_code=204, responses=EDITS)
def delete_assignment(
    assignment: UUID, here: HereDep, expected: IfMatch, *, confirm: Confirm = False
) -> None:
    """Take an assignment out of the course; what was handed in is kept and counts no more."""
    with here.transaction() as session:
        member, row = here.assignment(session, assignment, right="manage_assignments")
        taken(session, row, expected)
        editing.delete(session, Act.of(member, now=here.now), row, confirmed=confirm)


@router.post(
    "/assignments/{assignment}/publish",
    response_model=StaffAssignment,
    responses=responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_publish(assignment: UUID, here: HereDep, response: Response) -> StaffAssignment:
    """Let students see an assignment, from its release on."""
    return _done(assignment, here, response, editing.publish)


@router.post(
    "/assignments/{assignment}/unpublish",
    response_model=StaffAssignment,
    responses=responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_unpublish(assignment: UUID, here: HereDep, response: Response) -> StaffAssignment:
    """Hide an assignment again, to which nobody has handed in anything."""
    return _done(assignment, here, response, editing.unpublish)


@router.post(
    "/assignments/{assignment}/release",
    response_model=Released,
    responses=SENDS,
)
def post_release(assignment: UUID, body: ReleaseIn, here: HereDep, response: Response) -> Released:
    """Show results or solutions from now on whatever the rule is, or by the rule again.

    `waiting` says how many students still wait to be marked by a person.
    """
    with here.transaction() as session:
        member, row = here.assignment(session, assignment, right="manage_assignments")
        act = Act.of(member, now=here.now)
        taken(session, row)
        told = editing.release(session, act, row, body)
    tag(response, act, told.assignment.version)
    return told


@router.put(
    "/assignments/{assignment}/order",
    response_model=StaffAssignment,
    responses=EDITS,
)
def put_order(
    assignment: UUID, body: OrderIn, here: HereDep, expected: IfMatch, response: Response
) -> StaffAssignment:
    """Put the problems of an assignment into another order."""

    def order(session: Session, act: Act, row: Assignment) -> None:
        problems.order(session, act, row, body.problems)

    return _done(assignment, here, response, order, expected=expected)


def _done(
    assignment: UUID,
    here: Here,
    response: Response,
    do: Callable[[Session, Act, Assignment], None],
    *,
    expected: Expected | None = None,
) -> StaffAssignment:
    """Return an assignment after *do* changed it."""
    with here.transaction() as session:
        member, row = here.assignment(session, assignment, right="manage_assignments")
        act = Act.of(member, now=here.now)
        taken(session, row, expected)
        do(session, act, row)
        told = editing.shown(session, act, row)
    tag(response, act, told.version)
    return told
