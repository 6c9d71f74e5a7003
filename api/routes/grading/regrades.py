"""Regrades: prepared by a dry run, applied, cancelled, undone."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.auth.roles import Right
from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from api.db.models import Assignment, AssignmentProblem, Regrade
from api.dependencies import Here, HereDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES
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
from api.services.regrades.execution.applying import Apply, begin_apply
from api.services.regrades.execution.canceling import cancel
from api.services.regrades.execution.undoing import begin_undo
from api.services.regrades.planning import RegradeOptions, plan
from api.services.regrades.runs import NO_REGRADE, find

__all__ = ["router"]

router = ApiRouter(tags=["regrades"])

CHANGED = responses(Unauthenticated, Forbidden, NotFound, Conflict, "regrade_active")
Direction = Literal["up", "down", "same", "review"]


@router.post(
    "/assignments/{assignment}/problems/{problem}/regrades",
    status_code=201,
    response_model=RegradeOut,
    responses=responses(
        *(Unauthenticated, Forbidden, NotFound, Conflict, "regrade_active", "other_numbers"),
        *(Invalid, "invalid_problem", "problem_too_slow", RateLimited, Unavailable),
    ),
)
def post_regrade(
    assignment: UUID, problem: str, body: RegradeIn, here: HereDep, response: Response
) -> RegradeOut:
    """Prepare a regrade: make the version if need be, and begin the dry run.

    The dry run changes nothing. A version that is made is checked and solved first, which takes
    seconds, and stays a draft until the regrade is applied. Ask for the regrade until its status is
    `ready`: then it has the counts of what would change, and can be applied.
    """
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="regrade")
    here.throttle("solve_problem", str(posed.member.caller.id))
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="regrade")
        wanted, dropped = _version(body.version), body.version.drop_examples
        made = versions.make(session, posed, wanted, note=body.reason, drop=dropped)
    with here.service.publishing.reserve(posed.member.caller.id) as publish:
        published = made.published(publish, seeds=here.service.settings.seeds)
    with here.transaction() as session:
        posed = here.posed(session, assignment, problem, right="regrade")
        version = versions.settle(session, posed, published, now=here.now)
        run = plan(session, posed, version, _options(body), now=here.now, made=made.is_new)
        [found] = serializers.told(session, [run], posed.problem)
    here.service.regrades.notify()
    response.headers["Location"] = f"/api/v1/regrades/{found.id}"
    return found


def _version(body: VersionIn) -> versions.Version:
    match body:
        case VersionIn(source=str(source)):
            return versions.Edited(source)
        case VersionIn(parts=dict(parts)):
            return versions.Settings(
                {
                    part: {name: value for name, value in edit if value is not None}
                    for part, edit in parts.items()
                }
            )
        case VersionIn(accept=AcceptIn() as accept):
            return versions.Accepted(**dict(accept))
        case VersionIn(mistake=MistakeIn() as mistake):
            return versions.Named(**dict(mistake))
        case VersionIn(id=UUID() as version):
            return versions.Existing(version)
        case _:
            raise Invalid("Say in version by which version is marked.")


def _options(body: RegradeIn) -> RegradeOptions:
    return RegradeOptions(
        students=body.students,
        statuses=body.statuses,
        part=body.part,
        unopened=body.unopened,
        never_lower=body.never_lower,
        reason=body.reason,
    )


@router.get("/assignments/{assignment}/problems/{problem}/regrades", responses=SEES)
def get_regrades(
    assignment: UUID,
    problem: str,
    here: HereDep,
    window: PageWindow,
    status: Annotated[Status | None, Query(description="only those in this state")] = None,
) -> Page[RegradeOut]:
    """List the regrades of a problem, the last one first."""
    after = window.after("created_at", datetime)
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="see_gradebook")
        rows = serializers.regrades(
            session, posed.problem.id, after=after, limit=window.limit + 1, status=status
        )
        found = serializers.told(session, rows, posed.problem)
    return window.page(
        found, end=lambda one: Cursor("created_at", one.created_at, one.id), show=lambda one: one
    )


@router.get("/regrades/{regrade}", responses=SEES)
def get_regrade(regrade: UUID, here: HereDep) -> RegradeOut:
    """Return a regrade: its state, its progress, and the counts of what it changes."""
    with here.reading() as session:
        run, problem, _ = _found(here, session, regrade, right="see_gradebook")
        return serializers.told(session, [run], problem)[0]


@router.get("/regrades/{regrade}/changes", responses=SEES)
def get_changes(
    regrade: UUID,
    here: HereDep,
    window: PageWindow,
    direction: Annotated[Direction | None, Query(description="where the credit goes")] = None,
    flag: Annotated[
        Literal["manual", "kept"] | None, Query(description="why it is not applied")
    ] = None,
    student: Annotated[UUID | None, Query(description="only this student's")] = None,
) -> Page[ChangeOut]:
    """List the answers that a regrade finds otherwise, with what they were and what they become."""
    after = window.after("chunk", int)
    with here.reading() as session:
        run = _named(here, session, regrade)
        rows = serializers.changes(
            session,
            run,
            after=after,
            limit=window.limit + 1,
            direction=direction,
            flag=flag,
            student=student,
        )
        return window.page(
            rows,
            end=lambda row: Cursor("chunk", row[0].chunk, row[0].id),
            show=serializers.change_told,
        )


@router.get("/regrades/{regrade}/students", responses=SEES)
def get_students(
    regrade: UUID,
    here: HereDep,
    window: PageWindow,
    changed: Annotated[
        bool | None, Query(description="only those whose score or grade changes, or the others")
    ] = None,
) -> Page[StudentOut]:
    """List the students of a regrade, by family name, with scores and grades before and after."""
    after = window.after("name", str)
    with here.reading() as session:
        run = _named(here, session, regrade)
        rows = serializers.students(
            session, run, after=after, limit=window.limit + 1, changed=changed
        )
    return window.page(
        rows,
        end=lambda row: Cursor("name", row[1].sort_name, row[1].id),
        show=serializers.student_told,
    )


@router.post("/regrades/{regrade}/apply", response_model=RegradeOut, responses=CHANGED)
def post_apply(regrade: UUID, body: ApplyIn, here: HereDep) -> RegradeOut:
    """Apply a regrade that is ready, or go on with one that was stopped.

    The new version holds at once for what is handed in from now on; answers move chunk by chunk.
    What a person marked stays as it is.
    """
    wanted = Apply(body.never_lower, body.notice)
    with here.transaction() as session:
        _, problem, member = _found(here, session, regrade, right="regrade")
        run = begin_apply(session, member, regrade, wanted, now=here.now)
        [told] = serializers.told(session, [run], problem)
    here.service.regrades.notify()
    return told


@router.post("/regrades/{regrade}/cancel", response_model=RegradeOut, responses=CHANGED)
def post_cancel(regrade: UUID, here: HereDep) -> RegradeOut:
    """Cancel a regrade between two chunks; one that is being applied stops half-way."""
    with here.transaction() as session:
        _, problem, member = _found(here, session, regrade, right="regrade")
        run = cancel(session, member, regrade, now=here.now)
        [told] = serializers.told(session, [run], problem)
    return told


@router.post("/regrades/{regrade}/undo", response_model=RegradeOut, responses=CHANGED)
def post_undo(regrade: UUID, body: UndoIn, here: HereDep) -> RegradeOut:
    """Undo a regrade that was applied or stopped half-way; the last one of the problem first.

    Answers go back to the gradings that they had; what was handed in since is judged by the old
    version.
    """
    with here.transaction() as session:
        _, problem, member = _found(here, session, regrade, right="regrade")
        run = begin_undo(session, member, regrade, reason=body.reason, now=here.now)
        [told] = serializers.told(session, [run], problem)
    here.service.regrades.notify()
    return told


def _named(here: Here, session: Session, regrade: UUID) -> Regrade:
    """Return a regrade for a member who may know whose work it changes."""
    run, problem, member = _found(here, session, regrade, right="see_gradebook")
    member.need_names(session.get_one(Assignment, problem.assignment_id))
    return run


def _found(
    here: Here, session: Session, regrade: UUID, *, right: Right
) -> tuple[Regrade, AssignmentProblem, Member]:
    """Return a regrade with its problem and what the caller is there, or `NotFound`."""
    here.caller(session)  # whoever has no token learns nothing of what is there
    run, problem = find(session, regrade)
    try:
        member, _ = here.assignment(session, problem.assignment_id, right=right)
    except NotFound as error:
        raise NotFound(NO_REGRADE) from error
    return run, problem, member
