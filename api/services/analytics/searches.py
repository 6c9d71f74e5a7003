"""Answers of one student that halve an interval until they hit: a sign of guessing. For staff."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from api.schemas.analytics_problem import SearchOut
from api.services.analytics.reading import Students
from api.tables import Answer, Grading
from grader.analysis import looks_like_search
from grader.json_values import from_json
from grader.result import FREE
from grader.values import is_number

__all__ = ["searches_of"]

FEWEST: Final = 5
"""Fewer answers are no search, and are not looked at."""
MOST: Final = 50
LAST: Final = 12
"""So many of the answers are shown."""


def searches_of(
    session: Session, problem_id: UUID, students: Students
) -> dict[str, tuple[SearchOut, ...]]:
    """Return by part the students, by their last submission, whose answers look like a search."""
    found: defaultdict[str, list[SearchOut]] = defaultdict(list)
    for (part, _, _), rows in _sequences(session, problem_id, students).items():
        numbers = [(Fraction(value), row) for row in rows if is_number(value := _value(row))]
        if looks_like_search([value for value, _ in numbers]):
            last = numbers[-1][1]
            found[part].append(
                SearchOut(
                    submission=last.submission_id,
                    answers=len(numbers),
                    shown=tuple(row.shown for _, row in numbers[-LAST:]),
                    solved=any(row.credit_float == 1 for _, row in numbers),
                )
            )
    return {part: tuple(searches[:MOST]) for part, searches in found.items()}


def _value(row: Any) -> Any:
    return None if row.value is None else from_json(row.value)


def _sequences(
    session: Session, problem_id: UUID, students: Students
) -> Mapping[tuple[str, UUID, int], Sequence[Any]]:
    """Return the answers of those who gave many to the same part and numbers, in their order."""
    own = (Answer.part, Answer.student_id, Answer.draw)
    read = and_(Answer.problem_id == problem_id, Answer.status.not_in(FREE))
    many = (
        select(*own)
        .where(read, Answer.student_id.in_(students))
        .group_by(*own)
        .having(func.count(Answer.value.distinct()) >= FEWEST)
        .subquery()
    )
    same = [column == many.c[column.key] for column in own]
    rows = session.execute(
        select(
            *own,
            Answer.submission_id,
            Answer.shown,
            Answer.credit_float,
            Grading.record["value"].label("value"),
        )
        .join(many, and_(*same))
        .join(Grading, Grading.id == Answer.grading_id)
        .where(read)
        .order_by(Answer.student_id, Answer.sequence)
    )
    found: defaultdict[tuple[str, UUID, int], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.part, row.student_id, row.draw].append(row)
    return found
