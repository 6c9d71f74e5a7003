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
    """One event, in words (*text*) and as data; what a kind of event does not have is null.

    Of a submission it is told which one it is (*sequence*) and which *parts* it answers.
    *cause* says of a grade what changed it, of a grading who marked: auto, manual or regrade. The
    *author* of an override is named to the student, that of a mark is not.
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
    """One event as staff see it: who did it and why, and by which version it was marked."""

    id: UUID
    author_id: UUID | None = None
    cause_id: UUID | None = None
    mistakes: str | None = None
    engine: str | None = None
    version: UUID | None = None


class GradeEventPage(Page[GradeEvent]):
    """One page of what happened to one's own grade, from the start."""

    model_config = with_examples({"items": [EVENT], "next": None})


class StaffGradeEventPage(Page[StaffGradeEvent]):
    """One page of what happened to a student's grade, from the start."""

    model_config = with_examples({"items": [STAFF_EVENT], "next": None})
