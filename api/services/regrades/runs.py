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
    ProblemVersion,
    Regrade,
    RegradeChunk,
    RegradeStudent,
    Standing,
    Submission,
    Variant,
)

__all__ = [
    "ACTIVE",
    "NO_REGRADE",
    "PENDING",
    "check_free",
    "family",
    "find",
    "handed_in",
    "lock_problem",
    "lock_run",
    "lock_standings",
    "most_chunk",
    "move_draws",
    "next_chunk",
    "submissions_of",
]

NO_REGRADE: Final = "There is no such regrade."
ACTIVE: Final = ("judging", "ready", "applying", "stopped", "undoing")
"""What keeps another regrade of the problem from beginning."""
PENDING: Final = {
    "judging": ("new",),
    "applying": ("new", "judged"),
    "undoing": ("new", "judged", "applied"),
}
"""The states in which work goes on, each with those of the chunks that are still to be done."""


def find(session: Session, regrade_id: UUID) -> tuple[Regrade, AssignmentProblem]:
    """Return a regrade and its problem. Raises `NotFound` if there is no such regrade."""
    run = session.get(Regrade, regrade_id)
    if run is None:
        raise NotFound(NO_REGRADE)
    return run, session.get_one(AssignmentProblem, run.problem_id)


def check_free(session: Session, problem_id: UUID) -> None:
    """Raise `Conflict` if another regrade of the problem is active."""
    active = session.scalar(
        select(Regrade.id).where(Regrade.problem_id == problem_id, Regrade.status.in_(ACTIVE))
    )
    if active is not None:
        raise Conflict(
            f"The regrade {active} of this problem is not finished; apply, cancel or undo it.",
            code="regrade_active",
        )


def lock_run(session: Session, regrade_id: UUID) -> Regrade:
    """Lock a regrade until the transaction ends, and return its current state."""
    return session.scalars(
        select(Regrade)
        .where(Regrade.id == regrade_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def lock_problem(session: Session, problem_id: UUID) -> AssignmentProblem:
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


def lock_standings(session: Session, problem_id: UUID, students: Collection[UUID]) -> set[UUID]:
    """Lock the standings of *students* in the writer's lock order; return who has one."""
    found = session.scalars(
        select(Standing.student_id)
        .where(Standing.problem_id == problem_id, Standing.student_id.in_(students))
        .order_by(Standing.problem_id, Standing.student_id)
        .with_for_update()
    )
    return set(found)


def family(session: Session, version: ProblemVersion) -> set[UUID]:
    """Return the versions of a problem with the same seeds at the same positions.

    An equal draw block is not enough: a later version may have been published with other seeds.
    """
    own, here = aliased(Variant), aliased(Variant)
    same = exists().where(
        here.version_id == version.id,
        here.position == own.position,
        here.seed.is_not_distinct_from(own.seed),
    )
    return set(
        session.scalars(
            select(ProblemVersion.id).where(
                ProblemVersion.problem == version.problem,
                ProblemVersion.draw_hash == version.draw_hash,
                ~exists().where(own.version_id == ProblemVersion.id, ~same),
            )
        )
    )


def submissions_of(session: Session, run: Regrade, chunk: int) -> int:
    """Return the current number of submissions of a chunk's students to the problem."""
    found = session.scalar(
        select(func.count(Submission.id))
        .join(RegradeStudent, RegradeStudent.student_id == Submission.student_id)
        .where(
            RegradeStudent.regrade_id == run.id,
            RegradeStudent.chunk == chunk,
            Submission.problem_id == run.problem_id,
        )
    )
    return found or 0


def handed_in(
    session: Session, problem_id: UUID, *, students: Collection[UUID] | None = None
) -> dict[UUID, int]:
    """Return the number of submissions of each student to a problem."""
    asked = select(Submission.student_id, func.count(Submission.id)).where(
        Submission.problem_id == problem_id
    )
    if students is not None:
        asked = asked.where(Submission.student_id.in_(students))
    rows = session.execute(asked.group_by(Submission.student_id).order_by(Submission.student_id))
    return {row[0]: row[1] for row in rows}


def most_chunk(session: Session, run: Regrade) -> int:
    """Return the highest chunk number, -1 if there is no chunk."""
    most = session.scalar(
        select(func.max(RegradeChunk.number)).where(RegradeChunk.regrade_id == run.id)
    )
    return -1 if most is None else most


def next_chunk(session: Session, run: Regrade) -> int | None:
    """Return the first pending chunk of the current phase; None if there is none."""
    return session.scalar(
        select(func.min(RegradeChunk.number)).where(
            RegradeChunk.regrade_id == run.id,
            RegradeChunk.status.in_(PENDING.get(run.status, ())),
        )
    )


def move_draws(
    session: Session, run: Regrade, *, source: Collection[UUID], to: UUID
) -> list[tuple[UUID, UUID, int]]:
    """Move the draws of the run's students from the *source* versions *to* another version.

    Return the draws that had another version than the run's old one, as version, student, number.
    """
    theirs = [Draw.problem_id == run.problem_id, Draw.version_id.in_(source)]
    if run.scope == "some":
        students = select(RegradeStudent.student_id).where(RegradeStudent.regrade_id == run.id)
        theirs.append(Draw.student_id.in_(students))
    odd = session.execute(
        select(Draw.version_id, Draw.student_id, Draw.number)
        .where(*theirs, Draw.version_id != run.from_version)
        .order_by(Draw.student_id, Draw.number)
    ).all()
    session.execute(
        update(Draw).where(*theirs).values(version_id=to),
        execution_options={"synchronize_session": False},
    )
    return [(row[0], row[1], row[2]) for row in odd]
