"""Regrades: prepare with a dry run, apply, cancel and undo."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.roles import Permission
from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    Unauthenticated,
)
from api.db.models import Assignment, AssignmentProblem, Regrade
from api.dependencies import ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.grading.regrade_changes import ChangeOut, StudentOut
from api.schemas.grading.regrades import (
    AcceptIn,
    ApplyIn,
    MistakeIn,
    RegradeIn,
    RegradeOut,
    Status,
    UndoIn,
    VersionIn,
)
from api.services.regrades import serializers, versions
from api.services.regrades.execution.apply import RegradeApplyOptions, start_applying_regrade
from api.services.regrades.execution.undo import cancel_regrade, start_undoing_regrade
from api.services.regrades.planning import RegradeOptions, create_regrade
from api.services.regrades.runs import NO_REGRADE_MESSAGE, load_regrade

router = ApiRouter(tags=["regrades"])

CHANGE_ERRORS = error_responses(Unauthenticated, Forbidden, NotFound, Conflict, "regrade_active")
Direction = Literal["up", "down", "same", "review"]


@router.post(
    "/assignments/{assignment}/problems/{problem}/regrades",
    status_code=201,
    response_model=RegradeOut,
    responses=error_responses(
        *(Unauthenticated, Forbidden, NotFound, Conflict, "regrade_active", "other_numbers"),
        *(InvalidInput, "invalid_problem", "problem_too_slow", RateLimited, ServiceUnavailable),
    ),
)
def post_regrade(
    assignment: UUID, problem: str, body: RegradeIn, context: ContextDep, response: Response
) -> RegradeOut:
    """Prepare a regrade: create the version if needed, and start the dry run.

    The dry run changes nothing. A new version is checked and solved first, which takes seconds, and
    stays a draft until the regrade is applied. Poll the regrade until its status is `ready`: then
    it has the number of changes and can be applied.
    """
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="regrade")
    context.consume_action_limit("solve_problem", str(assigned.member.caller.id))
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="regrade")
        version_spec, dropped_examples = _parse_version(body.version), body.version.drop_examples
        draft = versions.prepare_version(
            session, assigned, version_spec, note=body.reason, drop_examples=dropped_examples
        )
    with context.service.publishing.reserve(assigned.member.caller.id) as publish:
        published = draft.publish_source(publish, seeds=context.service.settings.seeds)
    with context.transaction() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="regrade")
        version = versions.load_or_store_version(session, assigned, published, now=context.now)
        run = create_regrade(
            session,
            assigned,
            version,
            _parse_options(body),
            now=context.now,
            made_for_regrade=draft.is_new,
        )
        [regrade] = serializers.serialize_regrades(session, [run], assigned.problem)
    context.service.regrades.notify()
    response.headers["Location"] = f"/api/v1/regrades/{regrade.id}"
    return regrade


def _parse_version(body: VersionIn) -> versions.VersionSpec:
    match body:
        case VersionIn(source=str(source)):
            return versions.EditedSource(source)
        case VersionIn(parts=dict(parts)):
            return versions.PartFieldEdits(
                {
                    part: {name: value for name, value in edit if value is not None}
                    for part, edit in parts.items()
                }
            )
        case VersionIn(accept=AcceptIn() as accept):
            return versions.AcceptedAnswer(**dict(accept))
        case VersionIn(mistake=MistakeIn() as mistake):
            return versions.NamedMistake(**dict(mistake))
        case VersionIn(id=UUID() as version):
            return versions.ExistingVersion(version)
        case _:
            raise InvalidInput("State the version to grade by in `version`.")


def _parse_options(body: RegradeIn) -> RegradeOptions:
    return RegradeOptions(
        students=body.students,
        statuses=body.statuses,
        part=body.part,
        unopened=body.unopened,
        never_lower=body.never_lower,
        reason=body.reason,
    )


@router.get("/assignments/{assignment}/problems/{problem}/regrades", responses=READ_ERRORS)
def get_regrades(
    assignment: UUID,
    problem: str,
    context: ContextDep,
    page_request: PageRequestDep,
    status: Annotated[Status | None, Query(description="only requests in this state")] = None,
) -> Page[RegradeOut]:
    """List the regrades of a problem, newest first."""
    after = page_request.parse_cursor("created_at", datetime)
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_gradebook")
        rows = serializers.load_regrades(
            session, assigned.problem.id, after=after, limit=page_request.limit + 1, status=status
        )
        regrades = serializers.serialize_regrades(session, rows, assigned.problem)
    return page_request.build_page(
        regrades,
        cursor_of=lambda item: Cursor("created_at", item.created_at, item.id),
        serialize_row=lambda item: item,
    )


@router.get("/regrades/{regrade}", responses=READ_ERRORS)
def get_regrade(regrade: UUID, context: ContextDep) -> RegradeOut:
    """Return a regrade: its status, its progress, and how many answers it changes."""
    with context.reading() as session:
        run, problem, _ = _authorize_regrade(context, session, regrade, right="see_gradebook")
        return serializers.serialize_regrades(session, [run], problem)[0]


@router.get("/regrades/{regrade}/changes", responses=READ_ERRORS)
def get_regrade_changes(
    regrade: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    direction: Annotated[
        Direction | None, Query(description="only changes of the credit in this direction")
    ] = None,
    flag: Annotated[
        Literal["manual", "kept"] | None, Query(description="only changes with this flag")
    ] = None,
    student: Annotated[UUID | None, Query(description="only this student's")] = None,
) -> Page[ChangeOut]:
    """List the answers that a regrade changes, with the results before and after."""
    after = page_request.parse_cursor("chunk", int)
    with context.reading() as session:
        run = _authorize_regrade_with_names(context, session, regrade)
        rows = serializers.iter_changes(
            session,
            run,
            after=after,
            limit=page_request.limit + 1,
            direction=direction,
            flag=flag,
            student=student,
        )
        return page_request.build_page(
            rows,
            cursor_of=lambda row: Cursor("chunk", row[0].chunk, row[0].id),
            serialize_row=serializers.serialize_change,
        )


@router.get("/regrades/{regrade}/students", responses=READ_ERRORS)
def get_regrade_students(
    regrade: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    changed: Annotated[
        bool | None,
        Query(description="only students whose score or grade changes, or only the others"),
    ] = None,
) -> Page[StudentOut]:
    """List the students of a regrade by last name, with scores and grades before and after."""
    after = page_request.parse_cursor("name", str)
    with context.reading() as session:
        run = _authorize_regrade_with_names(context, session, regrade)
        rows = serializers.load_students(
            session, run, after=after, limit=page_request.limit + 1, changed=changed
        )
    return page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("name", row[1].sort_name, row[1].id),
        serialize_row=serializers.serialize_student,
    )


@router.post("/regrades/{regrade}/apply", response_model=RegradeOut, responses=CHANGE_ERRORS)
def post_apply(regrade: UUID, body: ApplyIn, context: ContextDep) -> RegradeOut:
    """Apply a regrade that is ready, or resume one that was stopped.

    The new version grades all new submissions at once; earlier answers are updated in chunks. Marks
    by people do not change.
    """
    options = RegradeApplyOptions(body.never_lower, body.notice)
    with context.transaction() as session:
        _, problem, member = _authorize_regrade(context, session, regrade, right="regrade")
        run = start_applying_regrade(session, member, regrade, options, now=context.now)
        [view] = serializers.serialize_regrades(session, [run], problem)
    context.service.regrades.notify()
    return view


@router.post("/regrades/{regrade}/cancel", response_model=RegradeOut, responses=CHANGE_ERRORS)
def post_cancel(regrade: UUID, context: ContextDep) -> RegradeOut:
    """Cancel a regrade. One that is being applied stops after the current chunk."""
    with context.transaction() as session:
        _, problem, member = _authorize_regrade(context, session, regrade, right="regrade")
        run = cancel_regrade(session, member, regrade, now=context.now)
        [view] = serializers.serialize_regrades(session, [run], problem)
    return view


@router.post("/regrades/{regrade}/undo", response_model=RegradeOut, responses=CHANGE_ERRORS)
def post_undo(regrade: UUID, body: UndoIn, context: ContextDep) -> RegradeOut:
    """Undo a regrade that was applied or stopped; the latest one of the problem first.

    Answers return to their earlier gradings. Submissions that came since are graded by the old
    version.
    """
    with context.transaction() as session:
        _, problem, member = _authorize_regrade(context, session, regrade, right="regrade")
        run = start_undoing_regrade(session, member, regrade, reason=body.reason, now=context.now)
        [view] = serializers.serialize_regrades(session, [run], problem)
    context.service.regrades.notify()
    return view


def _authorize_regrade_with_names(
    context: RequestContext, session: Session, regrade: UUID
) -> Regrade:
    """Return a regrade for a member who may see the names of the students it changes."""
    run, problem, member = _authorize_regrade(context, session, regrade, right="see_gradebook")
    member.require_visible_names(session.get_one(Assignment, problem.assignment_id))
    return run


def _authorize_regrade(
    context: RequestContext, session: Session, regrade: UUID, *, right: Permission
) -> tuple[Regrade, AssignmentProblem, CourseMembership]:
    """Return a regrade with its problem and the caller's course membership.

    Raises `NotFound` if there is no such regrade, or if the caller may not know of it.
    """
    context.authenticate(session)  # without a token, no hint at what exists
    run, problem = load_regrade(session, regrade)
    try:
        member, _ = context.authorize_assignment(session, problem.assignment_id, right=right)
    except NotFound as error:
        raise NotFound(NO_REGRADE_MESSAGE) from error
    return run, problem, member
