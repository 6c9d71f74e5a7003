"""Helpers for tests of regrades: prepare, act, and read the data it may change."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from world import TEXT_PROBLEM, Person, ProblemReference, World

from api.core.ids import new_id
from api.db.models import (
    Answer,
    AssignmentProblem,
    Draw,
    Grade,
    GradeChange,
    ProblemProgress,
    ProblemVersion,
    Regrade,
)

OTHER_KEY = {"parts": {"cells": {"key": "K*K + 1"}}}
"""A version whose key makes 10 right and 9 wrong."""
OTHER_NUMBERS = TEXT_PROBLEM.replace("[3, 5, 7, 9, 11]", "[3, 5, 7, 13, 15]")
"""The text problem with another draw block."""
WITHOUT_FIVE = TEXT_PROBLEM.replace(
    'key: "K*K"}',
    'key: "K*K", mistakes: [{id: sides, key: "K*K if K == 5 else 4*K", say: The cells!}]}',
)
"""The text problem drawn by another list of seeds: a mistake is hidden where K is 5."""


def create_answered_problem(world: World, course: UUID) -> ProblemReference:
    """Return a problem with six students, each with a different answer."""
    [assigned] = world.assignment(course)
    for number in range(6):
        person = world.enrol(course, f"Student {number}")
        person.submit(assigned, {"cells": str(8 + number), "doubled": "20"})
    return assigned


def create_regrade(
    teacher: Person,
    problem: ProblemReference,
    version: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Create a regrade, and return it before it has graded an answer."""
    asked = teacher.post(f"{problem.path}/regrades", {"version": version or OTHER_KEY, **more})
    assert asked.status_code == 201, asked.text
    assert asked.json()["status"] == "judging"
    return asked.json()


def run_dry_run(
    world: World,
    teacher: Person,
    problem: ProblemReference,
    version: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a regrade whose dry run is complete."""
    run = create_regrade(teacher, problem, version, **more)
    world.service.regrades.run_until_idle()
    return get_regrade(teacher, run)


def corrupt_version(world: World, run: Mapping[str, Any]) -> None:
    """Damage the new version of a regrade, so that it can no longer grade any answer."""
    with world.session() as session:
        session.get_one(ProblemVersion, UUID(run["to_version"]["id"])).source = "id: spoilt"


def get_regrade(teacher: Person, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the current state of a regrade."""
    return teacher.get(f"/regrades/{run['id']}").json()


def run_action(
    world: World, teacher: Person, run: Mapping[str, Any], what: str, **body: Any
) -> dict[str, Any]:
    """Perform the action *what* on a regrade to the end, and return the regrade."""
    done = teacher.post(f"/regrades/{run['id']}/{what}", body)
    assert done.status_code == 200, done.text
    world.service.regrades.run_until_idle()
    return get_regrade(teacher, run)


def read_grades(world: World, problem: ProblemReference) -> dict[str, Any]:
    """Return all data of a problem that a regrade may change, without write counters."""
    with world.db.reading() as session:
        answers = session.scalars(
            select(Answer).where(Answer.problem_id == problem.id).order_by(Answer.id)
        )
        return {
            "answers": [columns(row) for row in answers],
            "standings": sorted(
                (str(row.student_id), row.sequence, str(row.parts), row.score, row.possible)
                for row in session.scalars(select(ProblemProgress))
            ),
            "grades": sorted(
                (str(row.student_id), row.score, row.possible, row.waiting)
                for row in session.scalars(select(Grade))
            ),
            "draws": sorted(
                (str(row.student_id), row.number, str(row.version_id), row.position)
                for row in session.scalars(select(Draw).where(Draw.problem_id == problem.id))
            ),
            "pin": session.get_one(AssignmentProblem, problem.id).version_id,
        }


def store_gain(world: World, problem: ProblemReference, student: Person, *, at: datetime) -> UUID:
    """Store an applied regrade that raised the student's grade from 0 to 2 *at* a time.

    Return its id.
    """
    with world.session() as session:
        regrade = Regrade(
            id=new_id(),
            problem_id=problem.id,
            from_version=problem.version,
            to_version=problem.version,
            status="applied",
            created_by=student.id,
            created_at=world.clock(),
        )
        session.add(regrade)
        session.flush()
        session.add(
            GradeChange(
                assignment_id=problem.assignment,
                student_id=student.id,
                before=0,
                after=2,
                cause="regrade",
                cause_id=regrade.id,
                at=at,
            )
        )
    return regrade.id


def columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def score(world: World, problem: ProblemReference, student: Person) -> Fraction | None:
    with world.db.reading() as session:
        key = {"problem_id": problem.id, "student_id": student.id}
        return session.get_one(ProblemProgress, key).score
