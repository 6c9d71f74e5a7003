"""A problem as one student has it."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Answer, Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.grades.grades import OverrideShown
from api.schemas.student.assignments import TIMES, Times
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.submissions import ProblemScore

TYPING: Final[dict[str, Any]] = {
    "hint": "A whole number; you can type a calculation.",
    "example": "2^10 - 24",
    "options": None,
    "rows": None,
    "columns": None,
    "variables": None,
    "shape": None,
    "names": None,
    "count": None,
    "layout": None,
    "unit": None,
    "units": None,
}
EXAMPLE_PART: Final[dict[str, Any]] = {
    "id": "side",
    "title": "Output width",
    "kind": "integer",
    "points": 2,
    "prompt": "Output width?",
    "typing": TYPING,
}
PROBLEM: Final[dict[str, Any]] = {
    "assignment": "01933e3a-0000-7000-8000-000000000001",
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "problem": "conv-output-size",
    "title": "Output size of a convolution and the pooling after it",
    "statement": "A $64\\times64$ image passes ...",
    "numbers": [{"name": "W", "shape": [], "value": 64, "text": "64"}],
    "parts": [
        EXAMPLE_PART
        | {
            "attempts_used": 1,
            "attempts_left": 2,
            "wait_until": None,
            "voided": "",
            "takes_attachment": False,
            "attachment": None,
            "standing": {
                "status": "mistake",
                "credit": 0,
                "score": 0,
                "waiting": False,
                "manual": False,
                "submission": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
                "attempt": 1,
                "attempt_credit": 1,
                "late_credit": 1,
            },
            "last": {
                "submission": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
                "sequence": 1,
                "received_at": "2026-11-21T18:00:00.000000Z",
                "typed": "64",
                "read_as": "64",
                "status": "mistake",
            },
        }
    ],
    "draw": 0,
    "opened_at": "2026-11-21T17:55:00.000000Z",
    "draft": {
        "answers": {"pooled": "3"},
        "saved_at": "2026-11-21T18:01:00.000000Z",
        "version": 3,
    },
    "notices": [
        {
            "text": "The key of the second part was corrected.",
            "at": "2026-11-21T12:00:00.000000Z",
            "gained": 2,
        }
    ],
    "times": TIMES,
    "attempts": 3,
    "cool_down_seconds": 0,
    "new_numbers_after": None,
    "results_shown": True,
    "results_from": None,
    "solutions_shown": False,
    "solutions_from": "2026-11-28T22:59:00.000000Z",
    "standing": {"score": 0, "possible": 4, "waiting": False},
    "overrides": [],
}


class Option(Schema):
    """An option: its id, and its text in Markdown and TeX."""

    id: str
    text: str


class Column(Schema):
    """A column of a table: its name, the kind of its cells, and an example of a cell."""

    id: str
    kind: str
    layout: str | None
    example: str


class Typing(Schema):
    """How to type an answer: as a sentence, with an example that is unrelated to the key.

    The other fields describe the input, each null if it does not apply: the *options*, the *rows*
    and *columns* of a table, the *variables* of a formula, the *shape* of an array (also null if
    the shape is part of the question), the *names* of its numbers, the *count* of numbers or
    formulas, the *layout* of a shape, the assumed *unit* and the accepted *units*.
    """

    hint: str
    example: str
    options: tuple[Option, ...] | None = None
    rows: tuple[str, ...] | None = None
    columns: tuple[Column, ...] | None = None
    variables: tuple[str, ...] | None = None
    shape: tuple[Count, ...] | None = None
    names: tuple[str, ...] | None = None
    count: Count | None = None
    layout: str | None = None
    unit: str | None = None
    units: tuple[str, ...] | None = None


class PartAsked(Schema):
    """A question: *prompt* is Markdown and TeX, with the numbers filled in.

    *title* is empty if the author gave none.
    """

    id: str
    title: str = ""
    kind: str
    points: Score
    prompt: str
    typing: Typing


class PartScore(Schema):
    """The student's score in a part.

    *credit* is that of the answer that counts, after lateness and attempts. *score* also includes
    void parts and points set by hand; it is null if the part does not count. *submission* has the
    answer that counts (null if there is none), as its attempt number *attempt* (null for a text).
    *attempt_credit* and *late_credit* are the shares of its credit that are left.
    """

    status: str
    credit: Score | None
    score: Score | None
    waiting: bool
    manual: bool
    submission: UUID | None
    attempt: Count | None
    attempt_credit: Score
    late_credit: Score


class LastAnswer(Schema):
    """The last answer to a part with the current numbers, as typed and as read."""

    submission: UUID
    sequence: Count
    received_at: UtcDatetime
    typed: Answer | None
    read_as: str
    status: str


class PartView(PartAsked):
    """A part as the student sees it; *standing* is null until results are released.

    *voided* is ``full`` if everybody gets full credit, ``out`` if the part does not count.
    *takes_attachment*: an image or a PDF may be attached; *attachment* goes with the next answer.
    """

    attempts_used: Count
    attempts_left: Count | None
    wait_until: UtcDatetime | None
    voided: str
    standing: PartScore | None
    last: LastAnswer | None
    takes_attachment: bool = False
    attachment: AttachmentView | None = None


class ProblemNumber(Schema):
    """A value of the statement, as data (fractions as text) and as text to copy."""

    name: str
    shape: tuple[Count, ...]
    value: Any
    text: str


class DraftView(Schema):
    """A draft with its typed answers; *version* is 0 if it was never saved."""

    model_config = with_examples(PROBLEM["draft"])

    answers: dict[str, Answer | None]
    saved_at: UtcDatetime | None
    version: Count


class NoticeView(Schema):
    """A correction, and what this student gained by it (null while results are hidden)."""

    text: str
    at: UtcDatetime
    gained: Score | None


class ProblemView(Schema):
    """A problem with one student's numbers, without any part of its key.

    *draw* counts the student's numbers from 0; it is null if staff view a variant of their choice.
    *overrides* are points set by hand for this problem, a part of it, or the whole assignment,
    which replace the computed ones; there are none while results are hidden.
    """

    model_config = with_examples(PROBLEM)

    assignment: UUID
    course: UUID
    problem: str
    title: str
    statement: str
    numbers: tuple[ProblemNumber, ...]
    parts: tuple[PartView, ...]
    draw: Count | None
    opened_at: UtcDatetime | None
    draft: DraftView
    notices: tuple[NoticeView, ...]
    times: Times
    attempts: Count | None
    cool_down_seconds: Count
    new_numbers_after: Count | None
    results_shown: bool
    results_from: UtcDatetime | None
    solutions_shown: bool
    solutions_from: UtcDatetime | None
    standing: ProblemScore | None
    overrides: tuple[OverrideShown, ...]
