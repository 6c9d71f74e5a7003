"""Reports that students upload: their passages, and the answers confirmed from them."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api.http.field_types import Answer, Count, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.submissions import REPLY, SubmissionReply

MAX_CONFIRMED: Final = 500
PASSAGE: Final[dict[str, str]] = {
    "text": "63×63×16",
    "read_as": "63×63×16",
    "quote": "With stride 2 the output is 63×63×16.",
    "context": "With stride 2 the output is 63×63×16.",
    "location": "line 12",
}
PART: Final[dict[str, Any]] = {
    "problem": "conv-output-shape",
    "part": "stride_2",
    "kind": "shape",
    "label": "1(b)",
    "confidence": "certain",
    "doubt": "",
    "passages": [PASSAGE],
    "submission": None,
    "status": None,
    "answer": None,
    "read_as": None,
    "messages": [],
    "attachment": None,
}
REPORT: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-0000000000c1",
    "assignment": "01933e3a-0000-7000-8000-000000000001",
    "file_name": "homework1.md",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 18_400,
    "uploaded_at": "2026-11-21T18:00:00.000000Z",
    "has_document": True,
}


class ReportPassage(Schema):
    """A passage of a report: the *text* of the answer, how it is read, and where it stands.

    *read_as* is empty if the text cannot be read as an answer to the part. *quote* is the line of
    the passage, *context* the text around it.
    """

    text: str
    read_as: str
    quote: str
    context: str
    location: str


class ReportPart(Schema):
    """A part of the assignment with its passages in a report.

    The first passage is the proposed answer, unless the confidence is ``missing``; the student
    can choose another one. *doubt* says why the first passage is doubtful. After the student
    confirms the part, *submission* is the submission, *status* its result as far as the student
    may see it now, *answer* the submitted text, *read_as* how Grader read it, and *messages* the
    messages of the submission, such as the credit that a late answer keeps. *attachment* is
    submitted with the next answer to the part.
    """

    model_config = with_examples(PART)

    problem: str
    part: str
    kind: str
    label: str
    confidence: Literal["certain", "doubtful", "missing"]
    doubt: str
    passages: tuple[ReportPassage, ...]
    submission: UUID | None
    status: str | None
    answer: Answer | None
    read_as: str | None
    messages: tuple[str, ...]
    attachment: AttachmentView | None


class ReportSummary(Schema):
    """An uploaded report. *has_document*: its file is still stored."""

    model_config = with_examples(REPORT)

    id: UUID
    assignment: UUID
    file_name: str
    digest: str
    size_bytes: Count
    uploaded_at: UtcDatetime
    has_document: bool


class ReportSummaries(Schema):
    """The reports that a student uploaded to an assignment, the newest first."""

    model_config = with_examples({"items": [REPORT]})

    items: tuple[ReportSummary, ...]


class ReportOut(ReportSummary):
    """An uploaded report with the passages of each part. Nothing is graded before `confirm`."""

    model_config = with_examples(REPORT | {"parts": [PART]})

    parts: tuple[ReportPart, ...]


class ConfirmedAnswer(Schema):
    """An answer to confirm: a *passage* of the part by its index, or an *answer* typed instead."""

    problem: str
    part: str
    passage: Annotated[int, Field(ge=0, le=100)] | None = None
    answer: Answer | None = None


class ConfirmIn(Schema):
    """Answers to confirm; with *certain*, also the passages of all certain parts.

    Parts that were confirmed from this report before are left out of *certain*.
    """

    model_config = with_examples(
        {
            "certain": True,
            "answers": [{"problem": "conv-output-shape", "part": "stride_2", "passage": 1}],
        }
    )

    certain: bool = False
    answers: Annotated[tuple[ConfirmedAnswer, ...], Field(max_length=MAX_CONFIRMED)] = ()


class ConfirmationError(Schema):
    """Why the answers to a problem were not submitted."""

    code: str
    detail: str


class ConfirmedProblem(Schema):
    """The submission to one problem, or the error that refused it."""

    problem: str
    submission: SubmissionReply | None
    error: ConfirmationError | None


class ConfirmOut(Schema):
    """The submissions of a confirmation, one for each problem."""

    model_config = with_examples(
        {"items": [{"problem": "conv-output-size", "submission": REPLY, "error": None}]}
    )

    items: tuple[ConfirmedProblem, ...]
