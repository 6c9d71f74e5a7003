"""Result of grading the answer to one part."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.definitions.problem import Status
from grader.kinds.base import By
from grader.reading import Typed
from grader.values import Number, Value

__all__ = ["Result", "Rule"]

FREE: Final = frozenset({"unreadable", "missing"})
NOTHING: Final[Mapping[str, Value]] = {}

Rule: TypeAlias = (
    By
    | Literal[
        "accepted",
        "follow_through",
        "mistake",
        "mistake_carried",
        "mistake_pair",
        "none",
        "unreadable",
        "misfit",
        "missing",
        "failure",
    ]
)
"""The rule that decided: one of the kind, or of the judging; `none` where no other fitted."""


class Result(NamedTuple):
    """Result of one part.

    *status* is the outcome, *credit* (an exact fraction, None until a person has graded) the share
    of *points* that it earns. *read_as* is the reading of the answer, *notes* explain the reading
    if it was not obvious. *mistakes* are the ids of the likely causes, *say* is the feedback to the
    student, *position* where an unreadable answer could not be read on. *carries* is the value for
    later parts; *cells* (each right or not), *place* (the first that is not) and *reason* (why no
    key could be computed) are for staff.

    For appeals and statistics: *typed* is the answer as given, *value* its reading (equal for
    answers that read alike), *rule* the deciding rule, and *against* the key that counted: the true
    one, the accepted one, or that of the student's own earlier answers. *carried* are the student's
    own earlier answers that could count here, by part. These are for staff too.
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
    typed: Typed | None = None
    value: Value | None = None
    rule: Rule = "none"
    against: Value | None = None
    place: str = ""
    carried: Mapping[str, Value] = NOTHING
    misfit: str = ""
    judged_as: str = ""

    @property
    def feedback(self) -> str:
        """The feedback to the student, with notes on the reading if it was not obvious."""
        return " ".join((self.say, *self.notes))

    @property
    def score(self) -> Fraction | None:
        """Points times credit; None until a person has graded."""
        return None if self.credit is None else self.credit * self.points

    @property
    def costs_attempt(self) -> bool:
        """Whether the answer uses an attempt; an unreadable answer does not."""
        return self.status not in FREE
