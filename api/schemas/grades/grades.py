"""The grades of one student, each number with how it came about."""

from typing import Any, Final, Literal
from uuid import UUID

from api.http.field_types import Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples

ASSIGNMENT: Final = "01933e3a-0000-7000-8000-000000000001"
COURSE: Final = "01933e3a-0000-7000-8000-00000000000c"
STUDENT: Final = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
OVERRIDE: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-0000000000f1",
    "problem": "conv-output-size",
    "part": "side",
    "points": 2,
    "reason": "The figure was not readable in print.",
    "author": "Grace Example",
    "at": "2026-11-28T09:00:00.000000Z",
}
LINE: Final[dict[str, Any]] = {
    "about": "conv-output-size, side",
    "problem": "conv-output-size",
    "part": "side",
    "title": "Output size of a convolution and the pooling after it",
    "words": "conv-output-size, side: 1 of 2 points (credit 1/2) × 9/10 (late) = 0.9; "
    "set by hand to 2; by Grace Example: The figure was not readable in print.",
    "steps": [
        {"label": "credit", "value": 1, "why": "of 2 points (credit 1/2)", "sign": "is"},
        {"label": "late", "value": 0.9, "why": "late", "sign": "times"},
        {"label": "score", "value": 0.9, "why": "", "sign": "total"},
        {"label": "override", "value": 2, "why": "set by hand to", "sign": "set"},
        {
            "label": "author",
            "value": 0,
            "why": "by Grace Example: The figure was not readable in print.",
            "sign": "text",
        },
    ],
}
EXAMPLE_GRADE: Final[dict[str, Any]] = {
    "results_shown": True,
    "assignment": ASSIGNMENT,
    "slug": "hw-1",
    "title": "Homework 1",
    "category": "Homework",
    "extra": False,
    "score": 4,
    "possible": 4,
    "waiting": False,
    "waiting_points": 0,
    "late": True,
    "excused": False,
    "missing": False,
    "due": True,
    "problems": [
        {
            "problem": "conv-output-size",
            "title": "Output size of a convolution and the pooling after it",
            "points": 4,
            "score": 4,
            "possible": 4,
            "waiting": False,
            "extra": False,
            "excused": False,
        }
    ],
    "overrides": [OVERRIDE],
    "explain": [LINE],
}
EXAMPLE_STAFF_GRADE: Final[dict[str, Any]] = EXAMPLE_GRADE | {
    "student_sees": True,
    "not_released_until": None,
    "version": 3,
}
EXAMPLE_HIDDEN_GRADE: Final[dict[str, Any]] = {
    "results_shown": False,
    "assignment": "01933e3a-0000-7000-8000-000000000002",
    "slug": "hw-2",
    "title": "Homework 2",
    "category": "Homework",
    "extra": False,
    "not_released_until": "2026-12-05T22:59:00.000000Z",
}
LATE_DAYS: Final[dict[str, Any]] = {
    "budget": 5,
    "left": 3,
    "spent": [{"assignment": ASSIGNMENT, "days": 2}],
}
TOTAL: Final[dict[str, Any]] = {
    "percent": 100,
    "waiting": False,
    "waiting_points": 0,
    "explain": [
        {
            "about": "Total",
            "words": "Total: 4 (Homework 1) = 4 of 4 points = 100 %",
            "steps": [{"label": "assignment", "value": 4, "why": "Homework 1", "sign": "plus"}],
        }
    ],
    "late_days": LATE_DAYS,
}


class GradeStep(Schema):
    """One step of a calculation: its name, exact value, reason, and how it joins earlier steps.

    *of* is the problem or part that it belongs to, empty for all else; in sentences it comes before
    *why*.
    """

    label: str
    value: Score
    why: str
    sign: Literal["is", "plus", "times", "total", "set", "text"]
    of: str = ""


class GradeLine(Schema):
    """The calculation of one number: its steps as data, and as a sentence in *words*.

    The line of a problem has its id and *title*, that of a part also the id of the part.
    """

    about: str
    problem: str | None = None
    part: str | None = None
    title: str | None = None
    words: str
    steps: tuple[GradeStep, ...]


class OverrideShown(Schema):
    """Points that a person set, with the reason: for the assignment, a problem or a part of it."""

    id: UUID
    problem: str | None
    part: str | None
    points: Score
    reason: str
    author: str
    at: UtcDatetime


class ProblemGrade(Schema):
    """A student's result in a problem; *points* is what it is worth in the assignment.

    *part_titles* are the titles of its parts by their ids, of those that have one.
    """

    problem: str
    title: str
    points: Score
    score: Score
    possible: Score
    waiting: bool
    extra: bool
    excused: bool
    part_titles: dict[str, str] = {}


class _AssignmentIdentity(Schema):
    """An assignment as both sides name it."""

    assignment: UUID
    slug: str
    title: str
    category: str
    extra: bool


class GradeShown(_AssignmentIdentity):
    """A grade in full; *score* is null if nothing was graded yet, or if the student is excused.

    *waiting_points* of *possible* are ungraded. An assignment that is not *due* for the student
    does not count in the course yet.
    """

    results_shown: Literal[True] = True
    score: Score | None
    possible: Score
    waiting: bool
    waiting_points: Score
    late: bool
    excused: bool
    missing: bool
    due: bool
    problems: tuple[ProblemGrade, ...]
    overrides: tuple[OverrideShown, ...]
    explain: tuple[GradeLine, ...]


class GradeHidden(_AssignmentIdentity):
    """An assignment whose results are not released to the student yet; null: no date is set."""

    results_shown: Literal[False] = False
    not_released_until: UtcDatetime | None


class StaffGrade(GradeShown):
    """A grade as staff see it, and whether the *student* sees it; overrides change *version*."""

    student_sees: bool
    not_released_until: UtcDatetime | None
    version: Count


class LateDaysSpent(Schema):
    """Late days used on an assignment."""

    assignment: UUID
    days: Count


class LateDaysOut(Schema):
    """The late days of a student in the course."""

    budget: Count
    left: Count
    spent: tuple[LateDaysSpent, ...]


class MyGrades(Schema):
    """All released grades of the caller; *percent* is over these.

    *waiting_points* are ungraded and do not enter *percent*.
    """

    model_config = with_examples(
        TOTAL
        | {"course": COURSE, "course_title": "Deep Learning"}
        | {"assignments": [EXAMPLE_GRADE, EXAMPLE_HIDDEN_GRADE]}
    )

    course: UUID
    course_title: str
    percent: Score | None
    waiting: bool
    waiting_points: Score
    explain: tuple[GradeLine, ...]
    late_days: LateDaysOut
    assignments: tuple[GradeShown | GradeHidden, ...]


class StudentGrades(Schema):
    """All grades of a student for staff; *counts* is false for a test or former student.

    *withheld* are the anonymously graded assignments: TAs see neither their grades nor the
    *percent* of the course. In a course with such an assignment, *late_days* and each
    *not_released_until* are null for TAs.
    """

    model_config = with_examples(
        TOTAL
        | {"course": COURSE, "user": STUDENT, "name": "Ann Example", "counts": True}
        | {"assignments": [EXAMPLE_STAFF_GRADE], "withheld": []}
    )

    course: UUID
    user: UUID
    name: str
    counts: bool
    percent: Score | None
    waiting: bool
    waiting_points: Score
    explain: tuple[GradeLine, ...]
    late_days: LateDaysOut | None
    assignments: tuple[StaffGrade, ...]
    withheld: tuple[UUID, ...]
