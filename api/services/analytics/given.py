"""The readable answers of a class, in one pass over plain columns, and the first of each student.

Ids are texts of 32 hexadecimal digits and moments microseconds, as in `reading`.
"""

from collections.abc import Collection, Iterable
from itertools import starmap
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services.analytics.reading import Hex, Students, hex_of, micros_of
from api.tables import Answer
from grader.result import FREE

__all__ = ["First", "Given", "answers_given", "first_answers", "own_value"]


class Given(NamedTuple):
    """One readable answer of a student to a part; *repeats* says that the value came before."""

    problem_id: Hex
    student_id: Hex
    part: str
    answer_id: Hex
    draw: int
    status: str
    credit: float | None
    value: str
    mistakes: str
    received_at: int
    attempt: int | None
    repeats: bool

    @property
    def solved_at(self) -> int | None:
        """The attempt that was right; a repeated answer tells nothing new, and so is none."""
        if self.credit is None or self.credit < 1 or self.repeats:
            return None
        return 1 if self.attempt is None else self.attempt


class First(NamedTuple):
    """The first readable answer of a student to a part.

    *best* is the best credit of any answer, *solved_at* the attempt that was right first.
    """

    problem_id: Hex
    student_id: Hex
    part: str
    answer_id: Hex
    draw: int
    status: str
    credit: float | None
    value: str
    mistakes: str
    received_at: int
    best: float | None
    solved_at: int | None

    @property
    def follows(self) -> bool:
        """Whether it is right for the student's own earlier answers, not by the key."""
        return self.status == "follow_through"

    @property
    def is_right(self) -> bool:
        """Whether it has full credit by the key."""
        return self.credit is not None and self.credit >= 1 and not self.follows

    @property
    def is_wrong(self) -> bool:
        """Whether it has less than full credit by the key."""
        return self.credit is not None and self.credit < 1 and not self.follows


BEST, SOLVED = (First._fields.index(name) for name in ("best", "solved_at"))
ATTEMPT = Given._fields.index("attempt")
"""The fields before it are those of a first answer."""


def own_value(one: Given | First) -> str:
    """Return the digest of the value, without the number of the draw behind it."""
    return one.value.partition("#")[0]


def answers_given(session: Session, problems: Collection[UUID], students: Students) -> list[Given]:
    """Return all readable answers of each student to each problem, in the order they came in.

    One pass over plain columns: to have the database find the first of each takes longer.
    """
    statement = (
        select(
            hex_of(Answer.problem_id),
            hex_of(Answer.student_id),
            Answer.part,
            hex_of(Answer.id),
            Answer.draw,
            Answer.status,
            Answer.credit_float,
            Answer.value,
            Answer.mistakes,
            micros_of(Answer.received_at),
            Answer.attempt,
            Answer.repeats.is_not(None),
        )
        .where(
            Answer.problem_id.in_(problems),
            Answer.student_id.in_(students),
            Answer.status.not_in(FREE),
        )
        .order_by(Answer.problem_id, Answer.student_id, Answer.sequence)
    )
    return [*starmap(Given, session.connection().execute(statement).all())]


def first_answers(given: Iterable[Given]) -> Iterable[First]:
    """Return the first of the answers of each student to each part, with what came of later ones.

    Those of one student stand in their order in *given*.
    """
    found: dict[tuple[Hex, Hex, str], list[Any]] = {}
    for one in given:
        best, solved_at = one.credit, one.solved_at
        first = found.get(one[:3])
        if first is None:
            found[one[:3]] = [*one[:ATTEMPT], best, solved_at]
            continue
        if best is not None and (first[BEST] is None or best > first[BEST]):
            first[BEST] = best
        if solved_at is not None and (first[SOLVED] is None or solved_at < first[SOLVED]):
            first[SOLVED] = solved_at
    return map(First._make, found.values())
