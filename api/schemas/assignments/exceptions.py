"""What single students or sections are granted: other times and limits, excuses, late days."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Count, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.assignments.timeline import ExtensionSpec
from api.schemas.shared.effects import EFFECT, Effect
from api.schemas.shared.patch_schemas import Prose
from api.schemas.student.assignments import TIMES, Times

ASSIGNMENT: Final = "01933e3a-0000-7000-8000-000000000001"
STUDENT: Final = "01933e3a-0000-7000-8000-00000000000a"
GRANT: Final[dict[str, Any]] = {
    "assignment": ASSIGNMENT,
    "student": STUDENT,
    "section": None,
    "grants": {"days": 3, "reason": "ill from 24 to 26 November"},
}
EXTENSION: Final[dict[str, Any]] = GRANT | {
    "id": "01933e3a-0000-7000-8000-00000000000e",
    "created_by": "01933e3a-0000-7000-8000-00000000000f",
    "created_at": "2026-11-23T12:00:00.000000Z",
}
EXCUSE: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-00000000001a",
    "student": STUDENT,
    "problem": None,
    "reason": "ill",
    "created_by": "01933e3a-0000-7000-8000-00000000000f",
    "created_at": "2026-11-23T12:00:00.000000Z",
}
LATE_DAYS: Final[dict[str, Any]] = {
    "budget": 5,
    "spent": 2,
    "left": 3,
    "uses": [
        {
            "assignment": ASSIGNMENT,
            "slug": "hw-1",
            "title": "Convolutions",
            "days": 2,
            "spent_at": "2026-11-29T12:00:00.000000Z",
        }
    ],
}

ReasonText = Annotated[Prose, Field(max_length=500)]


class ExtensionIn(Schema):
    """An extension for one *student* or one *section*; without *assignment*, in all of them."""

    model_config = with_examples({key: value for key, value in GRANT.items() if key != "section"})

    assignment: UUID | None = None
    student: UUID | None = None
    section: UUID | None = None
    grants: ExtensionSpec


class ExtensionOut(Schema):
    """An extension as it was granted."""

    model_config = with_examples(EXTENSION)

    id: UUID
    assignment: UUID | None
    student: UUID | None
    section: UUID | None
    grants: ExtensionSpec
    created_by: UUID
    created_at: UtcDatetime


class Preview(Schema):
    """The dates of an assignment without an extension and with it.

    For a student they include all other extensions; for a section they do not.
    """

    assignment: UUID
    slug: str
    before: Times
    after: Times


class ExtensionGranted(Schema):
    """An extension, the resulting dates, and the effect on grades."""

    model_config = with_examples(
        {
            "extension": EXTENSION,
            "previews": [
                {
                    "assignment": ASSIGNMENT,
                    "slug": "hw-1",
                    "before": TIMES,
                    "after": TIMES,
                }
            ],
            "effect": EFFECT,
        }
    )

    extension: ExtensionOut
    previews: tuple[Preview, ...]
    effect: Effect


class StudentTimes(Schema):
    """The dates of one student in an assignment: the most generous of all extensions."""

    model_config = with_examples(
        {
            "times": TIMES,
            "attempts": 3,
            "cool_down_seconds": 0,
            "late_days": 0,
            "extensions": [EXTENSION],
        }
    )

    times: Times
    attempts: Count | None
    cool_down_seconds: Count
    late_days: Count
    extensions: tuple[ExtensionOut, ...]


class ExcuseIn(Schema):
    """A student who is excused from an assignment, or from one *problem* of it."""

    model_config = with_examples({"student": STUDENT, "reason": "ill"})

    student: UUID
    problem: Annotated[str, Field(max_length=80)] | None = None
    reason: ReasonText = ""


class ExcuseOut(Schema):
    """An excuse as it was granted."""

    model_config = with_examples(EXCUSE)

    id: UUID
    student: UUID
    problem: str | None
    reason: str
    created_by: UUID
    created_at: UtcDatetime


class Excuses(Schema):
    """The active excuses of an assignment, in their order."""

    model_config = with_examples({"items": [EXCUSE]})

    items: tuple[ExcuseOut, ...]


class ExcuseGranted(Schema):
    """An excuse, and its effect on grades."""

    model_config = with_examples({"excuse": EXCUSE, "effect": EFFECT})

    excuse: ExcuseOut
    effect: Effect


class LateDayUse(Schema):
    """The late days that a student used on an assignment."""

    assignment: UUID
    slug: str
    title: str
    days: Count
    spent_at: UtcDatetime


class LateDaysView(Schema):
    """The late days of a student in a course: how many there are and where they were used."""

    model_config = with_examples(LATE_DAYS)

    budget: Count
    spent: Count
    left: Count
    uses: tuple[LateDayUse, ...]


class RefundIn(Schema):
    """Late days to refund; work that was on time because of them keeps its credit."""

    model_config = with_examples(
        {"assignment": ASSIGNMENT, "days": 1, "reason": "the site was down"}
    )

    assignment: UUID
    days: Annotated[int, Field(ge=1, le=1000)]
    reason: ReasonText = ""


class LateDaysChanged(Schema):
    """The late days of a student after a refund, and the effect on grades."""

    model_config = with_examples({"late_days": LATE_DAYS, "effect": EFFECT})

    late_days: LateDaysView
    effect: Effect
