"""Loader of students' states in problems, for many students at once."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.orm import Session

from api.db.models import Answer, Draw, Standing
from api.services.grades import Key, answered
from api.services.submissions.cache.memory import NEW, Seat, Stamps
from api.services.submissions.drawn import Drawn
from grader.json_values import from_json
from grader.policy import Answered
from grader.values import Value

__all__ = ["seats_of"]

Carried: TypeAlias = dict[int, dict[str, Value]]
DRAWS: Final = Draw.__table__.c
STANDINGS: Final = Standing.__table__.c
ANSWERS: Final = Answer.__table__.c


def _of(problem: Any, student: Any) -> ColumnElement[bool]:
    """Return the condition that a row is about the problem and one of the students."""
    students = student.in_(bindparam("students", expanding=True))
    return and_(problem == bindparam("problem"), students)


NOTED: Final = (
    select(DRAWS.student_id, DRAWS.number, DRAWS.version_id, DRAWS.position)
    .where(_of(DRAWS.problem_id, DRAWS.student_id))
    .order_by(DRAWS.number)
)
TAGS: Final = select(STANDINGS.student_id, STANDINGS.sequence, STANDINGS.version).where(
    _of(STANDINGS.problem_id, STANDINGS.student_id)
)
GIVEN: Final = (
    select(
        *(ANSWERS.student_id, ANSWERS.submission_id, ANSWERS.part, ANSWERS.sequence),
        *(ANSWERS.received_at, ANSWERS.attempt, ANSWERS.value, ANSWERS.status, ANSWERS.credit),
        *(ANSWERS.late, ANSWERS.manual, ANSWERS.draw, ANSWERS.carries),
    )
    .where(_of(ANSWERS.problem_id, ANSWERS.student_id))
    .order_by(ANSWERS.sequence)
)
"""Statements that are put together once, each for one problem: they are not if that is open."""


def seats_of(session: Session, drawn: Mapping[Key, Drawn], *, stamps: Stamps) -> dict[Key, Seat]:
    """Read the states of students in problems; *stamps* are those of this transaction.

    *drawn* has each student's draw, which applies if none is stored.
    """
    by_problem: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for key in drawn:
        by_problem[key.problem_id].append(key.student_id)
    found: dict[Key, Seat] = {}
    for problem, students in by_problem.items():
        asked = {"problem": problem, "students": students}
        noted = {row[0]: Drawn(*row[1:]) for row in session.execute(NOTED, asked)}
        tags = {row[0]: (row[1], row[2]) for row in session.execute(TAGS, asked)}
        given, carried = _given(session, asked)
        for student in students:
            key = Key(problem, student)
            sequence, version = tags.get(student, (0, NEW))
            found[key] = Seat(
                noted.get(student, drawn[key]),
                opened=student in noted,
                sequence=sequence,
                version=version,
                given={part: tuple(rows) for part, rows in given[student].items()},
                carried=carried[student],
                stamps=stamps,
            )
    return found


def _given(
    session: Session, asked: Mapping[str, Any]
) -> tuple[Mapping[UUID, Mapping[str, list[Answered]]], Mapping[UUID, Carried]]:
    """Return the answers by student and part, in order, and the last readable ones by draw."""
    given: defaultdict[UUID, dict[str, list[Answered]]] = defaultdict(dict)
    carried: defaultdict[UUID, Carried] = defaultdict(dict)
    for row in session.execute(GIVEN, asked):
        given[row.student_id].setdefault(row.part, []).append(answered(row))
        if row.carries is not None:
            value = from_json(row.carries["value"])
            carried[row.student_id].setdefault(row.draw, {})[row.part] = value
    return given, carried
