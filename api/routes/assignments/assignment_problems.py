"""Problems of an assignment: set, changed and removed; notices on them."""

from uuid import UUID

from fastapi import Response

from api.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Precondition,
    PreconditionRequired,
    Unauthenticated,
)
from api.dependencies import HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.routes.shared.editing import Confirm, DryRun, tag, taken, tell_made
from api.routes.shared.error_responses import CHANGES, EDITS, SEES, SENDS
from api.schemas.assignments.problems import (
    NoticeIn,
    NoticeOut,
    Notices,
    PosedChanged,
    PosedIn,
    PosedPatch,
    PosedSettings,
)
from api.services.assignments import notices, problems
from api.services.audit.change_context import Act

__all__ = ["router"]

router = ApiRouter(tags=["assignments"])
POSED = "/assignments/{assignment}/problems/{problem}"


@router.get(
    f"{POSED}/settings",
    response_model=PosedSettings,
    responses=SEES,
)
def get_settings(
    assignment: UUID, problem: str, here: HereDep, response: Response
) -> PosedSettings:
    """Return how a problem is set in an assignment: its version, points and what is void."""
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="see_unreleased")
        told = problems.settings(session, posed.assignment, posed.problem)
    response.headers["ETag"] = etag(told.version)
    return told


@router.post(
    "/assignments/{assignment}/problems",
    status_code=201,
    response_model=PosedChanged,
    responses=CHANGES,
)
def post_problem(
    assignment: UUID,
    body: PosedIn,
    here: HereDep,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> PosedChanged:
    """Add a problem to an assignment, or bring one back with what was handed in to it.

    The same again changes nothing; to change one that is there, use PATCH.
    """
    with here.recomputing("manage_assignments") as session:
        member, row = here.assignment(session, assignment, right="manage_assignments")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        taken(session, row)
        told = problems.add(session, act, row, body)
    tell_made(response, act)
    if told.problem is not None:
        tag(response, act, told.problem.version)
    return told


@router.patch(
    POSED,
    response_model=PosedChanged,
    responses=EDITS,
)
def patch_problem(
    assignment: UUID,
    problem: str,
    body: PosedPatch,
    here: HereDep,
    expected: IfMatch,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> PosedChanged:
    """Change how a problem is set: points, group, extra, void parts, and the version.

    The version is free until a student has seen the problem; from then on a regrade changes it.
    """
    with here.recomputing("manage_assignments") as session:
        posed = here.posed(session, assignment, problem, right="manage_assignments")
        act = Act.of(posed.member, now=here.now, dry_run=dry_run)
        taken(session, posed.assignment)
        taken(session, posed.problem, expected)
        told = problems.change(session, act, posed, body)
    if told.problem is not None:
        tag(response, act, told.problem.version)
    return told


@router.delete(
    POSED,
    response_model=PosedChanged,
    responses=responses(
        Unauthenticated, Forbidden, NotFound, Conflict, Precondition, PreconditionRequired
    ),
)
def delete_problem(
    assignment: UUID,
    problem: str,
    here: HereDep,
    expected: IfMatch,
    *,
    confirm: Confirm = False,
    dry_run: DryRun = False,
) -> PosedChanged:
    """Take a problem out of an assignment; what was handed in to it is kept."""
    with here.recomputing("manage_assignments") as session:
        posed = here.posed(session, assignment, problem, right="manage_assignments")
        act = Act.of(posed.member, now=here.now, dry_run=dry_run)
        taken(session, posed.assignment)
        taken(session, posed.problem, expected)
        return problems.remove(session, act, posed, confirmed=confirm)


@router.get(
    f"{POSED}/notices",
    response_model=Notices,
    responses=SEES,
)
def get_notices(assignment: UUID, problem: str, here: HereDep) -> Notices:
    """List the notices on a problem; students find theirs with the problem."""
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="see_unreleased")
        return Notices(items=notices.notices_on(session, posed))


@router.post(
    f"{POSED}/notices",
    status_code=201,
    response_model=NoticeOut,
    responses=SENDS,
)
def post_notice(assignment: UUID, problem: str, body: NoticeIn, here: HereDep) -> NoticeOut:
    """Tell students something on a problem; of a regrade, what each of them gained too."""
    with here.transaction() as session:
        posed = here.posed(session, assignment, problem, right="manage_assignments")
        return notices.post_notice(session, Act.of(posed.member, now=here.now), posed, body)


@router.delete(
    f"{POSED}/notices/{{notice}}",
    status_code=204,
    responses=SEES,
)
def delete_notice(assignment: UUID, problem: str, notice: UUID, here: HereDep) -> None:
    """Take a notice off a problem."""
    with here.transaction() as session:
        posed = here.posed(session, assignment, problem, right="manage_assignments")
        notices.withdraw_notice(session, Act.of(posed.member, now=here.now), posed, notice)
