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
            "must be small letters, digits and single underscores, a letter first, such as "
            "off_by_one"
        )
    return text


Part = Annotated[
    str,
    Field(max_length=80, json_schema_extra={"pattern": SNAKE_CASE_PATTERN}),
    AfterValidator(_check_snake_case),
]


class PartIn(Schema):
    """What of a part is set to something else; *tolerance* as in the problem's file."""

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
    """A wrong answer that is accepted as right.

    *answer* is one of the group of equal answers; where students have different numbers, give
    *part* and *key*, an expression of the problem's names.
    """

    answer: UUID | None = None
    part: Part | None = None
    key: Key | None = None
    reason: Annotated[Line, Field(min_length=3)]
    say: Annotated[Text, Field(max_length=1_000)] = ""


class MistakeIn(Schema):
    """A wrong answer that is named as a mistake: what its students are told, and its credit."""

    answer: UUID | None = None
    part: Part | None = None
    key: Key | None = None
    id: Part
    say: Annotated[Text, Field(min_length=3, max_length=1_000)]
    credit: Credit = Fraction(0)


class VersionIn(Schema):
    """By which version is marked: exactly one of these.

    *id* is a version that there is, *source* the whole file anew, *parts* what is set otherwise in
    parts; *accept* and *mistake* do something about a group of equal wrong answers. With one of the
    last three, *drop_examples* names by their places in the file, from 0, the author's examples
    that the new version is to be without, as they say otherwise.
    """

    id: UUID | None = None
    source: Annotated[str, Field(max_length=262_144)] | None = None
    parts: Annotated[dict[Part, PartIn] | None, Field(min_length=1, max_length=100)] = None
    accept: AcceptIn | None = None
    mistake: MistakeIn | None = None
    drop_examples: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=1_000)] = []

    @model_validator(mode="after")
    def _check_one_way(self) -> Self:
        ways = self.model_fields_set - {"drop_examples"}
        if len(ways) != 1:
            raise InvalidValue("must have exactly one of id, source, parts, accept and mistake")
        if self.drop_examples and ways & {"id", "source"}:
            raise InvalidValue("may have drop_examples only with parts, accept or mistake")
        return self


class RegradeIn(Schema):
    """A regrade to be prepared: the dry run begins at once, and nothing is changed by it.

    *students* are those alone (null: all); *statuses*, with *part* or without, narrows them to
    those who have such an answer. *unopened*: only who has not opened the problem gets the
    version. *never_lower*: no answer loses credit.
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
    """How a regrade is applied; *notice* is shown to the students of the problem."""

    model_config = with_examples(
        {"never_lower": True, "notice": "The key of part b was corrected."}
    )

    never_lower: bool | None = None
    notice: Annotated[Text, Field(max_length=1_000)] = ""


class UndoIn(Schema):
    """Why a regrade is undone."""

    model_config = with_examples({"reason": "The old key was right"})

    reason: Annotated[Text, Field(max_length=1_000)] = ""


class VersionRef(Schema):
    """A version of a problem, by its number in the bank or in the course."""

    id: UUID
    number: Count
    space: Literal["bank", "course"]


class Progress(Schema):
    """How far the phase is, in submissions; *rate* is how many a second."""

    done: Count
    total: Count
    rate: float | None


class Counts(Schema):
    """What the regrade changes, in answers and in students; test students do not count.

    Every one of *answers* is one of *up*, *down*, *same*, *review* and *manual*.
    """

    answers: Count = Field(0, description="all answers of these students, changed or not")
    answers_changed: Count = Field(
        0, description="those that `/changes` lists: another credit, status, points or words"
    )
    up: Count = Field(0, description="answers that gain credit")
    down: Count = Field(0, description="answers that lose credit")
    same: Count = Field(0, description="answers that keep their credit, changed or not")
    review: Count = Field(0, description="answers that a person has to mark now")
    manual: Count = Field(0, description="answers marked by a person: they stay, and are flagged")
    newly_readable: Count = Field(0, description="answers that could not be read before")
    students: Count = Field(0, description="all students whom the regrade is for")
    students_up: Count = Field(
        0, description="students whose score of the problem rises, as `never_lower` has it"
    )
    students_down: Count = Field(
        0, description="students whose score of the problem falls, as `never_lower` has it"
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
    """A regrade: what it is, how far it is, what it changes, and what *may* be done next.

    *warnings* say where the version that it made stays in use although it was undone.
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
