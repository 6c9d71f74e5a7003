"""Wrong answers to a part: their frequency, their causes, and doubts about the key."""

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
    """Equal wrong answers: *count* of them, *in_top* from the top third, and their mean total.

    *mistakes* are the ids of the mistakes that explain the answer; empty if none does.
    """

    value: str
    shown: str
    mistakes: tuple[str, ...]
    count: int
    mean_total: float | None
    in_top: int = 0


@dataclass(frozen=True, slots=True)
class Right:
    """Number of right answers, and how many of them come from the top third."""

    count: int
    in_top: int


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A group with its share of the wrong answers; *key_doubt* if it may be the true key."""

    group: AnswerGroup
    share_of_wrong: float
    key_doubt: bool


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """Wrong answers among *n*: those that no mistake explains first, then by frequency."""

    n: int
    wrong: int
    right: Right
    rows: tuple[WrongAnswer, ...]

    @property
    def doubts(self) -> tuple[WrongAnswer, ...]:
        """The answers that clearly outvote the key among the top third."""
        return tuple(row for row in self.rows if row.key_doubt)


def wrong_answers(
    groups: Sequence[AnswerGroup], right: Right, *, wrong: int | None = None
) -> WrongAnswers:
    """Return the table of wrong answers, with a doubt about the key if there is reason.

    *wrong* is the total number of wrong answers, if *groups* holds only some of them.

    The reason: of those in the top third who gave either this answer or the key, more gave this
    answer, and the interval of their share lies above one half; at least 20 students.
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
