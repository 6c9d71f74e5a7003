"""Application of a regrade: pins the version first, then moves answers to their new gradings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
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
from api.services.grades import (
    GradeCause,
    ProgressKey,
    recompute_progress,
    recompute_student_grades,
)
from api.services.regrades.draft_versions import publish_regrade_version
from api.services.regrades.execution.dry_run import (
    changes_part_points,
    dry_run_chunk,
    load_chunk_students,
    store_dry_run,
)
from api.services.regrades.execution.grading_jobs import grade_job
from api.services.regrades.execution.grading_reassignment import apply_new_gradings
from api.services.regrades.planning import add_chunks
from api.services.regrades.runs import (
    count_chunk_submissions,
    count_submissions_by_student,
    load_compatible_versions,
    lock_assignment_and_load_problem,
    lock_progress,
    lock_regrade,
    move_draws,
)


@dataclass(frozen=True, slots=True)
class RegradeApplyOptions:
    """Options for applying a regrade; *never_lower* None keeps the option of the regrade."""

    never_lower: bool | None = None
    notice: str = ""


def start_applying_regrade(
    session: Session,
    member: CourseMembership,
    run_id: UUID,
    options: RegradeApplyOptions,
    *,
    now: datetime,
) -> Regrade:
    """Pin the new version to the problem, and start to apply the regrade; return it.

    A stopped regrade continues. Later submissions are graded by the new version.
    """
    run = lock_regrade(session, run_id)
    problem = lock_assignment_and_load_problem(session, run.problem_id)
    if run.status == "ready":
        _switch_to_new_version(session, run, problem, member, options, now=now)
        run.applied_by, run.applied_at = member.caller.id, now
        run.done, run.began_at = 0, now
    elif run.status == "stopped":
        _check_undo_not_started(session, run)
    else:
        raise Conflict(f"The regrade is {run.status}. Only a regrade that is ready can be applied.")
    run.status, run.error, run.stepped_at = "applying", "", now
    recorder.record_action(
        session,
        member,
        "regrade.applied",
        now=now,
        target=("regrade", run.id),
        change=({"version": str(run.from_version)}, {"version": str(run.to_version)}),
        reason=run.reason,
    )
    return run


def _switch_to_new_version(
    session: Session,
    run: Regrade,
    problem: AssignmentProblem,
    member: CourseMembership,
    options: RegradeApplyOptions,
    *,
    now: datetime,
) -> None:
    if problem.version_id != run.from_version:
        raise Conflict("The problem has another version now. Cancel this regrade and start again.")
    if options.never_lower is not None:
        run.never_lower = options.never_lower
    run.notice = options.notice
    version = session.get_one(ProblemVersion, run.to_version)
    if run.scope != "some":
        problem.version_id = version.id
        problem.version += 1
    if run.scope != "unopened":
        displaced_draws = move_draws(
            session, run, source=load_compatible_versions(session, version), to=version.id
        )
        run.draws = [[str(was), str(student), number] for was, student, number in displaced_draws]
    session.flush()
    publish_regrade_version(session, member, run, now=now)
    add_missing_students(session, run, problem, course=member.course.id)


def _check_undo_not_started(session: Session, run: Regrade) -> None:
    undone = session.scalar(
        select(RegradeChunk.number).where(
            RegradeChunk.regrade_id == run.id, RegradeChunk.status == "undone"
        )
    )
    if undone is not None:
        raise Conflict("The regrade was stopped during its undo. Undo it again to finish.")


def add_missing_students(
    session: Session, run: Regrade, problem: AssignmentProblem, *, course: UUID
) -> None:
    """Add chunks of students who are not in the regrade yet, but whose standings change too.

    They submitted first after the dry run. If the points of a part change, everybody with a grade
    in the assignment is added.
    """
    if run.scope == "some":
        return
    known = select(RegradeStudent.student_id).where(RegradeStudent.regrade_id == run.id)
    submission_counts = (
        {} if run.scope == "unopened" else count_submissions_by_student(session, problem.id)
    )
    if changes_part_points(session, run):
        graded = select(Grade.student_id).where(Grade.assignment_id == problem.assignment_id)
        for student in session.scalars(graded.order_by(Grade.student_id)):
            submission_counts.setdefault(student, 0)
    existing = set(session.scalars(known))
    new = {
        student: count for student, count in submission_counts.items() if student not in existing
    }
    run.total += add_chunks(session, run, new, course=course)


def apply_chunk(session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime) -> None:
    """Move the answers of a chunk to their new gradings, and update the standings.

    If submissions arrived after the dry run, the chunk is graded again here, under the lock of the
    standings.
    """
    students = load_chunk_students(session, run, chunk.number)
    with_progress = lock_progress(session, run.problem_id, students)
    if count_chunk_submissions(session, run, chunk.number) != chunk.submissions:
        store_dry_run(
            session, run, chunk, dry_run_chunk(session, run, chunk.number, grade=grade_job)
        )
    touched = apply_new_gradings(session, run, chunk, now=now)
    cause = GradeCause("regrade", run.id, run.applied_by, now)
    recompute_chunk_grades(
        session, run, touched, students=students, with_progress=with_progress, cause=cause
    )


def recompute_chunk_grades(
    session: Session,
    run: Regrade,
    touched: set[UUID],
    *,
    students: Collection[UUID],
    with_progress: Collection[UUID],
    cause: GradeCause,
) -> None:
    """Recompute the standings of *touched* students, or of the chunk if the points change.

    In the latter case, also recompute the grades of *students* who have no *with_progress*.
    """
    if not changes_part_points(session, run):
        students = with_progress = touched
    recompute_progress(
        session,
        [ProgressKey(run.problem_id, student) for student in sorted(with_progress)],
        cause=cause,
    )
    others = sorted(set(students) - set(with_progress))
    if others:
        problem = session.get_one(AssignmentProblem, run.problem_id)
        recompute_student_grades(session, problem.assignment_id, others, cause=cause)
