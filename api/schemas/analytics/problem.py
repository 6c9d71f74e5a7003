"""What the answers of a class say about a problem: incorrect answers and variants. Staff."""

from typing import Any, Final, Literal
from uuid import UUID

from api.http.field_types import Answer, Count, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.analytics.assignment import ITEM, PART, TIME, PartFigures
from api.schemas.analytics.statistics import FairnessOut, Figure, FlagOut, ItemOut, TimesOut

SUBMISSION: Final = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10"
ANSWER: Final = "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a11"
FAIR: Final[dict[str, Any]] = {
    "n": 179,
    "facility": 0.72,
    "rows": [
        {
            "variant": "stride = 3",
            "variants": 1,
            "n": 44,
            "right": 20,
            "facility": 0.454545,
            "interval": {"low": 0.337, "high": 0.577},
            "p_value": 0.00004,
            "adjusted": 0.00012,
            "unlike": True,
        }
    ],
    "chi_square": 19.8,
    "degrees": 2,
    "p_value": 0.00005,
}
GROUP: Final[dict[str, Any]] = {
    "mistakes": [],
    "looks": ["twice the key"],
    "values": 1,
    "value": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "shown": "126",
    "count": 21,
    "share_of_wrong": 0.42,
    "given": 25,
    "mean_total": 11.4,
    "in_top": 6,
    "key_doubt": False,
    "example": {
        "answer": ANSWER,
        "submission": SUBMISSION,
        "position": 17,
        "typed": "2*63",
        "shown": "126",
    },
}


class ExampleOut(Schema):
    """One answer of a group, as typed and as read; the submission identifies the student.

    *position* is the position of its numbers in the list of variants, -1 for the original.
    """

    answer: UUID
    submission: UUID
    position: int
    typed: Answer | None
    shown: str


class WrongGroup(Schema):
    """Equal incorrect answers among the first answers.

    *mistakes* explain them; without any, *looks* describes them in relation to the key. *values* is
    the number of different values, which can be many if students have different numbers, and
    *value* is the digest of the value if there is only one. *given* counts answers of any attempt
    (null if the group is by its looks). *mean_total* is the mean total of the students who gave it,
    *in_top* the number of them in the best third by the other parts. *key_doubt*: in that third,
    clearly more students gave this than the key. With *value*, or the id of the example, the answer
    can be accepted as correct or labeled as a mistake.
    """

    mistakes: tuple[str, ...]
    looks: tuple[str, ...]
    values: Count
    value: str | None
    shown: str
    count: Count
    share_of_wrong: Figure
    given: Count | None
    mean_total: Figure | None
    in_top: Count
    key_doubt: bool
    example: ExampleOut


class MistakeOut(Schema):
    """The number of first answers that a mistake explains, whatever their value."""

    mistake: str
    say: str
    count: Count
    share_of_wrong: Figure
    mean_total: Figure | None


class WrongOut(Schema):
    """The incorrect answers among *n* first answers: unexplained ones first, then the most common.

    Answers that follow from the student's own earlier answers are neither correct nor wrong here.
    *left_off* groups are not listed. *by_value*: all students had the same numbers.
    """

    n: Count
    right: Count
    wrong: Count
    by_value: bool
    groups: tuple[WrongGroup, ...]
    left_off: Count
    mistakes: tuple[MistakeOut, ...]


class FollowThrough(Schema):
    """How many of *n* first answers are correct for the student's own earlier answers."""

    n: Count
    count: Count
    share: Figure | None


class ParameterFairness(Schema):
    """The variants grouped by the value of one parameter."""

    parameter: str
    fairness: FairnessOut


class VariantsOut(Schema):
    """Whether some numbers are harder than others, at the first attempt."""

    by_variant: FairnessOut
    by_parameter: tuple[ParameterFairness, ...]


class ForeignKey(Schema):
    """An incorrect answer: the key of *held_by* others; *after_holder*: one was correct before.

    If *mistakes* explain it, it is likely chance.
    """

    answer: UUID
    submission: UUID
    shown: str
    mistakes: tuple[str, ...]
    held_by: Count
    after_holder: bool


class ForeignKeys(Schema):
    """Correct answers to other students' numbers: a hint for a person and never a penalty.

    *matches* of the *wrong* answers (each value of a student once), by *students* students, are a
    key of another student. *by_chance* is the number expected if nobody had copied: it is estimated
    from the keys that nobody has, and null if those are few. The first 50 are listed.
    """

    wrong: Count
    matches: Count
    students: Count
    by_chance: Figure | None
    rows: tuple[ForeignKey, ...]


class SearchOut(Schema):
    """Answers of one student that halve an interval; the last ones are *shown*, oldest first."""

    submission: UUID
    answers: Count
    shown: tuple[str, ...]
    solved: bool


class PartAnalytics(PartFigures):
    """A part with its incorrect answers and variants; for a text only its statistics.

    *foreign* is null if all students have the same numbers.
    """

    wrong: WrongOut | None = None
    follow_through: FollowThrough | None = None
    variants: VariantsOut | None = None
    foreign: ForeignKeys | None = None
    searches: tuple[SearchOut, ...] = ()


class ProblemAnalytics(Schema):
    """Statistics of a problem, with its incorrect answers; `AssignmentAnalytics` has the terms."""

    model_config = with_examples(
        {
            "assignment": "01933e3a-0000-7000-8000-000000000001",
            "problem": "conv-output-size",
            "version": "01933e3a-0000-7000-8000-000000000002",
            "as_of": "2026-11-28T09:00:00.000000Z",
            "attempt": "first",
            "section": None,
            "students": 201,
            "opened": 182,
            "item": ITEM,
            "time": TIME,
            "parts": [
                PART
                | {
                    "wrong": {
                        "n": 179,
                        "right": 129,
                        "wrong": 50,
                        "by_value": True,
                        "groups": [GROUP],
                        "left_off": 0,
                        "mistakes": [],
                    },
                    "follow_through": {"n": 179, "count": 0, "share": 0},
                    "variants": {
                        "by_variant": FAIR | {"rows": []},
                        "by_parameter": [{"parameter": "stride", "fairness": FAIR}],
                    },
                    "foreign": {
                        "wrong": 61,
                        "matches": 1,
                        "students": 1,
                        "by_chance": 0.8,
                        "rows": [
                            {
                                "answer": ANSWER,
                                "submission": SUBMISSION,
                                "shown": "63",
                                "mistakes": [],
                                "held_by": 2,
                                "after_holder": True,
                            }
                        ],
                    },
                    "searches": [
                        {
                            "submission": SUBMISSION,
                            "answers": 6,
                            "shown": ["500", "250", "375", "312", "343", "328"],
                            "solved": False,
                        }
                    ],
                }
            ],
            "flags": [],
        }
    )

    assignment: UUID
    problem: str
    version: UUID
    as_of: UtcDatetime
    attempt: Literal["first", "best"]
    section: UUID | None
    students: Count
    opened: Count
    item: ItemOut
    time: TimesOut
    parts: tuple[PartAnalytics, ...]
    flags: tuple[FlagOut, ...]
