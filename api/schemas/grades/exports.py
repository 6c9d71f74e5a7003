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
    """Something that the other system would reject or misread; *about* is a student or assignment.

    A *fatal* warning would give scores to the wrong person or column: the export is refused unless
    it is forced.
    """

    code: str
    fatal: bool
    about: UUID
    message: str
    meaning: str


class ExportCheck(Schema):
    """What to check before you use an export."""

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
    """An error in a row of a score sheet, and how to fix it."""

    line: Count
    message: str


class SheetChangeOut(Schema):
    """The change of a row of a score sheet; *after* is null if there is only a comment."""

    line: Count
    student: UUID
    name: str
    problem: str
    part: str
    before: Score | None
    after: Score | None
    comment: str


class SheetOut(Schema):
    """The changes of a score sheet. Nothing is applied if any row has an error.

    *changes* has the first 200 of them, *changed* is their number, *grades* the number of scores of
    the assignment that change.
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
