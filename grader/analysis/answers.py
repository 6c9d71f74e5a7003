"""Which wrong answers a part gets, who gives them, and whether one of them is a better key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.analysis.inference import MIN_STUDENTS, wilson

__all__ = [
    "AnswerGroup",
    "Right",
    "WrongAnswer",
    "WrongAnswers",
    "wrong_answers",
]

HALF: Final = 0.5


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


def wrong_answers(
    groups: Sequence[AnswerGroup], right: Right, *, wrong: int | None = None
) -> WrongAnswers:
    """Return the table of wrong answers, with a doubt about the key where there is reason.

    *wrong* is how many there are in all, where *groups* are only some of them.

    The reason: of those in the top third who gave either this answer or the key, more gave this
    answer, so clearly that the interval of their share lies above one half; 20 students at least.
    """
    wrong = sum(group.count for group in groups) if wrong is None else wrong
    n = wrong + right.count
    order = sorted(groups, key=lambda one: (bool(one.mistakes), -one.count, one.shown, one.value))
    rows = (
        WrongAnswer(one, one.count / wrong, n >= MIN_STUDENTS and _outvotes(one, right))
        for one in order
    )
    return WrongAnswers(n, wrong, right, tuple(rows))


def _outvotes(group: AnswerGroup, right: Right) -> bool:
    votes = group.in_top + right.in_top
    return votes > 0 and wilson(group.in_top / votes, votes).low > HALF
