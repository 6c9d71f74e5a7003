"""What a change of the rules does to grades."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Count, Score
from api.http.schema import Schema, with_examples

EFFECT: Final[dict[str, Any]] = {
    "dry_run": False,
    "students": 61,
    "changed": 1,
    "up": 1,
    "down": 0,
    "largest": [
        {
            "assignment": "01933e3a-0000-7000-8000-000000000001",
            "student": "01933e3a-0000-7000-8000-00000000000a",
            "name": "Ada Example",
            "before": {"score": 3.6, "possible": 8},
            "after": {"score": 4, "possible": 8},
        }
    ],
}


class OutOf(Schema):
    """A score out of what was possible; *score* null where nothing was handed in."""

    score: Score | None
    possible: Score


class GradeMove(Schema):
    """A grade of an assignment that a change moves."""

    assignment: UUID
    student: UUID
    name: str
    before: OutOf | None
    after: OutOf


class Effect(Schema):
    """How many grades a change moves; *dry_run*: it was tried, and nothing of it was kept.

    *students* is how many people's grades were looked at. The others count grades of students who
    are in the course, the test student left out. *up* and *down* compare scores; a grade whose
    maximum alone changed is in *changed* only. *largest* are the ten that move most.
    """

    model_config = with_examples(EFFECT)

    dry_run: bool
    students: Count
    changed: Count
    up: Count
    down: Count
    largest: tuple[GradeMove, ...]
