"""Points that a person gives in place of those that were worked out, as staff send and see them."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Count, Line, Points, Score, UtcDatetime
from api.http.pagination import Page
from api.http.schema import Schema, with_examples
from api.schemas.grades.grades import OVERRIDE, OverrideShown

STUDENT: Final = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
EXAMPLE_OVERRIDE: Final[dict[str, Any]] = OVERRIDE | {
    "student": STUDENT,
    "student_name": "Ann Example",
    "withdrawn_at": None,
}


class OverrideIn(Schema):
    """The points of a student in an assignment, in a problem of it, or in a part of that.

    The student sees the *reason*. Those of an assignment or a problem are in the assignment's
    points, those of a part in the problem's. More than the maximum are taken with *over_maximum*.
    """

    model_config = with_examples(
        {
            "student": STUDENT,
            "problem": "conv-output-size",
            "part": "side",
            "points": 2,
            "reason": "The figure was not readable in print.",
        }
    )

    student: UUID
    problem: Line | None = None
    part: Line | None = None
    points: Points
    reason: Line
    over_maximum: bool = False


class OverrideOut(OverrideShown):
    """An override; *withdrawn_at* is when it ended, by hand or by another one in its place."""

    student: UUID
    student_name: str
    withdrawn_at: UtcDatetime | None


class GradeNow(Schema):
    """A grade after an act, and the version that the next one changes."""

    score: Score | None
    possible: Score
    waiting: bool
    version: Count


class OverrideDone(Schema):
    """What was set or withdrawn, and what the score was *before* it and is now."""

    model_config = with_examples(
        {
            "override": EXAMPLE_OVERRIDE,
            "before": 2.9,
            "grade": {"score": 4, "possible": 4, "waiting": False, "version": 4},
        }
    )

    override: OverrideOut
    before: Score | None
    grade: GradeNow


class OverridePage(Page[OverrideOut]):
    """One page of the overrides of an assignment, the newest first."""

    model_config = with_examples({"items": [EXAMPLE_OVERRIDE], "next": None})
