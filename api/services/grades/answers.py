"""Answers in the form that the policy takes, read for many students at once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.models import Answer
from grader.policy import Answered

__all__ = ["Given", "Key", "among", "answered", "earlier_answers", "given_answers"]


class Key(NamedTuple):
    """The key of a standing: a problem of an assignment, and a student."""

    problem_id: UUID
    student_id: UUID


Given: TypeAlias = tuple[str, Answered]
"""A part, and an answer to it as the policy sees it."""
TABLE: Final = Answer.__table__.c


def answered(row: Answer | Row[*tuple[Any, ...]]) -> Answered:
    """Convert the row of an answer to the policy's form."""
    return Answered(
        submission=str(row.submission_id),
        sequence=row.sequence,
        at=to_micros(row.received_at),
        attempt=row.attempt,
        value=row.value,
        status=row.status,
        credit=row.credit,
        admitted_late=row.late,
        manual=row.manual,
    )


def earlier_answers(session: Session, keys: Iterable[Key]) -> dict[Key, list[Answer]]:
    """Return all answers of each student in each problem, in the order of submission."""
    found: dict[Key, list[Answer]] = {key: [] for key in keys}
    rows = session.scalars(
        select(Answer)
        .where(among(Answer.problem_id, Answer.student_id, found))
        .order_by(Answer.sequence)
    )
    for row in rows:
        found[Key(row.problem_id, row.student_id)].append(row)
    return found


def given_answers(session: Session, keys: Iterable[Key]) -> dict[Key, list[Given]]:
    """Return all answers of each student in each problem in order, in the policy's form."""
    found: dict[Key, list[Given]] = {key: [] for key in keys}
    rows = session.execute(
        select(
            TABLE.problem_id,
            TABLE.student_id,
            TABLE.submission_id,
            TABLE.part,
            TABLE.sequence,
            TABLE.received_at,
            TABLE.attempt,
            TABLE.value,
            TABLE.status,
            TABLE.credit,
            TABLE.late,
            TABLE.manual,
        )
        .where(among(TABLE.problem_id, TABLE.student_id, found))
        .order_by(TABLE.sequence)
    )
    for row in rows:
        found[Key(row.problem_id, row.student_id)].append((row.part, answered(row)))
    return found


def among(problem: Any, student: Any, keys: Iterable[Key]) -> ColumnElement[bool]:
    """Return the condition that a row belongs to one of *keys*."""
    students: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for key in keys:
        students[key.problem_id].append(key.student_id)
    return or_(*(and_(problem == one, student.in_(those)) for one, those in students.items()))
