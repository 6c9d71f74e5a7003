"""Assignments as they are set, for staff; and as students see them."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.field_types import Count, Credit, Points, Score, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.assignments.problems import EXAMPLE_PROBLEM, AssignedProblemSettings
from api.schemas.assignments.settings import (
    AssignmentSettings,
    AssignmentSlug,
    AssignmentTitle,
    GroupSpec,
    Results,
    Solutions,
)
from api.schemas.shared.effects import EFFECT, Effect
from api.schemas.shared.patch_schemas import make_patch_schema_editor
from api.schemas.student.assignments import TIMES, Times

__all__ = [
    "AssignmentChanged",
    "AssignmentIn",
    "AssignmentPatch",
    "AssignmentSettings",
    "GroupSpec",
    "OrderIn",
    "ReleaseIn",
    "Released",
    "StaffAssignment",
    "StudentAssignment",
]

TIMELINE: Final[dict[str, Any]] = {
    "due": "2026-11-27 23:59",
    "late": [{"days": 1, "credit": "90%"}],
    "late_days": 2,
}
SETTINGS: Final[dict[str, Any]] = {
    "slug": "hw-1",
    "title": "Convolutions",
    "instructions": "Answer with the result only.",
    "category": "Homework",
    "position": 0,
    "timeline": TIMELINE,
    "attempts": 3,
    "cool_down_seconds": 0,
    "by_attempt": [1, 0.9],
    "results": "at_once",
    "solutions": "after_close",
    "variants": "each",
    "new_after": None,
    "groups": [],
    "extra": False,
    "regrade_days": 7,
    "regrade_limit": 3,
    "anonymous": False,
    "lms_id": "",
}
STAFF: Final[dict[str, Any]] = SETTINGS | {
    "id": "01933e3a-0000-7000-8000-000000000001",
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "times": TIMES,
    "results_released_at": None,
    "solutions_released_at": None,
    "published_at": "2026-11-20T08:00:00.000000Z",
    "problems": [EXAMPLE_PROBLEM],
    "version": 4,
}
STUDENT: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-000000000001",
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "slug": "hw-1",
    "title": "Convolutions",
    "instructions": "Answer with the result only.",
    "category": "Homework",
    "times": TIMES,
    "late_days": 2,
    "attempts": 3,
    "cool_down_seconds": 0,
    "by_attempt": [1, 0.9],
    "results": "at_once",
    "solutions": "after_close",
    "extra": False,
    "regrade_days": 7,
    "regrade_limit": 3,
    "problems": [
        {
            "problem": "conv-output-size",
            "title": "Output size",
            "points": 4,
            "extra": False,
            "part_titles": {"side": "Output width"},
        }
    ],
}


class AssignmentIn(AssignmentSettings):
    """A new assignment. It is not published yet. Without *slug*, its title gives one."""

    model_config = with_examples(SETTINGS)

    slug: AssignmentSlug = ""
    title: AssignmentTitle


class AssignmentPatch(AssignmentSettings):
    """Settings of an assignment to change; others stay as they are.

    *points* are those of its problems by name; null is the sum of the problem's parts.
    """

    model_config = ConfigDict(
        json_schema_extra=make_patch_schema_editor({"timeline": TIMELINE, "attempts": 5})
    )

    slug: AssignmentSlug = ""
    title: AssignmentTitle = ""
    points: Annotated[dict[str, Points | None], Field(max_length=200)] = {}


class StaffAssignment(AssignmentSettings):
    """An assignment as staff see it; *times* apply to students without extensions."""

    model_config = with_examples(STAFF)

    id: UUID
    course: UUID
    slug: str
    title: str
    times: Times
    results_released_at: UtcDatetime | None
    solutions_released_at: UtcDatetime | None
    published_at: UtcDatetime | None
    problems: tuple[AssignedProblemSettings, ...]
    version: Count


class StudentProblem(Schema):
    """A problem of an assignment as students see it in a list.

    *part_titles* are the titles of its parts by their ids, of those that have one.
    """

    problem: str
    title: str
    points: Score
    extra: bool
    part_titles: dict[str, str] = {}


class StudentAssignment(Schema):
    """An assignment as one student sees it: *times* and limits are the student's own.

    *late_days* is how many late days of the course can be used here.
    """

    model_config = with_examples(STUDENT)

    id: UUID
    course: UUID
    slug: str
    title: str
    instructions: str
    category: str
    times: Times
    late_days: Count
    attempts: Count | None
    cool_down_seconds: Count
    by_attempt: tuple[Credit, ...]
    results: Results
    solutions: Solutions
    extra: bool
    regrade_days: Count | None
    regrade_limit: Count | None
    problems: tuple[StudentProblem, ...]


class AssignmentChanged(Schema):
    """An assignment after a change, and the effect on grades."""

    model_config = with_examples({"assignment": STAFF, "effect": EFFECT})

    assignment: StaffAssignment
    effect: Effect


class OrderIn(Schema):
    """All problems of an assignment, in the new order."""

    model_config = with_examples({"problems": ["why-small-kernels", "conv-output-size"]})

    problems: Annotated[tuple[str, ...], Field(max_length=200)]


class ReleaseIn(Schema):
    """What students can see from now on (true), or by the rule again (false)."""

    model_config = with_examples({"results": True})

    results: bool | None = None
    solutions: bool | None = None


class Released(Schema):
    """An assignment after a release; *waiting* is the number of grades with ungraded answers.

    *warnings* list what is ungraded, unanswered or still open.
    """

    model_config = with_examples(
        {
            "assignment": STAFF,
            "waiting": 2,
            "warnings": ["2 answers to part why of “Why small kernels” are not graded."],
        }
    )

    assignment: StaffAssignment
    waiting: Count
    warnings: tuple[str, ...]
