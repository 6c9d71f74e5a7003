"""Application of a regrade: pins the version first, then moves answers to their new gradings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict
from api.db.models import (
    AssignmentProblem,
    Grade,
    ProblemVersion,
    Regrade,
    RegradeChunk,
    RegradeStudent,
)
from api.services.audit import recorder
from api.services.grades import Cause, Key, refresh, refresh_all
from api.services.regrades.draft_versions import bring_out
from api.services.regrades.execution.dry_run import examine, store, students_of
from api.services.regrades.execution.grading_reassignment import move
from api.services.regrades.execution.judging import judge_job
from api.services.regrades.planning import add_chunks
from api.services.regrades.runs import (
    family,
    handed_in,
    lock_problem,
    lock_run,
    lock_standings,
    move_draws,
    submissions_of,
)
from api.services.regrades.totals import everybody_shifts

__all__ = [
    "Apply",
    "add_newcomers",
    "apply_chunk",
    "begin_apply",
    "refresh_chunk",
]


@dataclass(frozen=True, slots=True)
class Apply:
    """Options for applying a regrade; *never_lower* None keeps the option of the regrade."""

    never_lower: bool | None = None
    notice: str = ""


def begin_apply(
    session: Session, member: Member, run_id: UUID, wanted: Apply, *, now: datetime
) -> Regrade:
    """Pin the new version to the problem, and start to apply the regrade; return it.

    A stopped regrade continues. Later submissions are graded by the new version.
    """
    run = lock_run(session, run_id)
    problem = lock_problem(session, run.problem_id)
    if run.status == "ready":
        _pin(session, run, problem, member, wanted, now=now)
        run.applied_by, run.applied_at = member.caller.id, now
        run.done, run.began_at = 0, now
    elif run.status == "stopped":
        _check_not_undone(session, run)
    else:
        raise Conflict(f"The regrade is {run.status}; only one that is ready can be applied.")
    run.status, run.error, run.stepped_at = "applying", "", now
    recorder.record(
        session,
        member,
        "regrade.applied",
        now=now,
        target=("regrade", run.id),
        change=({"version": str(run.from_version)}, {"version": str(run.to_version)}),
        reason=run.reason,
    )
    return run


def _pin(
    session: Session,
    run: Regrade,
    problem: AssignmentProblem,
    member: Member,
    wanted: Apply,
    *,
    now: datetime,
) -> None:
    if problem.version_id != run.from_version:
        raise Conflict("The problem has another version now; cancel this and begin anew.")
    if wanted.never_lower is not None:
        run.never_lower = wanted.never_lower
    run.notice = wanted.notice
    version = session.get_one(ProblemVersion, run.to_version)
    if run.scope != "some":
        problem.version_id = version.id
        problem.version += 1
    if run.scope != "unopened":
        odd = move_draws(session, run, source=family(session, version), to=version.id)
        run.draws = [[str(was), str(student), number] for was, student, number in odd]
    session.flush()
    bring_out(session, member, run, now=now)
    add_newcomers(session, run, problem, course=member.course.id)


def _check_not_undone(session: Session, run: Regrade) -> None:
    undone = session.scalar(
        select(RegradeChunk.number).where(
            RegradeChunk.regrade_id == run.id, RegradeChunk.status == "undone"
        )
    )
    if undone is not None:
        raise Conflict("The regrade was stopped while it was undone; undo it to the end.")


def add_newcomers(
    session: Session, run: Regrade, problem: AssignmentProblem, *, course: UUID
) -> None:
    """Add chunks of students who are not in the regrade yet, but whose standings change too.

    They submitted first after the dry run. If the points of a part change, everybody with a grade
    in the assignment is added.
    """
    if run.scope == "some":
        return
    known = select(RegradeStudent.student_id).where(RegradeStudent.regrade_id == run.id)
    found = {} if run.scope == "unopened" else handed_in(session, problem.id)
    if everybody_shifts(session, run):
        graded = select(Grade.student_id).where(Grade.assignment_id == problem.assignment_id)
        for student in session.scalars(graded.order_by(Grade.student_id)):
            found.setdefault(student, 0)
    there = set(session.scalars(known))
    new = {student: count for student, count in found.items() if student not in there}
    run.total += add_chunks(session, run, new, course=course)


def apply_chunk(session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime) -> None:
    """Move the answers of a chunk to their new gradings, and update the standings.

    If submissions arrived after the dry run, the chunk is graded again here, under the lock of the
    standings.
    """
    students = students_of(session, run, chunk.number)
    standing = lock_standings(session, run.problem_id, students)
    if submissions_of(session, run, chunk.number) != chunk.submissions:
        store(session, run, chunk, examine(session, run, chunk.number, judge=judge_job))
    touched = move(session, run, chunk, now=now)
    cause = Cause("regrade", run.id, run.applied_by, now)
    refresh_chunk(session, run, touched, students=students, standing=standing, cause=cause)


def refresh_chunk(
    session: Session,
    run: Regrade,
    touched: set[UUID],
    *,
    students: Collection[UUID],
    standing: Collection[UUID],
    cause: Cause,
) -> None:
    """Recompute the standings of *touched* students, or of the chunk if the points change.

    In the latter case, also recompute the grades of *students* who have no *standing*.
    """
    if not everybody_shifts(session, run):
        students = standing = touched
    refresh(session, [Key(run.problem_id, student) for student in sorted(standing)], cause=cause)
    others = sorted(set(students) - set(standing))
    if others:
        problem = session.get_one(AssignmentProblem, run.problem_id)
        refresh_all(session, problem.assignment_id, others, cause=cause)
