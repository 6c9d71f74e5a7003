"""Answers in the form that the policy takes, read for many students at once."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, and_, or_, select, type_coerce
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.models import Answer
from api.db.models.base import IdTextType, RecurringIdType
from grader.policy import StoredAnswer


class ProgressKey(NamedTuple):
    """The key of a student's progress: a problem of an assignment, and a student."""

    problem_id: UUID
    student_id: UUID


PartAnswer: TypeAlias = tuple[str, StoredAnswer]
"""A part, and an answer to it in the form that the policy uses."""
ANSWER_COLUMNS: Final = Answer.__table__.c
POLICY_ANSWER_COLUMNS: Final = (
    ANSWER_COLUMNS.submission_id,
    ANSWER_COLUMNS.part,
    ANSWER_COLUMNS.sequence,
    ANSWER_COLUMNS.received_at,
    ANSWER_COLUMNS.attempt,
    ANSWER_COLUMNS.value,
    ANSWER_COLUMNS.status,
    ANSWER_COLUMNS.credit,
    ANSWER_COLUMNS.late,
    ANSWER_COLUMNS.manual,
)
"""The part of an answer, and the columns that `to_policy_answer` reads."""


_STORED_ANSWER_COLUMNS: Final = (
    type_coerce(ANSWER_COLUMNS.submission_id, IdTextType),
    ANSWER_COLUMNS.sequence,
    type_coerce(ANSWER_COLUMNS.received_at, BigInteger),
    *POLICY_ANSWER_COLUMNS[4:],
)
"""The fields of `StoredAnswer` in order, in the types that it takes."""


def to_policy_answer(row: Answer | Row[*tuple[Any, ...]]) -> StoredAnswer:
    """Convert the row of an answer to the policy's form."""
    return StoredAnswer(
        submission=str(row.submission_id),
        sequence=row.sequence,
        submitted_at=to_micros(row.received_at),
        attempt=row.attempt,
        value=row.value,
        status=row.status,
        credit=row.credit,
        admitted_late=row.late,
        manual=row.manual,
    )


def load_answers(session: Session, keys: Iterable[ProgressKey]) -> dict[ProgressKey, list[Answer]]:
    """Return all answers of each student in each problem, in the order of submission."""
    answers_by_key: dict[ProgressKey, list[Answer]] = {key: [] for key in keys}
    rows = session.scalars(
        select(Answer)
        .where(any_progress_key_condition(Answer.problem_id, Answer.student_id, answers_by_key))
        .order_by(Answer.sequence)
    )
    for row in rows:
        answers_by_key[ProgressKey(row.problem_id, row.student_id)].append(row)
    return answers_by_key


def load_policy_answers(
    session: Session, keys: Iterable[ProgressKey]
) -> dict[ProgressKey, list[PartAnswer]]:
    """Return all answers of each student in each problem in order, in the policy's form."""
    answers_by_key: dict[ProgressKey, list[PartAnswer]] = {key: [] for key in keys}
    rows = session.execute(
        select(
            type_coerce(ANSWER_COLUMNS.problem_id, RecurringIdType),
            type_coerce(ANSWER_COLUMNS.student_id, RecurringIdType),
            ANSWER_COLUMNS.part,
            *_STORED_ANSWER_COLUMNS,
        )
        .where(
            any_progress_key_condition(
                ANSWER_COLUMNS.problem_id, ANSWER_COLUMNS.student_id, answers_by_key
            )
        )
        .order_by(ANSWER_COLUMNS.problem_id, ANSWER_COLUMNS.student_id, ANSWER_COLUMNS.sequence)
    )
    for key, key_rows in groupby(rows, itemgetter(0, 1)):
        answers_by_key[ProgressKey(*key)] = [(row[2], StoredAnswer(*row[3:])) for row in key_rows]
    return answers_by_key


def any_progress_key_condition(
    problem: Any, student: Any, keys: Iterable[ProgressKey]
) -> ColumnElement[bool]:
    """Return the condition that a row belongs to one of *keys*."""
    students: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for key in keys:
        students[key.problem_id].append(key.student_id)
    return or_(*(and_(problem == one, student.in_(those)) for one, those in students.items()))
