"""Problems of an assignment: adding, editing and removing them; notices on them."""

from uuid import UUID

from fastapi import Response

from api.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from api.dependencies import ContextDep
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.routes.shared.edit_helpers import Confirm, DryRun, lock_row, set_dry_run_status, set_etag
from api.routes.shared.error_responses import CHANGE_ERRORS, EDIT_ERRORS, INPUT_ERRORS, READ_ERRORS
from api.schemas.assignments.problems import (
    AssignedProblemChanged,
    AssignedProblemIn,
    AssignedProblemPatch,
    AssignedProblemSettings,
    NoticeIn,
    NoticeOut,
    Notices,
)
from api.services.assignments import notices, problems
from api.services.audit.change_context import ChangeContext

router = ApiRouter(tags=["assignments"])
PROBLEM_PATH = "/assignments/{assignment}/problems/{problem}"


@router.get(
    f"{PROBLEM_PATH}/settings",
    response_model=AssignedProblemSettings,
    responses=READ_ERRORS,
)
def get_problem_settings(
    assignment: UUID, problem: str, context: ContextDep, response: Response
) -> AssignedProblemSettings:
    """Return the settings of a problem in an assignment: version, points, void parts."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_unreleased")
        settings = problems.load_problem_settings(session, assigned.assignment, assigned.problem)
    response.headers["ETag"] = format_etag(settings.version)
    return settings


@router.post(
    "/assignments/{assignment}/problems",
    status_code=201,
    response_model=AssignedProblemChanged,
    responses=CHANGE_ERRORS,
)
def post_problem(
    assignment: UUID,
    body: AssignedProblemIn,
    context: ContextDep,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> AssignedProblemChanged:
    """Add a problem to an assignment, or restore a removed one with its submissions.

    Repeating the request changes nothing. Use PATCH to change a problem.
    """
    with context.queue_recomputing_transaction("manage_assignments") as session:
        member, row = context.authorize_assignment(session, assignment, right="manage_assignments")
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        lock_row(session, row)
        result = problems.add_problem(session, act, row, body)
    set_dry_run_status(response, act)
    if result.problem is not None:
        set_etag(response, act, result.problem.version)
    return result


@router.patch(
    PROBLEM_PATH,
    response_model=AssignedProblemChanged,
    responses=EDIT_ERRORS | error_responses(Conflict, "regrade_active"),
)
def patch_problem(
    assignment: UUID,
    problem: str,
    body: AssignedProblemPatch,
    context: ContextDep,
    expected: IfMatch,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> AssignedProblemChanged:
    """Change the settings of a problem: points, group, extra credit, void parts, version.

    The version can be changed until a student has seen the problem. Afterwards, use a regrade,
    except for a version that differs only in its wording.
    """
    with context.queue_recomputing_transaction("manage_assignments") as session:
        assigned = context.authorize_problem(
            session, assignment, problem, right="manage_assignments"
        )
        act = ChangeContext.for_member(assigned.member, now=context.now, dry_run=dry_run)
        lock_row(session, assigned.assignment)
        lock_row(session, assigned.problem, expected)
        result = problems.update_problem(session, act, assigned, body)
    if result.problem is not None:
        set_etag(response, act, result.problem.version)
    return result


@router.delete(
    PROBLEM_PATH,
    response_model=AssignedProblemChanged,
    responses=error_responses(
        Unauthenticated, Forbidden, NotFound, Conflict, PreconditionFailed, PreconditionRequired
    ),
)
def delete_problem(
    assignment: UUID,
    problem: str,
    context: ContextDep,
    expected: IfMatch,
    *,
    confirm: Confirm = False,
    dry_run: DryRun = False,
) -> AssignedProblemChanged:
    """Remove a problem from an assignment. Its submissions are kept."""
    with context.queue_recomputing_transaction("manage_assignments") as session:
        assigned = context.authorize_problem(
            session, assignment, problem, right="manage_assignments"
        )
        act = ChangeContext.for_member(assigned.member, now=context.now, dry_run=dry_run)
        lock_row(session, assigned.assignment)
        lock_row(session, assigned.problem, expected)
        return problems.remove_problem(session, act, assigned, confirmed=confirm)


@router.get(
    f"{PROBLEM_PATH}/notices",
    response_model=Notices,
    responses=READ_ERRORS,
)
def get_notices(assignment: UUID, problem: str, context: ContextDep) -> Notices:
    """List the notices on a problem. Students see theirs with the problem."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_unreleased")
        return Notices(items=notices.list_notices(session, assigned))


@router.post(
    f"{PROBLEM_PATH}/notices",
    status_code=201,
    response_model=NoticeOut,
    responses=INPUT_ERRORS,
)
def post_notice(assignment: UUID, problem: str, body: NoticeIn, context: ContextDep) -> NoticeOut:
    """Post a notice on a problem; a notice on a regrade also shows students what they gained."""
    with context.transaction() as session:
        assigned = context.authorize_problem(
            session, assignment, problem, right="manage_assignments"
        )
        return notices.post_notice(
            session, ChangeContext.for_member(assigned.member, now=context.now), assigned, body
        )


@router.delete(
    f"{PROBLEM_PATH}/notices/{{notice}}",
    status_code=204,
    responses=READ_ERRORS,
)
def delete_notice(assignment: UUID, problem: str, notice: UUID, context: ContextDep) -> None:
    """Delete a notice."""
    with context.transaction() as session:
        assigned = context.authorize_problem(
            session, assignment, problem, right="manage_assignments"
        )
        notices.withdraw_notice(
            session, ChangeContext.for_member(assigned.member, now=context.now), assigned, notice
        )
