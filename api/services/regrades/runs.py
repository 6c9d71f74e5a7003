"""Regrades as they are stored: found, locked, and asked how far they are."""

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
    """Return a regrade and its problem; `NotFound` where there is none."""
    run = session.get(Regrade, regrade_id)
    if run is None:
        raise NotFound(NO_REGRADE)
    return run, session.get_one(AssignmentProblem, run.problem_id)


def check_free(session: Session, problem_id: UUID) -> None:
    """Raise `Conflict` where another regrade of a problem is under way."""
    active = session.scalar(
        select(Regrade.id).where(Regrade.problem_id == problem_id, Regrade.status.in_(ACTIVE))
    )
    if active is not None:
        raise Conflict(
            f"The regrade {active} of this problem is not finished; apply, cancel or undo it.",
            code="regrade_active",
        )


def lock_run(session: Session, regrade_id: UUID) -> Regrade:
    """Return a regrade as it is now; nobody else changes it before this transaction ends."""
    return session.scalars(
        select(Regrade)
        .where(Regrade.id == regrade_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def lock_problem(session: Session, problem_id: UUID) -> AssignmentProblem:
    """Return a problem as it is now, after all submissions that are being written are there.

    The writer of submissions holds the assignment, as whoever changes it does.
    """
    session.execute(
        select(Assignment.id)
        .join(AssignmentProblem, AssignmentProblem.assignment_id == Assignment.id)
        .where(AssignmentProblem.id == problem_id)
        .with_for_update(of=Assignment, key_share=True)
    )
    return session.get_one(AssignmentProblem, problem_id, populate_existing=True)


def lock_standings(session: Session, problem_id: UUID, students: Collection[UUID]) -> set[UUID]:
    """Hold the standings of *students*, in the order of the writer; return who has one."""
    found = session.scalars(
        select(Standing.student_id)
        .where(Standing.problem_id == problem_id, Standing.student_id.in_(students))
        .order_by(Standing.problem_id, Standing.student_id)
        .with_for_update()
    )
    return set(found)


def family(session: Session, version: ProblemVersion) -> set[UUID]:
    """Return the versions of a problem with the same numbers at the same positions.

    One draw block is not enough: another marking may have been published with other seeds of it.
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
    """Return how many submissions the students of a chunk have to the problem now."""
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
    """Return how many submissions each student has handed in to a problem."""
    asked = select(Submission.student_id, func.count(Submission.id)).where(
        Submission.problem_id == problem_id
    )
    if students is not None:
        asked = asked.where(Submission.student_id.in_(students))
    rows = session.execute(asked.group_by(Submission.student_id).order_by(Submission.student_id))
    return {row[0]: row[1] for row in rows}


def most_chunk(session: Session, run: Regrade) -> int:
    """Return the largest number of a chunk, -1 where there is none."""
    most = session.scalar(
        select(func.max(RegradeChunk.number)).where(RegradeChunk.regrade_id == run.id)
    )
    return -1 if most is None else most


def next_chunk(session: Session, run: Regrade) -> int | None:
    """Return the first chunk of this phase that is still to be done, None where there is none."""
    return session.scalar(
        select(func.min(RegradeChunk.number)).where(
            RegradeChunk.regrade_id == run.id,
            RegradeChunk.status.in_(PENDING.get(run.status, ())),
        )
    )


def move_draws(
    session: Session, run: Regrade, *, source: Collection[UUID], to: UUID
) -> list[tuple[UUID, UUID, int]]:
    """Put draws of the run's students from a *source* version *to* another.

    Return those that had another version than the run began from, as version, student, number.
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
