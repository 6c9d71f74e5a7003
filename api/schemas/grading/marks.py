"""Marks by people, the rubrics behind them, groups of equal answers, and gradings."""

from fractions import Fraction
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from api.http.field_types import (
    MAX_DENOMINATOR,
    MAX_POINTS,
    Count,
    Credit,
    Line,
    Score,
    Text,
    UtcDatetime,
)
from api.http.schema import InvalidValue, Schema, with_examples
from api.schemas.grading.review import MARK, MarkView, Staff

ITEM = "01933e3a-0000-5000-8000-0000000000aa"
RUBRIC_ITEM: Final[dict[str, Any]] = {
    "id": ITEM,
    "label": "fewer",
    "say": "Fewer parameters.",
    "points": 2,
    "position": 0,
    "look_for": ["fewer parameters"],
    "used": 31,
    "version": 1,
}
RUBRIC_IN: Final[dict[str, Any]] = {"label": "fewer", "say": "Fewer parameters.", "points": 2}
REMARKED: Final[dict[str, Any]] = {
    "answers": 31,
    "raised": 31,
    "lowered": 0,
    "reworded": 0,
    "dry_run": True,
}
GROUP: Final[dict[str, Any]] = {
    "id": "5f0c7a30-93c5-2e61-2f0c-1d0e8b1b7a55",
    "text": "Fewer parameters.",
    "answers": 12,
    "waiting": 3,
    "claimed": 0,
    "mark": MARK,
}
NEIGHBOR: Final[dict[str, Any]] = {
    "answer": "01933e3a-0000-7000-8000-0000000000ac",
    "text": "It has fewer parameters.",
    "similarity": 83,
    "score": 2,
    "points": 4,
    "same_numbers": True,
    "mark": MARK,
}
GRADING: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-0000000000ab",
    "kind": "manual",
    "counts": True,
    "status": "partial",
    "credit": 0.5,
    "score": 2,
    "feedback": "Fewer parameters. (2)",
    "by": MARK["by"],
    "reason": "",
    "engine": "1",
    "version": "01933e3a-0000-7000-8000-00000000000b",
    "regrade": None,
    "at": MARK["at"],
}


def _check_points(number: Fraction) -> Fraction:
    if abs(number) > MAX_POINTS or number.denominator > MAX_DENOMINATOR:
        raise InvalidValue(f"must be a number from -{MAX_POINTS:,} to {MAX_POINTS:,}")
    return number


SignedPoints = Annotated[Score, AfterValidator(_check_points)]
"""Points that are given or, below 0, taken."""


class MarkIn(Schema):
    """A mark: rubric items and an adjustment in points, or a credit.

    The sum of the points is at least 0 and at most the points of the part. The student reads
    *comment*; *reason* is for staff.
    """

    model_config = with_examples({"items": [ITEM], "comment": "Say also why."})

    items: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    adjustment: SignedPoints = Fraction(0)
    credit: Credit | None = None
    comment: Annotated[Text, Field(max_length=5_000)] = ""
    reason: Annotated[Text, Field(max_length=1_000)] = ""

    @model_validator(mode="after")
    def _check_either_credit_or_items(self) -> Self:
        if self.credit is not None and (self.items or self.adjustment):
            raise InvalidValue("must be either a credit, or rubric items with an adjustment")
        if len(set(self.items)) != len(self.items):
            raise InvalidValue("must name every rubric item once")
        return self


class RubricItemIn(Schema):
    """A new rubric item: its points (below 0 they are subtracted), and its text for students."""

    model_config = with_examples(RUBRIC_IN)

    label: Line
    say: Annotated[Text, Field(max_length=2_000)] = ""
    points: SignedPoints
    position: Count | None = None


class RubricItemPatch(Schema):
    """Changes to a rubric item; other fields stay."""

    model_config = with_examples({"points": 1.5})

    label: Line | None = None
    say: Annotated[Text, Field(max_length=2_000)] | None = None
    points: SignedPoints | None = None
    position: Count | None = None


class RubricItemView(Schema):
    """A rubric item; *used* is the number of answers that have it, *version* its ETag.

    *look_for* has the words and phrases of the problem that a page highlights in answers.
    """

    model_config = with_examples(RUBRIC_ITEM)

    id: UUID
    label: str
    say: str
    points: Score
    position: int
    look_for: tuple[str, ...]
    used: Count
    version: Count


class RubricView(Schema):
    """The rubric of a part, which is worth *points*."""

    model_config = with_examples(
        {"problem": "why-small-kernels", "part": "why", "points": 4, "items": [RUBRIC_ITEM]}
    )

    problem: str
    part: str
    part_title: str = ""
    points: Score
    items: tuple[RubricItemView, ...]


class Remarked(Schema):
    """The effect of a rubric change: how many answers have the item, and how they change.

    *reworded* answers keep their credit but display another text. A *dry_run* stores nothing.
    """

    answers: Count
    raised: Count
    lowered: Count
    reworded: Count
    dry_run: bool


class RubricChange(Schema):
    """A rubric item after a change, null if it was deleted, and the effect on marks."""

    model_config = with_examples({"item": RUBRIC_ITEM, "remarked": REMARKED})

    item: RubricItemView | None
    remarked: Remarked


class GroupView(Schema):
    """Identical answers to the same numbers, and the latest mark that one of them got."""

    model_config = with_examples(GROUP)

    id: UUID
    text: str
    answers: Count
    waiting: Count
    claimed: Count
    mark: MarkView | None


class NeighborView(Schema):
    """A graded answer to the same part with similar words.

    *similarity* is from 0 to 100, where 100 means equal but for case and spaces. *same_numbers*
    is whether its student has the numbers of this one. It never names the student.
    """

    model_config = with_examples(NEIGHBOR)

    answer: UUID
    text: str
    similarity: Count
    score: Score
    points: Score
    same_numbers: bool
    mark: MarkView


class GroupMarked(Schema):
    """The result of grading a group: answers *marked*, and answers that others have *claimed*."""

    model_config = with_examples({"marked": 11, "claimed": 1})

    marked: Count
    claimed: Count


class GradingView(Schema):
    """One grading of an answer: automatic, by a regrade or a person; *counts*: it is current."""

    model_config = with_examples(GRADING)

    id: UUID
    kind: Literal["auto", "manual", "regrade"]
    counts: bool
    status: str
    credit: Score | None
    score: Score | None
    feedback: str
    by: Staff | None
    reason: str
    engine: str
    version: UUID
    regrade: UUID | None
    at: UtcDatetime
