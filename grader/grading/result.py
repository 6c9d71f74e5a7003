"""Result of grading the answer to one part."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.definitions.problem import Status
from grader.kinds.base import KindRule
from grader.reading import RawAnswer
from grader.values import Number, Value

FREE_STATUSES: Final = frozenset({"unreadable", "missing"})
NO_VALUES: Final[Mapping[str, Value]] = {}

DecidingRule: TypeAlias = (
    KindRule
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
"""Rule that decided, of the kind or of grading itself; `none` if no other applied."""


class PartResult(NamedTuple):
    """Result of one part.

    *status* is the outcome, *credit* (an exact fraction, None until a person has graded) the share
    of *points* that it earns. *read_as* is the reading of the answer, *notes* explain the reading
    if it was not obvious. *mistakes* are the ids of the likely causes, *hint* is the feedback to
    the student, *position* where an unreadable answer could not be read on. *carries* is the value
    for later parts; *cells* (each right or not), *first_wrong* (the first that is not) and *reason*
    (why no key could be computed) are for staff.

    For appeals and statistics: *typed* is the answer as given, *value* its reading (equal for
    answers that read alike), *rule* the deciding rule, and *counted_key* the key that counted: the
    true one, the accepted one, or that of the student's own earlier answers. *carried* are the
    student's own earlier answers that could count here, by part. These are for staff too.
    """

    part: str
    status: Status
    credit: Fraction | None
    points: Number
    read_as: str = ""
    notes: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    hint: str = ""
    position: int | None = None
    carries: Value | None = None
    cells: tuple[bool, ...] = ()
    reason: str = ""
    typed: RawAnswer | None = None
    value: Value | None = None
    rule: DecidingRule = "none"
    counted_key: Value | None = None
    first_wrong: str = ""
    carried: Mapping[str, Value] = NO_VALUES
    form_mismatch: str = ""
    judged_as: str = ""

    @property
    def feedback(self) -> str:
        """The feedback to the student, with notes on the reading if it was not obvious."""
        return " ".join((self.hint, *self.notes))

    @property
    def score(self) -> Fraction | None:
        """Points times credit; None until a person has graded."""
        return None if self.credit is None else self.credit * self.points

    @property
    def costs_attempt(self) -> bool:
        """Whether the answer uses an attempt; an unreadable answer does not."""
        return self.status not in FREE_STATUSES
