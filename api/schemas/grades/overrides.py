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
    """The points of a student in an assignment, in a problem of it, or in a part of the problem.

    The student sees the *reason*. Points of an assignment or a problem are on the assignment's
    scale, those of a part on the problem's. More than the maximum requires *over_maximum*.
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
    """An override; *withdrawn_at* is when it was withdrawn or replaced."""

    student: UUID
    student_name: str
    withdrawn_at: UtcDatetime | None


class GradeNow(Schema):
    """A grade after a change, with the version to send with the next one."""

    score: Score | None
    possible: Score
    waiting: bool
    version: Count


class OverrideDone(Schema):
    """The override that was set or withdrawn, with the score *before* and now."""

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
    """A page of the overrides of an assignment, newest first."""

    model_config = with_examples({"items": [EXAMPLE_OVERRIDE], "next": None})
