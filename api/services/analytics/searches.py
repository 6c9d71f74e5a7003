"""Answers of one student that halve an interval until they hit: a sign of guessing. For staff."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.schemas.analytics_problem import SearchOut
from api.services.analytics.given import Given
from api.services.analytics.reading import Hex
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
Place: TypeAlias = tuple[str, Hex, int]
"""A part, a student and the number of the draw."""


def searches_of(
    session: Session, problem_id: UUID, given: Iterable[Given]
) -> dict[str, tuple[SearchOut, ...]]:
    """Return by part the students, by their last submission, whose answers look like a search."""
    found: defaultdict[str, list[SearchOut]] = defaultdict(list)
    for (part, _, _), rows in _sequences(session, problem_id, given).items():
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
    session: Session, problem_id: UUID, given: Iterable[Given]
) -> Mapping[Place, Sequence[Any]]:
    """Return the answers of those who gave many to the same part and numbers, in their order."""
    values: defaultdict[Place, set[str]] = defaultdict(set)
    for one in given:
        values[one.part, one.student_id, one.draw].add(one.value)
    many = {own for own, different in values.items() if len(different) >= FEWEST}
    if not many:
        return {}
    rows = session.execute(
        select(
            Answer.part,
            Answer.student_id,
            Answer.draw,
            Answer.submission_id,
            Answer.shown,
            Answer.credit_float,
            Grading.record["value"].label("value"),
        )
        .join(Grading, Grading.id == Answer.grading_id)
        .where(
            Answer.problem_id == problem_id,
            Answer.student_id.in_({UUID(student) for _, student, _ in many}),
            Answer.status.not_in(FREE),
        )
        .order_by(Answer.student_id, Answer.sequence)
    )
    found: defaultdict[Place, list[Any]] = defaultdict(list)
    for row in rows:
        own = row.part, row.student_id.hex, row.draw
        if own in many:
            found[own].append(row)
    return found
