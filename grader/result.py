"""What became of the answer to one part."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from grader.problem import Status
from grader.values import Number, Value

__all__ = ["Result"]

FREE: Final = frozenset({"unreadable", "missing"})


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one part.

    *status* says what happened, *credit* (an exact fraction, None until a person has marked) what
    it earns of *points*. *read_as* is the answer as it was read, *notes* say how where that was not
    plain. *mistakes* are the ids of the likely causes, *say* is what the student is told,
    *position* where an unreadable answer could not be read on. *carries* is the value for later
    parts; *cells* (each right or not) and *reason* (why no key could be computed) are for staff.
    """

    part: str
    status: Status
    credit: Fraction | None
    points: Number
    read_as: str = ""
    notes: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    say: str = ""
    position: int | None = None
    carries: Value | None = None
    cells: tuple[bool, ...] = ()
    reason: str = ""

    @property
    def feedback(self) -> str:
        """What the student is told, with how the answer was read where that was not plain."""
        return " ".join((self.say, *self.notes))

    @property
    def score(self) -> Fraction | None:
        """Points times credit; None until a person has marked."""
        return None if self.credit is None else self.credit * self.points

    @property
    def costs_attempt(self) -> bool:
        """Whether the answer uses an attempt: what could not be read does not."""
        return self.status not in FREE
