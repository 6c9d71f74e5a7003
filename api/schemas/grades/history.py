"""What happened to a grade, event by event."""

from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from api.http.field_types import Count, Score, UtcDatetime
from api.http.pagination import Page
from api.http.schema import Schema, with_examples

EventKind: TypeAlias = Literal[
    "submission",
    "grading",
    "override",
    "override_withdrawn",
    "excuse",
    "excuse_withdrawn",
    "grade",
]
"""What happened: work was handed in or marked, a person gave points or excused, a grade changed."""

EVENT: Final[dict[str, Any]] = {
    "at": "2026-11-28T09:00:00.000000Z",
    "kind": "grade",
    "text": "The score went from 2.9 to 4, by an override.",
    "problem": None,
    "part": None,
    "submission": None,
    "sequence": None,
    "parts": [],
    "status": None,
    "credit": None,
    "points": None,
    "before": 2.9,
    "after": 4,
    "cause": "override",
    "reason": None,
    "author": "Grace Example",
}
STAFF_EVENT: Final[dict[str, Any]] = EVENT | {
    "id": "01933e3a-0000-7000-8000-0000000000e1",
    "author_id": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a11",
    "cause_id": "01933e3a-0000-7000-8000-0000000000f1",
    "mistakes": None,
    "engine": None,
    "version": None,
}


class GradeEvent(Schema):
    """One event, as a sentence (*text*) and as data; fields that do not apply are null.

    A submission has its number (*sequence*) and the *parts* that it answers. *cause* is what
    changed a grade; for a grading it is auto, manual or regrade. Students see the *author* of an
    override, but not of a mark.
    """

    at: UtcDatetime
    kind: EventKind
    text: str
    problem: str | None = None
    part: str | None = None
    submission: UUID | None = None
    sequence: Count | None = None
    parts: tuple[str, ...] = ()
    status: str | None = None
    credit: Score | None = None
    points: Score | None = None
    before: Score | None = None
    after: Score | None = None
    cause: str | None = None
    reason: str | None = None
    author: str | None = None


class StaffGradeEvent(GradeEvent):
    """One event as staff see it, with author and reason, and the version that graded it."""

    id: UUID
    author_id: UUID | None = None
    cause_id: UUID | None = None
    mistakes: str | None = None
    engine: str | None = None
    version: UUID | None = None


class GradeEventPage(Page[GradeEvent]):
    """A page of the history of your grade, from the start."""

    model_config = with_examples({"items": [EVENT], "next": None})


class StaffGradeEventPage(Page[StaffGradeEvent]):
    """A page of the history of a student's grade, from the start."""

    model_config = with_examples({"items": [STAFF_EVENT], "next": None})
