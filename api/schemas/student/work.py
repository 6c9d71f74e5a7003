"""What students type and hand in: drafts, readings, submissions as they are kept, receipts."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Answer, Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.grading.report_quotes import ReportQuote
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.submissions import RESULT, Receipt

SUBMISSION = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
ASSIGNMENT = "01933e3a-0000-7000-8000-000000000001"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
RECEIVED = "2026-11-21T18:00:00.000000Z"
READ: Final[dict[str, Any]] = {
    "readable": True,
    "read_as": "64",
    "notes": [],
    "mathml": "<math><mn>64</mn></math>",
    "value": 64,
    "message": "",
    "expected": "",
    "position": None,
}
OUTCOME: Final[dict[str, Any]] = RESULT | {
    "answer": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a11",
    "typed": "64",
    "manual": False,
}
EXAMPLE_SUBMISSION: Final[dict[str, Any]] = {
    "id": SUBMISSION,
    "assignment": ASSIGNMENT,
    "problem": "conv-output-size",
    "sequence": 1,
    "draw": 0,
    "received_at": RECEIVED,
    "late_credit": 1,
    "receipt": {"id": SUBMISSION, "digest": DIGEST, "document": None, "attachments": {}},
    "attachments": [],
}
STAFF_OUTCOME: Final[dict[str, Any]] = OUTCOME | {
    "mistakes": ["rounded_up"],
    "key": "63",
    "accepted": "exactly 63",
    "patterns": ["one more than the key"],
    "explanation": [
        "Typed: 64",
        "Incorrect: it is the result of rounded_up.",
        "Credit: none of 2.",
    ],
    "record": {"rule": "mistake", "engine": "1"},
    "quote": None,
}


class DraftIn(Schema):
    """A draft by the id of the part. It replaces the earlier draft."""

    model_config = with_examples({"answers": {"side": "63"}})

    answers: Annotated[dict[str, Answer], Field(max_length=100)]


class ReadingIn(Schema):
    """A text to read as an answer to a part."""

    model_config = with_examples({"part": "side", "answer": "2^6"})

    part: Annotated[str, Field(max_length=80)]
    answer: Answer


class ReadAs(Schema):
    """How a text is read: as plain text, as MathML and as data, or why it cannot be read.

    *message* and *expected* give the reason, *position* is the index of the first character that
    could not be read. Whether the answer is correct plays no part.
    """

    model_config = with_examples(READ)

    readable: bool
    read_as: str = ""
    notes: tuple[str, ...] = ()
    mathml: str = ""
    value: Any = None
    message: str = ""
    expected: str = ""
    position: Count | None = None


class PartOutcome(Schema):
    """An answer of a submission and its result, as far as the student can see it now.

    *status* is ``received`` while results are hidden. *credit* is that of the answer alone, before
    lateness and attempts. *manual* means that a person graded it.
    """

    part: str
    answer: UUID
    typed: Answer | None
    status: str
    credit: Score | None
    points: Score
    score: Score | None
    read_as: str
    notes: tuple[str, ...]
    feedback: str | None
    position: Count | None
    cells: tuple[bool, ...]
    place: str
    attempt: Count | None
    repeats: UUID | None
    manual: bool


class StudentSubmission(Schema):
    """A submission of the caller, with the results that are visible now, and its attachments."""

    model_config = with_examples(
        EXAMPLE_SUBMISSION | {"results": [OUTCOME], "results_shown": True, "results_from": None}
    )

    id: UUID
    assignment: UUID
    problem: str
    sequence: Count
    draw: Count
    received_at: UtcDatetime
    late_credit: Score
    results: tuple[PartOutcome, ...]
    results_shown: bool
    results_from: UtcDatetime | None
    receipt: Receipt
    attachments: tuple[AttachmentView, ...] = ()


class StaffOutcome(PartOutcome):
    """An answer with everything that staff can see.

    *key* and *accepted* are what is correct now, *patterns* describe the answer in relation to the
    key, *explanation* gives the reason for its credit in sentences, *record* is the stored grading.
    *quote* is the passage of the report that it was confirmed from, null for a typed answer.
    """

    mistakes: tuple[str, ...]
    key: str
    accepted: str
    patterns: tuple[str, ...]
    explanation: tuple[str, ...]
    record: dict[str, Any]
    quote: ReportQuote | None = None


class StaffSubmission(Schema):
    """A submission as staff see it, with the numbers that it answers.

    *student*, *author*, *received_at*, *late_credit* and *receipt* are null for TAs if the
    assignment is graded anonymously.
    """

    model_config = with_examples(
        EXAMPLE_SUBMISSION
        | {
            "course": "01933e3a-0000-7000-8000-00000000000c",
            "student": "01933e3a-0000-7000-8000-00000000000a",
            "author": "01933e3a-0000-7000-8000-00000000000a",
            "version": "01933e3a-0000-7000-8000-00000000000b",
            "position": 3,
            "seed": 7,
            "results": [STAFF_OUTCOME],
        }
    )

    id: UUID
    course: UUID
    assignment: UUID
    problem: str
    student: UUID | None
    author: UUID | None
    sequence: Count
    draw: Count
    version: UUID
    position: int
    seed: int | None
    received_at: UtcDatetime | None
    late_credit: Score | None
    results: tuple[StaffOutcome, ...]
    receipt: Receipt | None
    attachments: tuple[AttachmentView, ...] = ()


class ReceiptProof(Schema):
    """The facts behind a receipt, computed again from the stored data.

    *valid*: the stored data has the digest of the receipt (and the digest in the request, if there
    was one). *document* is the SHA-256 of the report that the answers were confirmed from, null for
    typed answers. *attachments* are the SHA-256 of the uploaded files by part. *digest*, *student*,
    *received_at*, *document* and *attachments* are null for TAs if the assignment is graded
    anonymously.
    """

    model_config = with_examples(
        {
            "id": SUBMISSION,
            "valid": True,
            "digest": DIGEST,
            "document": None,
            "attachments": {},
            "assignment": ASSIGNMENT,
            "problem": "conv-output-size",
            "student": "01933e3a-0000-7000-8000-00000000000a",
            "sequence": 1,
            "received_at": RECEIVED,
            "answers": {"side": "64"},
        }
    )

    id: UUID
    valid: bool
    digest: str | None
    assignment: UUID
    problem: str
    student: UUID | None
    sequence: Count
    received_at: UtcDatetime | None
    answers: dict[str, Answer | None]
    document: str | None = None
    attachments: dict[str, str] | None = None


class NewNumbers(Schema):
    """New numbers: *draw* counts them from 0. Credit for the old ones is kept."""

    model_config = with_examples({"draw": 1, "opened_at": RECEIVED})

    draw: Count
    opened_at: UtcDatetime
