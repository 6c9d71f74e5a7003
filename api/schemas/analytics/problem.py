"""What the answers of a class say about one problem: its wrong answers and its variants. Staff."""

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
    """One answer of a group, as it was typed and read; the submission stands for the student.

    *position* is the place of its numbers in the list of variants, -1 for the original.
    """

    answer: UUID
    submission: UUID
    position: int
    typed: Answer | None
    shown: str


class WrongGroup(Schema):
    """Equal wrong answers among the first ones.

    *mistakes* explain them; where there are none, *looks* says what they look like beside the key.
    *values* is how many different values they are, which with other numbers for each student are
    many, and *value* the digest of theirs where that is one. *given* counts answers of any attempt
    (null where the group is by its looks). *mean_total* is the mean total of those who gave it,
    *in_top* how many of them are in the best third by the other parts; *key_doubt*: in that third
    clearly more gave this than the key. By *value*, or the id of the example, the answer can be
    accepted as right or named as a mistake.
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
    """How many first answers a mistake explains, whatever their value."""

    mistake: str
    say: str
    count: Count
    share_of_wrong: Figure
    mean_total: Figure | None


class WrongOut(Schema):
    """The wrong ones among *n* first answers: what no mistake explains first, then the commonest.

    Answers that follow from the student's own earlier ones are neither right nor wrong here.
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
    """How many of *n* first answers are right for the student's own earlier answers."""

    n: Count
    count: Count
    share: Figure | None


class ParameterFairness(Schema):
    """The variants taken together by the value of one parameter."""

    parameter: str
    fairness: FairnessOut


class VariantsOut(Schema):
    """Whether some numbers are harder than others, at the first attempt."""

    by_variant: FairnessOut
    by_parameter: tuple[ParameterFairness, ...]


class ForeignKey(Schema):
    """A wrong answer that is the key of *held_by* others; *after_holder*: one had it right before.

    Where *mistakes* explain it, chance is likely.
    """

    answer: UUID
    submission: UUID
    shown: str
    mistakes: tuple[str, ...]
    held_by: Count
    after_holder: bool


class ForeignKeys(Schema):
    """Right answers to somebody else's numbers: a sign to look at, never a penalty.

    *matches* of the *wrong* answers (each value of a student once) are a key of somebody else, by
    so many *students*. *by_chance* is how many there would be if nobody had seen another's: it is
    estimated from the keys that nobody holds, null where those are few. The first 50 are listed.
    """

    wrong: Count
    matches: Count
    students: Count
    by_chance: Figure | None
    rows: tuple[ForeignKey, ...]


class SearchOut(Schema):
    """Answers of one student that halve an interval; the last are *shown*, the oldest first."""

    submission: UUID
    answers: Count
    shown: tuple[str, ...]
    solved: bool


class PartAnalytics(PartFigures):
    """A part with its wrong answers and variants; of a text only its figures.

    *foreign* is null where all students have the same numbers.
    """

    wrong: WrongOut | None = None
    follow_through: FollowThrough | None = None
    variants: VariantsOut | None = None
    foreign: ForeignKeys | None = None
    searches: tuple[SearchOut, ...] = ()


class ProblemAnalytics(Schema):
    """A problem in figures, with what was answered wrongly; see the assignment for the words."""

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
