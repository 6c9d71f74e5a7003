"""What students send and get when they hand in."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Answer, Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples

RESULT: Final[dict[str, Any]] = {
    "part": "side",
    "status": "mistake",
    "credit": 0,
    "points": 2,
    "score": 0,
    "read_as": "64",
    "notes": [],
    "feedback": "Only whole steps count: check which way you rounded.",
    "position": None,
    "cells": [],
    "place": "",
    "attempt": 1,
    "repeats": None,
}
PART_REPLY: Final[dict[str, Any]] = RESULT | {"attempts_left": 2}
REPLY: Final[dict[str, Any]] = {
    "id": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
    "assignment": "01933e3a-0000-7000-8000-000000000001",
    "problem": "conv-output-size",
    "sequence": 1,
    "received_at": "2026-11-21T18:00:00.000000Z",
    "late_credit": 1,
    "results": [PART_REPLY],
    "results_shown": True,
    "results_from": None,
    "standing": {"score": 0, "possible": 4, "waiting": False},
    "messages": [],
    "receipt": {
        "id": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "document": None,
        "attachments": {},
    },
}


class AnswersIn(Schema):
    """Answers to any of the parts, by the id of the part: text, numbers or arrays.

    *attachments* are the ids of uploaded attachments, by the text part that they belong to.
    """

    model_config = with_examples({"answers": {"side": "32"}})

    answers: Annotated[dict[str, Answer], Field(min_length=1, max_length=100)]
    attachments: Annotated[dict[str, UUID], Field(max_length=100)] = {}


class PartReply(Schema):
    """The result of the answer to one part, as far as the student can see it now.

    *attempt* is the number of the attempt that it used, null if it used none. *repeats* is the
    submission with the same answer before. While results are hidden, *status* is ``received``, and
    credit and feedback are null.
    """

    part: str
    status: str
    credit: Score | None
    points: Score
    score: Score | None
    read_as: str
    notes: tuple[str, ...] = ()
    feedback: str | None
    position: Count | None
    cells: tuple[bool, ...] = ()
    place: str = ""
    attempt: Count | None
    attempts_left: Count | None
    repeats: UUID | None


class ProblemScore(Schema):
    """The student's score in the problem; *waiting*: an answer is ungraded."""

    score: Score
    possible: Score
    waiting: bool


class Receipt(Schema):
    """The proof that a submission is stored: its id, and the SHA-256 of its contents.

    *document* is the SHA-256 of the report that the answers were confirmed from, null for typed
    answers. *attachments* are the SHA-256 of the uploaded files by part. *digest* covers both.
    """

    id: UUID
    digest: str
    document: str | None = None
    attachments: dict[str, str] = {}


class SubmissionReply(Schema):
    """A stored submission with its results and its receipt.

    *late_credit* is the share of the credit that lateness leaves; *results_from* is when results
    will be visible, if that is known.
    """

    model_config = with_examples(REPLY)

    id: UUID
    assignment: UUID
    problem: str
    sequence: Count
    received_at: UtcDatetime
    late_credit: Score
    results: tuple[PartReply, ...]
    results_shown: bool
    results_from: UtcDatetime | None
    standing: ProblemScore | None
    messages: tuple[str, ...]
    receipt: Receipt
