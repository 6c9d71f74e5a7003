"""Regrades over REST: what is asked for, and how far it is."""

import re
from fractions import Fraction
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from api.http.field_types import Count, Credit, Line, Points, Text, UtcDatetime
from api.http.schema import InvalidValue, Schema, with_examples
from grader.definitions.field_types import SNAKE_CASE_PATTERN

RUN: Final = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
OTHER: Final = "01933e3a-0000-7000-8000-000000000001"
Status = Literal[
    "judging",
    "ready",
    "applying",
    "stopped",
    "applied",
    "undoing",
    "undone",
    "cancelled",
    "failed",
]
Key = Annotated[Line, Field(max_length=200)]


def _check_snake_case(text: str) -> str:
    if not re.fullmatch(SNAKE_CASE_PATTERN, text):
        raise InvalidValue(
            "must be lower-case letters, digits and single underscores, starting with a letter, "
            "such as off_by_one"
        )
    return text


Part = Annotated[
    str,
    Field(max_length=80, json_schema_extra={"pattern": SNAKE_CASE_PATTERN}),
    AfterValidator(_check_snake_case),
]


class PartIn(Schema):
    """The changed settings of a part; *tolerance* as in the problem's file."""

    points: Points | None = None
    tolerance: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z]{1,20}$")], Line | int] | None,
        Field(max_length=5, description='such as {"rel": "5%"} or {"decimals": 2}'),
    ] = None
    key: Key | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> Self:
        if not self.model_fields_set:
            raise InvalidValue("must set points, tolerance or key")
        return self


class AcceptIn(Schema):
    """An incorrect answer to accept as correct.

    *answer* is one of the group of equal answers. If students have different numbers, send *part*
    and *key*, an expression of the problem's names.
    """

    answer: UUID | None = None
    part: Part | None = None
    key: Key | None = None
    reason: Annotated[Line, Field(min_length=3)]
    say: Annotated[Text, Field(max_length=1_000)] = ""


class MistakeIn(Schema):
    """An incorrect answer to label as a mistake: the hint for its students, and its credit."""

    answer: UUID | None = None
    part: Part | None = None
    key: Key | None = None
    id: Part
    say: Annotated[Text, Field(min_length=3, max_length=1_000)]
    credit: Credit = Fraction(0)


class VersionIn(Schema):
    """The version to grade by: exactly one of these.

    *id* is an existing version, *source* a whole new file, *parts* changed settings of parts;
    *accept* and *mistake* handle a group of equal incorrect answers. With one of the last three,
    *drop_examples* names examples of the author by their index in the file, from 0, that the new
    version leaves out because they contradict it.
    """

    id: UUID | None = None
    source: Annotated[str, Field(max_length=262_144)] | None = None
    parts: Annotated[dict[Part, PartIn] | None, Field(min_length=1, max_length=100)] = None
    accept: AcceptIn | None = None
    mistake: MistakeIn | None = None
    drop_examples: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=1_000)] = []

    @model_validator(mode="after")
    def _check_exactly_one_source(self) -> Self:
        ways = self.model_fields_set - {"drop_examples"}
        if len(ways) != 1:
            raise InvalidValue("must have exactly one of id, source, parts, accept and mistake")
        if self.drop_examples and ways & {"id", "source"}:
            raise InvalidValue("can have drop_examples only with parts, accept or mistake")
        return self


class RegradeIn(Schema):
    """A regrade to prepare: its dry run starts at once and changes nothing.

    *students* limits it to these (null: all), *statuses*, with *part* or without, to students with
    such an answer. *unopened*: only students who have not opened the problem get the version.
    *never_lower*: no answer loses credit.
    """

    model_config = with_examples(
        {
            "version": {"accept": {"answer": OTHER, "reason": "The floor may be left out"}},
            "reason": "Question 2 could be read in two ways",
            "never_lower": True,
        }
    )

    version: VersionIn
    students: Annotated[list[UUID] | None, Field(min_length=1, max_length=1_000)] = None
    statuses: Annotated[list[Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]], Field()] = []
    part: Part | None = None
    unopened: bool = False
    never_lower: bool = False
    reason: Annotated[Text, Field(max_length=1_000)] = ""


class ApplyIn(Schema):
    """How to apply a regrade; *notice* is shown to the students of the problem."""

    model_config = with_examples(
        {"never_lower": True, "notice": "The key of part b was corrected."}
    )

    never_lower: bool | None = None
    notice: Annotated[Text, Field(max_length=1_000)] = ""


class UndoIn(Schema):
    """The reason for undoing a regrade."""

    model_config = with_examples({"reason": "The old key was right"})

    reason: Annotated[Text, Field(max_length=1_000)] = ""


class VersionRef(Schema):
    """A version of a problem, by its number in the bank or in the course."""

    id: UUID
    number: Count
    space: Literal["bank", "course"]


class Progress(Schema):
    """The progress of the phase in submissions; *rate* is submissions a second."""

    done: Count
    total: Count
    rate: float | None


class Counts(Schema):
    """The number of answers and students that a regrade changes, without test students.

    Each of the *answers* is in one of *up*, *down*, *same*, *review* and *manual*.
    """

    answers: Count = Field(0, description="all answers of these students, changed or not")
    answers_changed: Count = Field(
        0, description="those that `/changes` lists: the credit, status, points or text differ"
    )
    up: Count = Field(0, description="answers that gain credit")
    down: Count = Field(0, description="answers that lose credit")
    same: Count = Field(0, description="answers that keep their credit, changed or not")
    review: Count = Field(0, description="answers that a person must grade now")
    manual: Count = Field(0, description="answers graded by a person: they stay, and are flagged")
    newly_readable: Count = Field(0, description="answers that could not be read before")
    students: Count = Field(0, description="all students in the regrade")
    students_up: Count = Field(
        0, description="students whose score of the problem rises, given `never_lower`"
    )
    students_down: Count = Field(
        0, description="students whose score of the problem falls, given `never_lower`"
    )


REGRADE: Final[dict[str, Any]] = {
    "id": RUN,
    "assignment": OTHER,
    "problem": "conv-output-size",
    "status": "ready",
    "scope": "all",
    "from_version": {"id": OTHER, "number": 1, "space": "bank"},
    "to_version": {"id": RUN, "number": 1, "space": "course"},
    "never_lower": True,
    "reason": "Question 2 could be read in two ways",
    "notice": "",
    "progress": {"done": 412, "total": 412, "rate": 1250.5},
    "counts": {
        "answers": 824,
        "answers_changed": 46,
        "up": 31,
        "down": 0,
        "same": 791,
        "review": 0,
        "manual": 2,
        "newly_readable": 3,
        "students": 200,
        "students_up": 17,
        "students_down": 0,
    },
    "error": "",
    "warnings": [],
    "may": ["apply", "cancel"],
    "created_by": OTHER,
    "created_at": "2026-11-21T18:00:00.000000Z",
    "applied_by": None,
    "applied_at": None,
    "undone_by": None,
    "undone_at": None,
    "cancelled_at": None,
}


class RegradeOut(Schema):
    """A regrade: its settings, its progress, its changes, and what the caller *may* do next.

    *warnings* say if a version that it created is still in use after an undo.
    """

    model_config = with_examples(REGRADE)

    id: UUID
    assignment: UUID
    problem: str
    status: Status
    scope: Literal["all", "some", "unopened"]
    from_version: VersionRef
    to_version: VersionRef
    never_lower: bool
    reason: str
    notice: str
    progress: Progress
    counts: Counts
    error: str
    warnings: tuple[str, ...]
    may: tuple[Literal["apply", "cancel", "undo"], ...]
    created_by: UUID
    created_at: UtcDatetime
    applied_by: UUID | None
    applied_at: UtcDatetime | None
    undone_by: UUID | None
    undone_at: UtcDatetime | None
    cancelled_at: UtcDatetime | None
