"""Stored regrades: lookup, locks and progress."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from api.core.errors import Conflict, NotFound
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Draw,
    ProblemProgress,
    ProblemVersion,
    Regrade,
    RegradeChunk,
    RegradeStudent,
    Submission,
    Variant,
)

NO_REGRADE_MESSAGE: Final = "There is no such regrade."
ACTIVE_STATUSES: Final = ("judging", "ready", "applying", "stopped", "undoing")
"""Statuses in which a regrade prevents another one of the same problem.

During the dry run a regrade has the status ``judging``, and each finished chunk ``judged``.
"""
PENDING_CHUNK_STATUSES: Final = {
    "judging": ("new",),
    "applying": ("new", "judged"),
    "undoing": ("new", "judged", "applied"),
}
"""Statuses of regrades in progress, each with the statuses of its pending chunks."""


def load_regrade(session: Session, regrade_id: UUID) -> tuple[Regrade, AssignmentProblem]:
    """Return a regrade and its problem. Raises `NotFound` if there is no such regrade."""
    run = session.get(Regrade, regrade_id)
    if run is None:
        raise NotFound(NO_REGRADE_MESSAGE)
    return run, session.get_one(AssignmentProblem, run.problem_id)


def check_no_active_regrade(session: Session, problem_id: UUID) -> None:
    """Raise `Conflict` if another regrade of the problem is active."""
    active = session.scalar(
        select(Regrade.id).where(
            Regrade.problem_id == problem_id, Regrade.status.in_(ACTIVE_STATUSES)
        )
    )
    if active is not None:
        raise Conflict(
            f"The regrade {active} of this problem is not finished. Apply, cancel or undo it.",
            code="regrade_active",
        )


def lock_regrade(session: Session, regrade_id: UUID) -> Regrade:
    """Lock a regrade until the transaction ends, and return its current state."""
    return session.scalars(
        select(Regrade)
        .where(Regrade.id == regrade_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def lock_assignment_and_load_problem(session: Session, problem_id: UUID) -> AssignmentProblem:
    """Lock the assignment of a problem, and return the current state of the problem.

    This waits for submissions that are being stored: their writer locks the assignment, as does
    every change of it.
    """
    session.execute(
        select(Assignment.id)
        .join(AssignmentProblem, AssignmentProblem.assignment_id == Assignment.id)
        .where(AssignmentProblem.id == problem_id)
        .with_for_update(of=Assignment, key_share=True)
    )
    return session.get_one(AssignmentProblem, problem_id, populate_existing=True)


def lock_progress(session: Session, problem_id: UUID, students: Collection[UUID]) -> set[UUID]:
    """Lock the standings of *students* in the writer's lock order; return who has one."""
    locked = session.scalars(
        select(ProblemProgress.student_id)
        .where(ProblemProgress.problem_id == problem_id, ProblemProgress.student_id.in_(students))
        .order_by(ProblemProgress.problem_id, ProblemProgress.student_id)
        .with_for_update()
    )
    return set(locked)


def load_compatible_versions(session: Session, version: ProblemVersion) -> set[UUID]:
    """Return the versions of a problem with the same seeds at the same positions.

    An equal draw block is not enough: a later version may have been published with other seeds.
    """
    candidate, reference = aliased(Variant), aliased(Variant)
    has_same_seed = exists().where(
        reference.version_id == version.id,
        reference.position == candidate.position,
        reference.seed.is_not_distinct_from(candidate.seed),
    )
    return set(
        session.scalars(
            select(ProblemVersion.id).where(
                ProblemVersion.problem == version.problem,
                ProblemVersion.draw_hash == version.draw_hash,
                ~exists().where(candidate.version_id == ProblemVersion.id, ~has_same_seed),
            )
        )
    )


def count_chunk_submissions(session: Session, run: Regrade, chunk: int) -> int:
    """Return the current number of submissions of a chunk's students to the problem."""
    # A subquery: with a join, SQLite reads the submissions of the whole class for every chunk.
    students = select(RegradeStudent.student_id).where(
        RegradeStudent.regrade_id == run.id, RegradeStudent.chunk == chunk
    )
    count = session.scalar(
        select(func.count(Submission.id)).where(
            Submission.problem_id == run.problem_id, Submission.student_id.in_(students)
        )
    )
    return count or 0


def count_submissions_by_student(
    session: Session, problem_id: UUID, *, students: Collection[UUID] | None = None
) -> dict[UUID, int]:
    """Return the number of submissions of each student to a problem."""
    query = select(Submission.student_id, func.count(Submission.id)).where(
        Submission.problem_id == problem_id
    )
    if students is not None:
        query = query.where(Submission.student_id.in_(students))
    rows = session.execute(query.group_by(Submission.student_id).order_by(Submission.student_id))
    return {row[0]: row[1] for row in rows}


def find_highest_chunk_number(session: Session, run: Regrade) -> int:
    """Return the highest chunk number, -1 if there is no chunk."""
    highest = session.scalar(
        select(func.max(RegradeChunk.number)).where(RegradeChunk.regrade_id == run.id)
    )
    return -1 if highest is None else highest


def find_next_pending_chunk(session: Session, run: Regrade) -> int | None:
    """Return the first pending chunk of the current phase; None if there is none."""
    return session.scalar(
        select(func.min(RegradeChunk.number)).where(
            RegradeChunk.regrade_id == run.id,
            RegradeChunk.status.in_(PENDING_CHUNK_STATUSES.get(run.status, ())),
        )
    )


def move_draws(
    session: Session, run: Regrade, *, source: Collection[UUID], to: UUID
) -> list[tuple[UUID, UUID, int]]:
    """Move the draws of the run's students from the *source* versions *to* another version.

    Return the draws that had another version than the run's old one, as version, student, number.
    """
    conditions = [Draw.problem_id == run.problem_id, Draw.version_id.in_(source)]
    if run.scope == "some":
        students = select(RegradeStudent.student_id).where(RegradeStudent.regrade_id == run.id)
        conditions.append(Draw.student_id.in_(students))
    displaced = session.execute(
        select(Draw.version_id, Draw.student_id, Draw.number)
        .where(*conditions, Draw.version_id != run.from_version)
        .order_by(Draw.student_id, Draw.number)
    ).all()
    session.execute(
        update(Draw).where(*conditions).values(version_id=to),
        execution_options={"synchronize_session": False},
    )
    return [(row[0], row[1], row[2]) for row in displaced]
