"""Wrong answers to a part: their frequency, their causes, and doubts about the key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.analysis.inference import MIN_STUDENTS, wilson_interval

HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """Equal wrong answers: *count* of them, *in_top* from the top third, and their mean total.

    *mistakes* are the ids of the mistakes that explain the answer; empty if none does.
    """

    value: str
    display_text: str
    mistakes: tuple[str, ...]
    count: int
    mean_total: float | None
    in_top: int = 0


@dataclass(frozen=True, slots=True)
class RightAnswerCounts:
    """Number of right answers, and how many of them come from the top third."""

    count: int
    in_top: int


@dataclass(frozen=True, slots=True)
class WrongAnswerRow:
    """A group with its share of the wrong answers; *key_doubt* if it may be the true key."""

    group: AnswerGroup
    share_of_wrong: float
    key_doubt: bool


@dataclass(frozen=True, slots=True)
class WrongAnswerTable:
    """Wrong answers among *n*: those that no mistake explains first, then by frequency."""

    n: int
    wrong: int
    right: RightAnswerCounts
    rows: tuple[WrongAnswerRow, ...]

    @property
    def key_doubts(self) -> tuple[WrongAnswerRow, ...]:
        """The answers that clearly outvote the key among the top third."""
        return tuple(row for row in self.rows if row.key_doubt)


def tabulate_wrong_answers(
    groups: Sequence[AnswerGroup], right: RightAnswerCounts, *, wrong: int | None = None
) -> WrongAnswerTable:
    """Return the table of wrong answers, with a doubt about the key if there is reason.

    *wrong* is the total number of wrong answers, if *groups* holds only some of them.

    The reason: of those in the top third who gave either this answer or the key, more gave this
    answer, and the interval of their share lies above one half; at least 20 students.
    """
    wrong = sum(group.count for group in groups) if wrong is None else wrong
    n = wrong + right.count
    order = sorted(
        groups, key=lambda item: (bool(item.mistakes), -item.count, item.display_text, item.value)
    )
    rows = (
        WrongAnswerRow(one, one.count / wrong, n >= MIN_STUDENTS and _outvotes_key(one, right))
        for one in order
    )
    return WrongAnswerTable(n, wrong, right, tuple(rows))


def _outvotes_key(group: AnswerGroup, right: RightAnswerCounts) -> bool:
    votes = group.in_top + right.in_top
    return votes > 0 and wilson_interval(group.in_top / votes, votes).low > HALF
