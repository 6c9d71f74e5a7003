"""The queue of answers that wait for a mark by a person, and one of them in full."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Answer, Count, Score, Text, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.grading.report_quotes import ReportQuote
from api.schemas.student.attachments import AttachmentView

ANSWER = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a11"
MARKER: Final[dict[str, Any]] = {"id": "01933e3a-0000-7000-8000-00000000000d", "name": "Gra Der"}
EXAMPLE_TIME = "2026-11-21T18:00:00.000000Z"
MARK: Final[dict[str, Any]] = {
    "items": ["01933e3a-0000-5000-8000-0000000000aa"],
    "adjustment": 0,
    "credit": None,
    "comment": "Say also why.",
    "reason": "",
    "by": MARKER,
    "at": EXAMPLE_TIME,
}
LINE: Final[dict[str, Any]] = {
    "answer": ANSWER,
    "student": {"pseudonym": "Student 7F3A09C1", "id": None, "name": None},
    "text": "Fewer parameters.",
    "waiting": True,
    "status": "needs_review",
    "credit": None,
    "score": None,
    "points": 4,
    "marked_by": None,
    "claim": {"by": MARKER, "until": EXAMPLE_TIME, "mine": True},
    "flag": "",
}
ITEM: Final[dict[str, Any]] = LINE | {
    "assignment": "01933e3a-0000-7000-8000-000000000001",
    "problem": "why-small-kernels",
    "part": "why",
    "kind": "text",
    "statement": "Two ways to build a layer of a network are compared.",
    "prompt": "Why are small kernels stacked?",
    "model": "Fewer parameters and more non-linearities.",
    "typed": "Fewer parameters.",
    "explanation": ["Typed: Fewer parameters."],
    "submission": None,
    "received_at": None,
    "late_credit": 1,
    "mark": None,
    "same_as": None,
    "comments": 0,
    "version": 1,
}
PART: Final[dict[str, Any]] = {
    "problem": "why-small-kernels",
    "part": "why",
    "kind": "text",
    "waiting": 40,
    "marked": 160,
    "claimed": 2,
    "flagged": 1,
    "mine": 80,
}


class Staff(Schema):
    """A member of staff."""

    id: UUID
    name: str


class Who(Schema):
    """The student of an answer. *id* and *name* are null if it is graded anonymously."""

    pseudonym: str
    id: UUID | None
    name: str | None


class ClaimView(Schema):
    """Who has claimed an answer, and until when."""

    by: Staff
    until: UtcDatetime
    mine: bool


class PartProgress(Schema):
    """The grading progress of a part: ungraded answers, graded ones, and those of the caller.

    *claimed* and *flagged* answers are among them. *part_title* is empty if the author gave none.
    """

    problem: str
    part: str
    part_title: str = ""
    kind: str
    waiting: Count
    marked: Count
    claimed: Count
    flagged: Count
    mine: Count


class ReviewProgress(Schema):
    """The grading progress of an assignment; *requests* are open regrade requests."""

    model_config = with_examples({"parts": [PART], "waiting": 40, "marked": 160, "requests": 2})

    parts: tuple[PartProgress, ...]
    waiting: Count
    marked: Count
    requests: Count


class MarkView(Schema):
    """A mark by a person: rubric items and an adjustment, or a *credit*.

    The student reads *comment*, not *reason*.
    """

    items: tuple[UUID, ...]
    adjustment: Score
    credit: Score | None
    comment: str
    reason: str
    by: Staff | None
    at: UtcDatetime


class SameAs(Schema):
    """The mark of an identical answer: send it with `PUT` to apply the same mark."""

    answer: UUID
    group: UUID
    mark: MarkView


class QueueLine(Schema):
    """An answer in the queue of its part."""

    model_config = with_examples(LINE)

    answer: UUID
    student: Who
    text: str
    waiting: bool
    status: str
    credit: Score | None
    score: Score | None
    points: Score
    marked_by: Staff | None
    claim: ClaimView | None
    flag: str


class ReviewItem(QueueLine):
    """An answer with everything that is needed to grade it.

    *statement*, *prompt* and *model* have the student's numbers. *explanation* is the automatic
    result. *quote* is the passage of the report that the answer was confirmed from, null for a
    typed answer.
    *attachment* is the image or PDF that was submitted with it. If the assignment is graded
    anonymously, *submission*, *received_at* and *late_credit* are null for TAs. The `ETag` is that
    of the mark, for `If-Match`.
    """

    model_config = with_examples(ITEM)

    assignment: UUID
    problem: str
    part: str
    part_title: str = ""
    kind: str
    statement: str
    prompt: str
    model: str
    typed: Answer | None
    explanation: tuple[str, ...]
    submission: UUID | None
    received_at: UtcDatetime | None
    late_credit: Score | None
    mark: MarkView | None
    same_as: SameAs | None
    comments: Count
    version: Count
    quote: ReportQuote | None = None
    attachment: AttachmentView | None = None


class NextAnswer(Schema):
    """The next answer to grade, claimed for the caller; null if no unclaimed answer is left.

    *waiting* is the number of ungraded answers, *claimed* the number of those that others have
    claimed.
    """

    model_config = with_examples({"item": ITEM, "waiting": 40, "claimed": 2})

    item: ReviewItem | None
    waiting: Count
    claimed: Count


class FlagIn(Schema):
    """The reason for a second look at an answer."""

    model_config = with_examples({"note": "Is this the same idea?"})

    note: Annotated[Text, Field(min_length=1, max_length=1_000)]
