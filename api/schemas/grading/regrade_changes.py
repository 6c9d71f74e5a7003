"""What a regrade changes over REST: each answer and each student, before and after."""

from typing import Literal
from uuid import UUID

from api.http.field_types import Count, Score
from api.http.schema import Schema, with_examples
from api.schemas.grading.regrades import OTHER, RUN


class Side(Schema):
    """The result of an answer, before or after.

    *points* is what its part is worth, *score* the credit in points.
    """

    status: str
    credit: Score | None
    points: Score
    score: Score | None
    read_as: str
    mistakes: tuple[str, ...]
    feedback: str


class ChangeOut(Schema):
    """An answer whose result changes; *flag* is the reason if the change is not applied.

    *direction* is the change of its credit: up, down, same (points, status or words differ), or
    review (a person must grade it).
    """

    model_config = with_examples(
        {
            "id": RUN,
            "answer": OTHER,
            "submission": OTHER,
            "student": OTHER,
            "part": "side",
            "sequence": 2,
            "direction": "up",
            "flag": "",
            "is_applied": False,
            "before": {
                "status": "mistake",
                "credit": 0,
                "points": 2,
                "score": 0,
                "read_as": "64",
                "mistakes": ["rounded_up"],
                "feedback": "Is the last window still in the image?",
            },
            "after": {
                "status": "correct",
                "credit": 1,
                "points": 2,
                "score": 2,
                "read_as": "64",
                "mistakes": [],
                "feedback": "",
            },
        }
    )

    id: UUID
    answer: UUID
    submission: UUID
    student: UUID
    part: str
    sequence: Count
    direction: Literal["up", "down", "same", "review"]
    flag: Literal["", "manual", "kept"]
    is_applied: bool
    before: Side
    after: Side


class Turn(Schema):
    """A score before and after."""

    before: Score | None
    after: Score | None
    never_lower: Score | None


class StudentOut(Schema):
    """The effect of a regrade on a student: the score of the problem, the grade of the assignment.

    *never_lower* has both if no answer may lose credit.
    """

    model_config = with_examples(
        {
            "student": OTHER,
            "name": "Ada Example",
            "counts": True,
            "score": {"before": 2, "after": 4, "never_lower": 4},
            "grade": {"before": 12, "after": 14, "never_lower": 14},
        }
    )

    student: UUID
    name: str
    counts: bool
    score: Turn
    grade: Turn
