"""Values of a mark: rubric items plus an adjustment, or a credit, and the student's feedback.

Pure: values in, values out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from uuid import UUID

from api.db.models import Review
from api.schemas.grading.marks import MarkIn
from api.services.review.marks.rubric import Criterion
from grader.policy import shown

__all__ = ["Given", "Outcome", "outcome"]

NOTHING: Final = Fraction(0)
FULL: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Given:
    """A mark as given: *items* with an *adjustment*, or a *credit*, plus a comment and a reason."""

    items: tuple[UUID, ...]
    adjustment: Fraction
    credit: Fraction | None
    comment: str
    reason: str

    @classmethod
    def of(cls, asked: MarkIn) -> "Given":
        """Return the mark of a request."""
        return cls(asked.items, asked.adjustment, asked.credit, asked.comment, asked.reason)

    @classmethod
    def kept(cls, review: Review, *, without: UUID | None = None) -> "Given":
        """Return the stored mark of an answer, *without* a retired item if one is passed."""
        items = tuple(UUID(one) for one in review.items)
        return cls(
            tuple(one for one in items if one != without),
            review.adjustment,
            review.credit,
            review.comment,
            review.reason,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a mark: the credit, the feedback to the student, and the calculation."""

    credit: Fraction
    feedback: str
    explanation: tuple[str, ...]

    @property
    def status(self) -> str:
        """Return ``wrong``, ``partial`` or ``correct``, by the credit."""
        if self.credit == NOTHING:
            return "wrong"
        return "correct" if self.credit == FULL else "partial"


def outcome(
    given: Given,
    rubric: Mapping[UUID, Criterion],
    points: Fraction,
    *,
    fill: Callable[[str], str],
) -> Outcome:
    """Return the outcome of a mark for a part that is worth *points*.

    The sum is at least 0 and at most *points*; more than that needs an override. *fill* puts the
    student's numbers into the feedback.
    """
    items = [rubric[one] for one in given.items]
    credit = given.credit
    if credit is None:
        total = sum((one.points for one in items), given.adjustment)
        credit = min(max(total, NOTHING), points) / points if points else NOTHING
    said = [f"{fill(one.say or one.label)} ({_signed(one.points)})" for one in items]
    return Outcome(
        credit,
        "\n".join([*said, *([given.comment] if given.comment else [])]),
        ("Marked by a person.", *_steps(given, items), _result(credit, points)),
    )


def _steps(given: Given, items: list[Criterion]) -> Iterator[str]:
    for one in items:
        yield f"{one.label}: {_signed(one.points)}"
    if given.adjustment:
        yield f"Adjustment: {_signed(given.adjustment)}"


def _result(credit: Fraction, points: Fraction) -> str:
    return f"Credit: {shown(credit * points)} of {shown(points)}."


def _signed(points: Fraction) -> str:
    """Format points with their sign.

    >>> _signed(Fraction(2)), _signed(Fraction(-1, 2)), _signed(Fraction(0))
    ('+2', '−0.5', '0')
    """
    if not points:
        return "0"
    return f"{'+' if points > 0 else '−'}{shown(abs(points))}"
