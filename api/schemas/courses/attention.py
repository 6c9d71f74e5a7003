"""What in a course waits for its staff."""

from typing import Any, Final, Literal
from uuid import UUID

from api.http.field_types import Count
from api.http.schema import Schema, with_examples
from api.schemas.analytics.statistics import Figure

ASSIGNMENT: Final = "01933e3a-0000-7000-8000-000000000001"
WAITING: Final[dict[str, Any]] = {
    "assignment": ASSIGNMENT,
    "handed_in": 182,
    "mean": 71.8,
    "to_mark": 31,
    "failures": 0,
    "requests": 2,
    "unexplained": 3,
    "regrades": [
        {
            "id": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
            "problem": "conv-output-size",
            "status": "ready",
        }
    ],
}


class RegradeUnderWay(Schema):
    """A regrade that is running, ready to be applied, or stopped."""

    id: UUID
    problem: str
    status: Literal["judging", "ready", "applying", "stopped", "undoing"]


class AssignmentAttention(Schema):
    """What needs action in an assignment.

    *to_mark* is the number of ungraded answers, *failures* the number of those that could not be
    graded automatically. *requests* are open regrade requests. *unexplained* is the number of
    groups of at least three students with the same incorrect answer to the same numbers that no
    known mistake explains. *mean* is the mean grade in percent.
    """

    assignment: UUID
    handed_in: Count
    mean: Figure | None
    to_mark: Count
    failures: Count
    requests: Count
    unexplained: Count
    regrades: tuple[RegradeUnderWay, ...]


class CourseAttention(Schema):
    """What needs action in the assignments of a course; *students* is their number."""

    model_config = with_examples(
        {
            "course": "01933e3a-0000-7000-8000-00000000000c",
            "students": 203,
            "assignments": [WAITING],
        }
    )

    course: UUID
    students: Count
    assignments: tuple[AssignmentAttention, ...]
