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
from grader.policy import format_rounded_number

GRADED_BY_TA: Final = "Graded by a TA."
NO_CREDIT: Final = Fraction(0)
FULL_CREDIT: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class MarkValues:
    """A mark as given: *items* with an *adjustment*, or a *credit*, plus a comment and a reason."""

    items: tuple[UUID, ...]
    adjustment: Fraction
    credit: Fraction | None
    comment: str
    reason: str

    @classmethod
    def from_request(cls, request: MarkIn) -> "MarkValues":
        """Return the mark of a request."""
        return cls(
            request.items, request.adjustment, request.credit, request.comment, request.reason
        )

    @classmethod
    def from_review(cls, review: Review, *, without: UUID | None = None) -> "MarkValues":
        """Return the stored mark of an answer, *without* a retired item if one is passed."""
        items = tuple(UUID(item) for item in review.items)
        return cls(
            tuple(item for item in items if item != without),
            review.adjustment,
            review.credit,
            review.comment,
            review.reason,
        )


@dataclass(frozen=True, slots=True)
class MarkOutcome:
    """Outcome of a mark: the credit, the feedback to the student, and the calculation."""

    credit: Fraction
    feedback: str
    explanation: tuple[str, ...]

    @property
    def status(self) -> str:
        """Return ``wrong``, ``partial`` or ``correct``, by the credit."""
        if self.credit == NO_CREDIT:
            return "wrong"
        return "correct" if self.credit == FULL_CREDIT else "partial"


def compute_mark_outcome(
    mark_values: MarkValues,
    rubric: Mapping[UUID, Criterion],
    points: Fraction,
    *,
    fill: Callable[[str], str],
) -> MarkOutcome:
    """Return the outcome of a mark for a part that is worth *points*.

    The sum is at least 0 and at most *points*; more than that needs an override. *fill* puts the
    student's numbers into the feedback.
    """
    items = [rubric[item] for item in mark_values.items]
    credit = mark_values.credit
    if credit is None:
        total = sum((item.points for item in items), mark_values.adjustment)
        credit = min(max(total, NO_CREDIT), points) / points if points else NO_CREDIT
    lines = [f"{fill(item.say or item.label)} ({_format_signed(item.points)})" for item in items]
    return MarkOutcome(
        credit,
        "\n".join([*lines, *([mark_values.comment] if mark_values.comment else [])]),
        (
            GRADED_BY_TA,
            *_explain_steps(mark_values, items),
            _explain_result(credit, points),
        ),
    )


def _explain_steps(mark_values: MarkValues, items: list[Criterion]) -> Iterator[str]:
    for criterion in items:
        yield f"{criterion.label}: {_format_signed(criterion.points)}"
    if mark_values.adjustment:
        yield f"Adjustment: {_format_signed(mark_values.adjustment)}"


def _explain_result(credit: Fraction, points: Fraction) -> str:
    return f"Credit: {format_rounded_number(credit * points)} of {format_rounded_number(points)}."


def _format_signed(points: Fraction) -> str:
    """Format points with their sign.

    >>> _format_signed(Fraction(2)), _format_signed(Fraction(-1, 2)), _format_signed(Fraction(0))
    ('+2', '−0.5', '0')
    """
    if not points:
        return "0"
    return f"{'+' if points > 0 else '−'}{format_rounded_number(abs(points))}"
