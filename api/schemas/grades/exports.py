"""What a gradebook file would make another system do, and what a score sheet changes."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Count, Score
from api.http.schema import Schema, with_examples

WARNING: Final[dict[str, Any]] = {
    "code": "new_assignment",
    "fatal": False,
    "about": "01933e3a-0000-7000-8000-000000000001",
    "message": "Canvas will match 'Homework 1' by its title, or offer to create it. Link the "
    "assignment with its Canvas id to be sure.",
    "meaning": "Canvas offers to create a new assignment for the column.",
}


class ExportWarning(Schema):
    """What the other side would reject or misread; *about* is the id of a student or assignment.

    A *fatal* one gives scores to the wrong person or column: the file is refused unless forced.
    """

    code: str
    fatal: bool
    about: UUID
    message: str
    meaning: str


class ExportCheck(Schema):
    """What is to be looked at before a file is handed on."""

    model_config = with_examples(
        {
            "form": "canvas",
            "students": 190,
            "assignments": 4,
            "fatal": 0,
            "warnings": [WARNING],
        }
    )

    form: str
    students: Count
    assignments: Count
    fatal: Count
    warnings: tuple[ExportWarning, ...]


class SheetLine(Schema):
    """What is wrong in a line of a sheet, and what to do."""

    line: Count
    message: str


class SheetChangeOut(Schema):
    """What a line of a sheet changes; *after* is null where there is but a comment."""

    line: Count
    student: UUID
    name: str
    problem: str
    part: str
    before: Score | None
    after: Score | None
    comment: str


class SheetOut(Schema):
    """What a sheet changes. With a problem in any line nothing is applied.

    *changes* has the first 200 of them, *changed* says how many there are, *grades* how many
    scores of the assignment they move.
    """

    model_config = with_examples(
        {
            "applied": False,
            "changed": 1,
            "unchanged": 189,
            "grades": 0,
            "changes": [
                {
                    "line": 2,
                    "student": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
                    "name": "Ann Example",
                    "problem": "why-small-kernels",
                    "part": "why",
                    "before": None,
                    "after": 3,
                    "comment": "Say what the stride does.",
                }
            ],
            "problems": [{"line": 3, "message": "'-1' is below 0; write 0 or more points"}],
        }
    )

    applied: bool
    changed: Count
    unchanged: Count
    grades: Count
    changes: tuple[SheetChangeOut, ...]
    problems: tuple[SheetLine, ...]
