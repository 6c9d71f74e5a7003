"""Cancellation and undo of a regrade: an undo restores the old version and the old gradings.

Before a regrade is applied nothing has changed, and a cancellation ends it; later it stops the
regrade half-way.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, or_, select, type_coerce
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict
from api.core.ids import new_id
from api.db.models import (
    Draw,
    ProblemVersion,
    Regrade,
    RegradeChunk,
    Submission,
)
from api.db.models.base import IdTextType
from api.services.audit import recorder
from api.services.engine.assigned_variant import draw_condition
from api.services.grades import GradeCause
from api.services.regrades.changes import AnswerChange, find_changes, serialize_result
from api.services.regrades.draft_versions import retire_regrade_version_if_unused
from api.services.regrades.execution.apply import add_missing_students, recompute_chunk_grades
from api.services.regrades.execution.chunk_data import load_graded_answers, load_regrade_job
from api.services.regrades.execution.dry_run import load_chunk_students
from api.services.regrades.execution.grading_jobs import SubmissionToGrade, grade_job
from api.services.regrades.execution.grading_reassignment import (
    build_answer_update,
    restore_old_gradings,
    store_gradings_and_updates,
)
from api.services.regrades.runs import (
    ACTIVE_STATUSES,
    lock_assignment_and_load_problem,
    lock_progress,
    lock_regrade,
    move_draws,
)
from grader.kinds import KINDS

STATUS_AFTER_CANCEL: Final = {"judging": "cancelled", "ready": "cancelled", "applying": "stopped"}


def cancel_regrade(
    session: Session, member: CourseMembership, run_id: UUID, *, now: datetime
) -> Regrade:
    """Cancel the remaining chunks of a regrade, and return it.

    A regrade that was being applied is stopped: it can be applied to the end, or undone. Otherwise
    the version that it made is retired.
    """
    run = lock_regrade(session, run_id)
    if run.status not in STATUS_AFTER_CANCEL:
        raise Conflict(f"The regrade is {run.status}. There is nothing to cancel.")
    before, run.status = run.status, STATUS_AFTER_CANCEL[run.status]
    run.cancelled_at = run.stepped_at = now
    recorder.record_action(
        session,
        member,
        "regrade.cancelled",
        now=now,
        target=("regrade", run.id),
        change=({"status": before}, {"status": run.status}),
    )
    if run.status == "cancelled":
        retire_regrade_version_if_unused(session, member, run, now=now)
    return run


def start_undoing_regrade(
    session: Session, member: CourseMembership, run_id: UUID, *, reason: str, now: datetime
) -> Regrade:
    """Pin the old version to the problem, and start to undo the regrade; return it.

    The version that it made is retired, unless another assignment uses it.
    """
    run = lock_regrade(session, run_id)
    problem = lock_assignment_and_load_problem(session, run.problem_id)
    if run.status not in {"applied", "stopped"}:
        raise Conflict(f"The regrade is {run.status}. Only an applied regrade can be undone.")
    _check_is_latest(session, run)
    if problem.version_id == run.to_version and run.scope != "some":
        problem.version_id = run.from_version
        problem.version += 1
    if run.scope != "unopened":
        _restore_draws(session, run)
    session.flush()
    retire_regrade_version_if_unused(session, member, run, now=now)
    add_missing_students(session, run, problem, course=member.course.id)
    if run.undone_by is None:
        run.done, run.began_at = 0, now
    run.undone_by, run.undone_at = member.caller.id, now
    run.status, run.error, run.stepped_at = "undoing", "", now
    recorder.record_action(
        session,
        member,
        "regrade.undone",
        now=now,
        target=("regrade", run.id),
        change=({"version": str(run.to_version)}, {"version": str(run.from_version)}),
        reason=reason,
    )
    return run


def _check_is_latest(session: Session, run: Regrade) -> None:
    other = session.scalar(
        select(Regrade.id).where(
            Regrade.problem_id == run.problem_id,
            Regrade.id != run.id,
            or_(
                Regrade.status.in_(ACTIVE_STATUSES),
                and_(Regrade.status == "applied", Regrade.id > run.id),
            ),
        )
    )
    if other is not None:
        raise Conflict(
            f"The regrade {other} of this problem is newer. Cancel or undo it first.",
            code="regrade_active",
        )


def _restore_draws(session: Session, run: Regrade) -> None:
    if run.from_version == run.to_version:
        return
    move_draws(session, run, source=[run.to_version], to=run.from_version)
    for version, student, number in run.draws:
        key = {"problem_id": run.problem_id, "student_id": UUID(student), "number": number}
        session.get_one(Draw, key, populate_existing=True).version_id = UUID(version)


def undo_chunk(session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime) -> None:
    """Restore the answers of a chunk, and grade later submissions by the old version."""
    students = load_chunk_students(session, run, chunk.number)
    with_progress = lock_progress(session, run.problem_id, students)
    touched = restore_old_gradings(session, run, chunk)
    touched |= _regrade_later_submissions(session, run, students, now=now)
    cause = GradeCause("undo", run.id, run.undone_by, now)
    recompute_chunk_grades(
        session, run, touched, students=students, with_progress=with_progress, cause=cause
    )


def _regrade_later_submissions(
    session: Session, run: Regrade, students: Collection[UUID], *, now: datetime
) -> set[UUID]:
    """Grade submissions made under the new version by the version that the student has again.

    Return the students concerned.
    """
    later = _load_later_submissions(session, run, students)
    if not later:
        return set()
    submissions = _load_submissions_by_draw_version(
        session, run, {student for student, _ in later.values()}
    )
    results = grade_job(load_regrade_job(session, run.problem_id, submissions))
    version = session.get_one(ProblemVersion, run.from_version)
    stored = load_graded_answers(
        session, run.problem_id, {student for student, _ in later.values()}
    )
    changes = find_changes(
        [one for one in stored if one.submission in later],
        results,
        manual_parts={part["id"] for part in version.parts if KINDS[part["kind"]].by_person},
    )
    gradings = [
        _build_grading(run, change, version_id=later[change.old.submission][1], now=now)
        for change in changes
        if not change.flag
    ]
    new_results = {change.old.id: change.new for change in changes}
    answers = [
        build_answer_update(
            grading["answer_id"],
            grading["id"],
            status=grading["status"],
            credit=grading["credit"],
            result=serialize_result(new_results[grading["answer_id"]]),
        )
        for grading in gradings
    ]
    store_gradings_and_updates(session, gradings, answers)
    return {student for student, _ in later.values()}


def _build_grading(
    run: Regrade, change: AnswerChange, *, version_id: UUID, now: datetime
) -> dict[str, Any]:
    """Return a grading by the version that the student has again."""
    return {
        "id": new_id(),
        "answer_id": change.old.id,
        "kind": "regrade",
        "status": change.new.status,
        "credit": change.new.credit,
        "mistakes": change.new.mistakes,
        "record": change.new.record,
        "said": change.new.feedback,
        "engine": change.new.engine,
        "version_id": version_id,
        "regrade_id": run.id,
        "author_id": run.undone_by,
        "reason": "the regrade was undone",
        "created_at": now,
    }


def _load_later_submissions(
    session: Session, run: Regrade, students: Collection[UUID]
) -> Mapping[str, tuple[UUID, UUID]]:
    """Return the submissions to the new version whose draw has another version again.

    Maps each submission to its student and the version of the draw.
    """
    rows = session.execute(
        select(type_coerce(Submission.id, IdTextType), Submission.student_id, Draw.version_id)
        .join(Draw, draw_condition(Submission))
        .where(
            Submission.problem_id == run.problem_id,
            Submission.student_id.in_(students),
            Submission.version_id == run.to_version,
            Draw.version_id != run.to_version,
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _load_submissions_by_draw_version(
    session: Session, run: Regrade, students: Collection[UUID]
) -> tuple[SubmissionToGrade, ...]:
    """Return all submissions of *students*, to be graded by the versions of their draws."""
    rows = session.execute(
        select(
            type_coerce(Submission.id, IdTextType),
            Submission.student_id,
            Draw.version_id,
            Submission.position,
            Submission.draw,
            Submission.answers,
        )
        .join(Draw, draw_condition(Submission))
        .where(Submission.problem_id == run.problem_id, Submission.student_id.in_(students))
        .order_by(Submission.student_id, Submission.sequence)
    )
    return tuple(
        SubmissionToGrade(row[0], row[1], (row[2], row[3]), row[4], row[5]) for row in rows
    )
