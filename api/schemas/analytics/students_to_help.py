"""Students who may need help, as staff see them."""

from typing import Any, Final, Literal
from uuid import UUID

from api.http.field_types import Count
from api.http.schema import Schema, with_examples

EXAMPLE_REASON: Final[dict[str, Any]] = {
    "rule": "stuck",
    "assignment": "01933e3a-0000-7000-8000-00000000000a",
    "assignment_title": "Homework 1",
    "problem": "conv-output-shape",
    "problem_title": "Output shape of a convolution",
    "part": "shape",
    "attempts": 5,
}


class HelpReason(Schema):
    """Reason why a student may need help.

    *rule* is ``not_opened`` (an assignment that is due soon), ``stuck`` (many attempts at a part of
    an open assignment without full credit) or ``behind`` (nothing submitted to the last assignments
    that were due). *problem*, *part* and *attempts* belong to ``stuck``.
    """

    rule: Literal["not_opened", "stuck", "behind"]
    assignment: UUID
    assignment_title: str
    problem: str | None = None
    problem_title: str | None = None
    part: str | None = None
    attempts: Count | None = None


class StudentToHelp(Schema):
    """A student who may need help, with the reasons."""

    user: UUID
    name: str
    section_name: str | None
    reasons: tuple[HelpReason, ...]


class StudentsToHelp(Schema):
    """Students of a course who may need help, most reasons first; at most 100 of *total*.

    *days*, *attempts* and *assignments* are the numbers of the three rules.
    """

    model_config = with_examples(
        {
            "course": "01933e3a-0000-7000-8000-00000000000c",
            "total": 1,
            "days": 3,
            "attempts": 4,
            "assignments": 2,
            "items": [
                {
                    "user": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
                    "name": "Ann Example",
                    "section_name": "Tuesday",
                    "reasons": [EXAMPLE_REASON],
                }
            ],
        }
    )

    course: UUID
    total: Count
    days: Count
    attempts: Count
    assignments: Count
    items: tuple[StudentToHelp, ...]
