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
    """A regrade that is not at its end: it works, waits to be applied, or was stopped."""

    id: UUID
    problem: str
    status: Literal["judging", "ready", "applying", "stopped", "undoing"]


class AssignmentAttention(Schema):
    """What of an assignment waits.

    *to_mark* are answers that wait for a person, *failures* those among them that the machine could
    not judge. *requests* of students are open. *unexplained* counts groups of equal wrong answers
    to the same numbers that no mistake explains, of three students or more. *mean* is in percent,
    of those who have a grade.
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
    """What waits in the assignments of a course, in their order; *students* count in it."""

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
