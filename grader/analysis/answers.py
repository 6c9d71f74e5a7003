"""Which wrong answers a part gets, who gives them, and whether one of them is a better key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from grader.analysis.figures import Column, column
from grader.analysis.inference import MIN_STUDENTS, wilson

__all__ = [
    "AnswerGroup",
    "GivenAnswer",
    "Right",
    "WrongAnswer",
    "WrongAnswers",
    "group_answers",
    "top_third",
    "wrong_answers",
]

TOP: Final = 3
"""The best of so many equal parts of the students are asked about the key."""
HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """The first readable answer of one student: its canonical *value*, and how it is *shown*.

    *total* is what they have in all; *in_top* says whether he is one of the `top_third`.
    """

    value: str
    shown: str
    right: bool
    mistakes: tuple[str, ...] = ()
    total: float | Fraction | None = None
    in_top: bool = False


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Equal wrong answers: how many gave it, *in_top* of them in the top third, their mean total.

    *mistakes* are the ids of those that explain it; none means that nothing does.
    """

    value: str
    shown: str
    mistakes: tuple[str, ...]
    count: int
    mean_total: float | None
    in_top: int = 0


@dataclass(frozen=True, slots=True)
class Right:
    """How many answers are right, and how many of those come from the top third."""

    count: int
    in_top: int


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A group with its share of the wrong answers; *key_doubt* says that it may be the key."""

    group: AnswerGroup
    share_of_wrong: float
    key_doubt: bool


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """The wrong answers among *n*: those that no mistake explains first, then the most frequent."""

    n: int
    wrong: int
    right: Right
    rows: tuple[WrongAnswer, ...]

    @property
    def doubts(self) -> tuple[WrongAnswer, ...]:
        """The answers that have clearly more votes than the key among the top third."""
        return tuple(row for row in self.rows if row.key_doubt)


def top_third(rests: Column) -> npt.NDArray[np.bool_]:
    """Return who belongs to the best third by the points in the *other* items, ties included.

    With the item itself in the total, a wrong key would choose its own voters.
    """
    given = column(rests)
    known = np.sort(given[~np.isnan(given)])[::-1]
    if not known.size:
        return np.zeros(given.size, dtype=np.bool_)
    return np.asarray(given >= known[(known.size - 1) // TOP])


def group_answers(answers: Iterable[GivenAnswer]) -> tuple[tuple[AnswerGroup, ...], Right]:
    """Return the groups of equal wrong answers, and the count of the right ones."""
    right, groups = [], dict[tuple[str, tuple[str, ...]], list[GivenAnswer]]()
    for one in answers:
        if one.right:
            right.append(one)
        else:
            groups.setdefault((one.value, one.mistakes), []).append(one)
    return tuple(map(_group, groups.values())), Right(len(right), _in_top(right))


def wrong_answers(groups: Sequence[AnswerGroup], right: Right) -> WrongAnswers:
    """Return the table of wrong answers, with a doubt about the key where there is reason.

    The reason: of those in the top third who gave either this answer or the key, more gave this
    answer, so clearly that the interval of their share lies above one half; 20 students at least.
    """
    wrong = sum(group.count for group in groups)
    n = wrong + right.count
    order = sorted(groups, key=lambda one: (bool(one.mistakes), -one.count, one.shown, one.value))
    rows = (
        WrongAnswer(one, one.count / wrong, n >= MIN_STUDENTS and _outvotes(one, right))
        for one in order
    )
    return WrongAnswers(n, wrong, right, tuple(rows))


def _group(answers: Sequence[GivenAnswer]) -> AnswerGroup:
    first = answers[0]
    totals = [float(one.total) for one in answers if one.total is not None]
    mean = sum(totals) / len(totals) if totals else None
    return AnswerGroup(
        first.value, first.shown, first.mistakes, len(answers), mean, _in_top(answers)
    )


def _in_top(answers: Iterable[GivenAnswer]) -> int:
    return sum(one.in_top for one in answers)


def _outvotes(group: AnswerGroup, right: Right) -> bool:
    votes = group.in_top + right.in_top
    return votes > 0 and wilson(group.in_top / votes, votes).low > HALF
