"""The gradebook as the staff of a course see it."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Count, Points, Score, UtcDatetime
from api.http.schema import Schema, with_examples

ASSIGNMENT: Final = "01933e3a-0000-7000-8000-000000000001"
SUMMARY: Final[dict[str, Any]] = {
    "counted": 180,
    "mean": 7.25,
    "median": 7.5,
    "below": 21,
    "missing": 9,
    "waiting": 4,
    "excused": 1,
    "late": 17,
}
CELL: Final[dict[str, Any]] = {
    "assignment": ASSIGNMENT,
    "score": 7.5,
    "possible": 10,
    "waiting": False,
    "waiting_points": 0,
    "late": True,
    "excused": False,
    "overridden": False,
    "missing": False,
    "due": True,
    "version": 3,
}
BOOK: Final[dict[str, Any]] = {
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "students": 190,
    "categories": [{"id": "Homework", "weight": 60, "drop_lowest": 1}],
    "columns": [
        {
            "assignment": ASSIGNMENT,
            "slug": "hw-1",
            "title": "Homework 1",
            "category": "Homework",
            "possible": 10,
            "extra": False,
            "due_at": "2026-11-27T22:59:00.000000Z",
            "closes_at": "2026-11-28T22:59:00.000000Z",
            "lms_id": "4711",
            "summary": SUMMARY,
        }
    ],
    "total": SUMMARY | {"mean": 72.5, "median": 75.0, "missing": 0, "excused": 0, "late": 0},
    "items": [
        {
            "user": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
            "name": "Ann Example",
            "email": "ann@example.edu",
            "student_number": "1234567",
            "section": "01933e3a-0000-7000-8000-00000000005e",
            "section_name": "Tuesday",
            "cells": [CELL],
            "percent": 75,
            "waiting": False,
            "waiting_points": 0,
        }
    ],
    "withheld": [],
    "next": None,
}

Number = Annotated[float | None, Field(description="rounded to six decimals")]


class ColumnSummary(Schema):
    """Statistics of a column over all selected students, whatever page is shown.

    *counted* have a score, which is 0 for *missing* students. *below* of them have less than the
    requested share. If some points are ungraded, the score is the share of the graded points times
    the maximum; students without graded points are not counted.
    """

    counted: Count
    mean: Number
    median: Number
    below: Count
    missing: Count
    waiting: Count
    excused: Count
    late: Count


class GradebookCategory(Schema):
    """Assignments that count together with a weight, with the number of lowest ones to drop."""

    id: str
    weight: Points
    drop_lowest: Count


class GradebookColumn(Schema):
    """An assignment; *possible* is the maximum for students without an excuse."""

    assignment: UUID
    slug: str
    title: str
    category: str
    possible: Score
    extra: bool
    due_at: UtcDatetime | None
    closes_at: UtcDatetime | None
    lms_id: str
    summary: ColumnSummary


class GradebookCell(Schema):
    """The result of a student in an assignment.

    *score* is null if nothing was submitted while the assignment is open for the student, or if the
    student is excused. *missing*: nothing was submitted and it is closed, which counts as 0.
    *waiting*: answers are ungraded, worth *waiting_points* of *possible*. *due*: the student's due
    time is over, so the assignment counts in the course. An override sends *version*.
    """

    assignment: UUID
    score: Score | None
    possible: Score
    waiting: bool
    waiting_points: Score
    late: bool
    excused: bool
    overridden: bool
    missing: bool
    due: bool
    version: Count


class GradebookRow(Schema):
    """A student: *cells* in the order of the columns, *percent* of the course so far.

    *waiting_points* are ungraded and do not enter *percent*.
    """

    user: UUID
    name: str
    email: str
    student_number: str
    section: UUID | None
    section_name: str
    cells: tuple[GradebookCell, ...]
    percent: Score | None
    waiting: bool
    waiting_points: Score


class GradebookOut(Schema):
    """A page of a gradebook; *students* is the number of students on all pages.

    *withheld* are the anonymously graded assignments: TAs see neither their columns nor the
    *percent* of the course.
    """

    model_config = with_examples(BOOK)

    course: UUID
    students: Count
    categories: tuple[GradebookCategory, ...]
    columns: tuple[GradebookColumn, ...]
    total: ColumnSummary
    items: tuple[GradebookRow, ...]
    withheld: tuple[UUID, ...]
    next: str | None = Field(None, description="the cursor of the next page, null on the last")
