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
    """A score and its maximum; *score* is null if nothing was submitted."""

    score: Score | None
    possible: Score


class GradeMove(Schema):
    """A grade of an assignment that a change affects."""

    assignment: UUID
    student: UUID
    name: str
    before: OutOf | None
    after: OutOf


class Effect(Schema):
    """The effect of a change on grades; *dry_run* means that nothing was stored.

    *students* is the number of people whose grades were compared. The other counts exclude the test
    student and people who left. *up* and *down* compare scores; a grade of which only the maximum
    changed is in *changed* only. *largest* are the ten largest changes.
    """

    model_config = with_examples(EFFECT)

    dry_run: bool
    students: Count
    changed: Count
    up: Count
    down: Count
    largest: tuple[GradeMove, ...]
