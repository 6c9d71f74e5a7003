"""Undo of a regrade: pins the old version again, and restores the old gradings of answers."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict
from api.core.ids import new_id
from api.db.models import (
    Draw,
    ProblemVersion,
    Regrade,
    RegradeChunk,
    Submission,
)
from api.services.audit import recorder
from api.services.engine.assigned_variant import draw_of
from api.services.grades import Cause
from api.services.regrades.changes import Change, changes_of, found_in
from api.services.regrades.draft_versions import take_back
from api.services.regrades.execution.applying import add_newcomers, refresh_chunk
from api.services.regrades.execution.dry_run import students_of
from api.services.regrades.execution.grading_reassignment import pointed, put_back, put_forward
from api.services.regrades.execution.judging import Handed, judge_job
from api.services.regrades.execution.loading import job_of, stored_answers
from api.services.regrades.runs import (
    ACTIVE,
    lock_problem,
    lock_run,
    lock_standings,
    move_draws,
)
from grader.kinds import KINDS

__all__ = ["begin_undo", "undo_chunk"]


def begin_undo(
    session: Session, member: Member, run_id: UUID, *, reason: str, now: datetime
) -> Regrade:
    """Pin the old version to the problem, and start to undo the regrade; return it.

    The version that it made is retired, unless another assignment uses it.
    """
    run = lock_run(session, run_id)
    problem = lock_problem(session, run.problem_id)
    if run.status not in {"applied", "stopped"}:
        raise Conflict(f"The regrade is {run.status}; only one that was applied can be undone.")
    _check_last(session, run)
    if problem.version_id == run.to_version and run.scope != "some":
        problem.version_id = run.from_version
        problem.version += 1
    if run.scope != "unopened":
        _draws_back(session, run)
    session.flush()
    take_back(session, member, run, now=now)
    add_newcomers(session, run, problem, course=member.course.id)
    if run.undone_by is None:
        run.done, run.began_at = 0, now
    run.undone_by, run.undone_at = member.caller.id, now
    run.status, run.error, run.stepped_at = "undoing", "", now
    recorder.record(
        session,
        member,
        "regrade.undone",
        now=now,
        target=("regrade", run.id),
        change=({"version": str(run.to_version)}, {"version": str(run.from_version)}),
        reason=reason,
    )
    return run


def _check_last(session: Session, run: Regrade) -> None:
    other = session.scalar(
        select(Regrade.id).where(
            Regrade.problem_id == run.problem_id,
            Regrade.id != run.id,
            or_(
                Regrade.status.in_(ACTIVE),
                and_(Regrade.status == "applied", Regrade.id > run.id),
            ),
        )
    )
    if other is not None:
        raise Conflict(
            f"The regrade {other} of this problem came later; cancel or undo that first.",
            code="regrade_active",
        )


def _draws_back(session: Session, run: Regrade) -> None:
    if run.from_version == run.to_version:
        return
    move_draws(session, run, source=[run.to_version], to=run.from_version)
    for was, student, number in run.draws:
        key = {"problem_id": run.problem_id, "student_id": UUID(student), "number": number}
        session.get_one(Draw, key, populate_existing=True).version_id = UUID(was)


def undo_chunk(session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime) -> None:
    """Restore the answers of a chunk, and grade later submissions by the old version."""
    students = students_of(session, run, chunk.number)
    standing = lock_standings(session, run.problem_id, students)
    touched = put_back(session, run, chunk)
    touched |= _judge_later_ones(session, run, students, now=now)
    cause = Cause("undo", run.id, run.undone_by, now)
    refresh_chunk(session, run, touched, students=students, standing=standing, cause=cause)


def _judge_later_ones(
    session: Session, run: Regrade, students: Collection[UUID], *, now: datetime
) -> set[UUID]:
    """Grade submissions made under the new version by the version that the student has again.

    Return the students concerned.
    """
    later = _later(session, run, students)
    if not later:
        return set()
    handed = _handed(session, run, {student for student, _ in later.values()})
    verdicts = judge_job(job_of(session, run.problem_id, handed))
    version = session.get_one(ProblemVersion, run.from_version)
    stored = stored_answers(session, run.problem_id, {student for student, _ in later.values()})
    changes = changes_of(
        [one for one in stored if one.submission in later],
        verdicts,
        by_person={part["id"] for part in version.parts if KINDS[part["kind"]].by_person},
    )
    gradings = [
        _grading(run, change, version_id=later[change.old.submission][1], now=now)
        for change in changes
        if not change.flag
    ]
    found = {change.old.id: change.new for change in changes}
    answers = [
        pointed(
            one["answer_id"],
            one["id"],
            status=one["status"],
            credit=one["credit"],
            found=found_in(found[one["answer_id"]]),
        )
        for one in gradings
    ]
    put_forward(session, gradings, answers)
    return {student for student, _ in later.values()}


def _grading(run: Regrade, change: Change, *, version_id: UUID, now: datetime) -> dict[str, Any]:
    """Return a grading by the version that the student has again."""
    return {
        "id": new_id(),
        "answer_id": change.old.id,
        "kind": "regrade",
        "status": change.new.status,
        "credit": change.new.credit,
        "mistakes": change.new.mistakes,
        "record": change.new.record,
        "said": change.new.said,
        "engine": change.new.engine,
        "version_id": version_id,
        "regrade_id": run.id,
        "author_id": run.undone_by,
        "reason": "the regrade was undone",
        "created_at": now,
    }


def _later(
    session: Session, run: Regrade, students: Collection[UUID]
) -> Mapping[UUID, tuple[UUID, UUID]]:
    """Return the submissions to the new version whose draw has another version again.

    Maps each submission to its student and the version of the draw.
    """
    rows = session.execute(
        select(Submission.id, Submission.student_id, Draw.version_id)
        .join(Draw, draw_of(Submission))
        .where(
            Submission.problem_id == run.problem_id,
            Submission.student_id.in_(students),
            Submission.version_id == run.to_version,
            Draw.version_id != run.to_version,
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _handed(session: Session, run: Regrade, students: Collection[UUID]) -> tuple[Handed, ...]:
    """Return all submissions of *students*, to be graded by the versions of their draws."""
    rows = session.execute(
        select(
            Submission.id,
            Submission.student_id,
            Draw.version_id,
            Submission.position,
            Submission.draw,
            Submission.answers,
        )
        .join(Draw, draw_of(Submission))
        .where(Submission.problem_id == run.problem_id, Submission.student_id.in_(students))
        .order_by(Submission.student_id, Submission.sequence)
    )
    return tuple(Handed(row[0], row[1], (row[2], row[3]), row[4], row[5]) for row in rows)
