"""Problems and their versions, as staff upload, look at, compare and retire them."""

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api.http.field_types import Count, Line, Score, UtcDatetime
from api.http.pagination import Page
from api.http.problem_details import WrongField
from api.http.schema import Schema, with_examples
from api.schemas.assignments.problems import PartSummary

ID: Final = "01933e3a-0000-7000-8000-00000000000b"
OTHER_ID: Final = "01933e3a-0000-7000-8000-00000000000a"
EXAMPLE_TIME: Final = "2026-11-21T18:00:00.000000Z"
REPORT: Final[dict[str, Any]] = {
    "walked": 73,
    "refused": {"side: rounded_up gives the key": 13},
    "inert": {},
    "together": {},
    "accepted": {},
    "warnings": [],
}
LISTED: Final[dict[str, Any]] = {
    "id": ID,
    "problem": "conv-output-size",
    "space": "course",
    "number": 2,
    "status": "published",
    "title": "Output size of a convolution and the pooling after it",
    "topic": "shapes",
    "difficulty": 2,
    "points": 2,
    "parts": [{"id": "side", "kind": "integer", "points": 2}],
    "variants": 60,
    "created_at": EXAMPLE_TIME,
}
LATEST: Final[dict[str, Any]] = {
    "id": ID,
    "number": 2,
    "status": "published",
    "note": "the pooling has a stride now",
    "based_on": OTHER_ID,
    "keeps_numbers": True,
    "engine": "1",
    "created_by": "01933e3a-0000-7000-8000-000000000001",
    "created_at": EXAMPLE_TIME,
    "retired_at": None,
}
WHOLE: Final[dict[str, Any]] = {
    **LISTED,
    "note": "the pooling has a stride now",
    "based_on": OTHER_ID,
    "engine": "1",
    "draw_hash": "5f0c",
    "marking_hash": "9ab1",
    "created_by": "01933e3a-0000-7000-8000-000000000001",
    "retired_at": None,
    "report": REPORT,
    "source": "id: conv-output-size\ntitle: ...\n",
}

Space = Literal["bank", "course"]
Status = Literal["draft", "published", "retired"]
Block = Literal["draw", "marking", "engine"]


class ProblemChecked(Schema):
    """The report of `grader check`: fix the *errors* and review the *warnings*.

    *variants* is the number of variants found; the search stops at 60, or at the number that the
    service publishes. *report* lists rejected seeds, mistakes that no variant shows, and which
    answers are correct.
    """

    model_config = with_examples(
        {
            "ok": False,
            "problem": "conv-output-size",
            "errors": [
                {
                    "field": "parts.side.key",
                    "message": "there is no solver conv_sise",
                    "file": "problem.yaml",
                    "line": 9,
                }
            ],
            "warnings": [],
            "variants": 0,
            "report": {},
        }
    )

    ok: bool
    problem: str | None
    errors: tuple[WrongField, ...] = ()
    warnings: tuple[WrongField, ...] = ()
    variants: Count = 0
    report: dict[str, Any] = {}


class ProblemListed(Schema):
    """A problem that a course can use, in its newest version; *space* is where it belongs."""

    id: UUID
    problem: str
    space: Space
    number: Count
    status: Status
    title: str
    topic: str
    difficulty: Count
    points: Score
    parts: tuple[PartSummary, ...]
    variants: Count
    created_at: UtcDatetime


class ProblemPage(Page[ProblemListed]):
    """A page of the problems that a course can use, by id."""

    model_config = with_examples({"items": [LISTED], "next": None})


class VersionOut(ProblemListed):
    """A version of a problem with its file and the report of its publication.

    *based_on* is the version whose numbers it keeps, null if it has its own.
    """

    model_config = with_examples(WHOLE)

    note: str
    based_on: UUID | None
    engine: str
    draw_hash: str
    marking_hash: str
    created_by: UUID | None
    retired_at: UtcDatetime | None
    report: dict[str, Any]
    source: str


class VersionListed(Schema):
    """A version in the list of its problem; *keeps_numbers*: students keep their numbers."""

    id: UUID
    number: Count
    status: Status
    note: str
    based_on: UUID | None
    keeps_numbers: bool
    engine: str
    created_by: UUID | None
    created_at: UtcDatetime
    retired_at: UtcDatetime | None


class VersionsOut(Schema):
    """All versions of a problem, newest first."""

    model_config = with_examples({"items": [LATEST]})

    items: tuple[VersionListed, ...]


class DiffOut(Schema):
    """The changes from one version to another: *changed* names the blocks, *text* the lines.

    If ``draw`` is not among them, students keep their numbers.
    """

    model_config = with_examples(
        {
            "before": OTHER_ID,
            "after": ID,
            "changed": ["marking"],
            "text": "--- version 1\n+++ version 2\n@@ -9 +9 @@\n-points: 1\n+points: 2\n",
        }
    )

    before: UUID
    after: UUID
    changed: tuple[Block, ...]
    text: str


class PreviewPart(Schema):
    """A part of a variant with its key; *mistakes* are the incorrect answers that it can name.

    *failure* is the reason why there is no key; people grade such answers. *title* is empty if the
    author gave none.
    """

    id: str
    title: str = ""
    kind: str
    points: Score
    prompt: str
    options: dict[str, str] | None = None
    key: Any
    shown: str
    failure: str | None
    accepted: str | None
    mistakes: tuple[dict[str, Any], ...]
    rubric: tuple[dict[str, Any], ...] | None = None
    model: str | None = None


class PreviewOut(Schema):
    """A variant as a student sees it, with everything that only staff can see."""

    model_config = with_examples(
        {
            "version": ID,
            "position": 0,
            "seed": 2,
            "title": "Output size of a convolution and the pooling after it",
            "statement": "A 64×64 image passes a 3×3 convolution.",
            "params": {"W": 64, "K": 3},
            "parts": [
                {
                    "id": "side",
                    "title": "Output width",
                    "kind": "integer",
                    "points": 2,
                    "prompt": "Output width?",
                    "options": None,
                    "key": 62,
                    "shown": "62",
                    "failure": None,
                    "accepted": None,
                    "mistakes": [
                        {
                            "ids": ["forgot_plus_one"],
                            "value": 61,
                            "shown": "61",
                            "say": "The first window counts too.",
                        }
                    ],
                    "rubric": None,
                    "model": None,
                }
            ],
        }
    )

    version: UUID
    position: int
    seed: int | None
    title: str
    statement: str
    params: dict[str, Any]
    parts: tuple[PreviewPart, ...]


class ReasonIn(Schema):
    """A reason, for the audit log."""

    model_config = with_examples({"reason": "the new one is better"})

    reason: Line | Literal[""] = Field("", description="optional")
