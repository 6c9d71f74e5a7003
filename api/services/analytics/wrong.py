"""Wrong answers to a part in groups: by value where all have the same numbers, else by their cause.

With other numbers for each student equal mistakes give unequal values, so that answers are grouped
by the mistakes that explain them, then by what they look like beside the key, and only the rest by
value.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from api.services.analytics.given import First, own_value
from api.services.analytics.reading import Hex, Numbers
from api.services.analytics.sheet import Item, Sheet
from grader.analysis import AnswerGroup, GivenAnswer, Right, group_answers

__all__ = ["Groups", "Label", "Unlabelled", "groups_of", "may_doubt", "mistakes_of", "unexplained"]

Label = tuple[str, tuple[str, ...]]
"""What makes answers equal: a value or a phrase, and the mistakes that explain them."""
Unlabelled = tuple[Numbers, str]
"""A value that no mistake explains, given to these numbers."""
FIRST_COME: Final = attrgetter("received_at", "answer_id")
"""The order in which answers came."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Wrong answers in groups, and for each the answers in it.

    *by_value*: all had the same numbers, and a group is one value.
    """

    groups: tuple[AnswerGroup, ...]
    right: Right
    by_value: bool
    members: Mapping[Label, Sequence[First]] = field(default_factory=dict)

    def of(self, group: AnswerGroup) -> Sequence[First]:
        """Return the answers in a group."""
        return self.members[group.value, group.mistakes]


def mistakes_of(one: First) -> tuple[str, ...]:
    """Return the mistakes that explain an answer."""
    return tuple(one.mistakes.split("|")) if one.mistakes else ()


def unexplained(sheet: Sheet, item: Item) -> Mapping[Unlabelled, Sequence[First]]:
    """Return the wrong answers that no mistake explains, by numbers and value: large groups first.

    Who gave an answer first stands first in its group.
    """
    found: dict[Unlabelled, list[First]] = {}
    those = [one for one in sheet.answers(item) if one.is_wrong and not one.mistakes]
    for one in sorted(those, key=FIRST_COME):
        found.setdefault((sheet.numbers(one).numbers, own_value(one)), []).append(one)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def may_doubt(sheet: Sheet, at: int) -> bool:
    """Tell whether a wrong answer to a part may have more votes than the key among the best third.

    It is quickly counted; without it there is no need to look at the groups themselves.
    """
    best, votes = sheet.best_third(at), Counter[Label]()
    right: Label = "right", ()
    for one in sheet.answers(sheet.items[at]):
        if best[one.student_id] and (one.is_right or one.is_wrong):
            explained = ("", mistakes_of(one)) if one.mistakes else (own_value(one), ())
            votes[right if one.is_right else explained] += 1
    return any(count > votes[right] for label, count in votes.items() if label != right)


def groups_of(
    sheet: Sheet, at: int, phrases: Mapping[Unlabelled, Sequence[str]] | None = None
) -> Groups:
    """Return the groups of wrong answers to the part at a place of the sheet.

    *phrases* say what unexplained values look like beside the key, as far as that was asked.
    """
    item = sheet.items[at]
    answers = [one for one in sheet.answers(item) if one.is_right or one.is_wrong]
    by_value = len({sheet.numbers(one).numbers for one in answers}) <= 1
    best = sheet.best_third(at)
    labels = {
        one.answer_id: _label(sheet, one, phrases or {}, by_value=by_value) for one in answers
    }
    groups, right = group_answers(
        GivenAnswer(
            value=labels[one.answer_id][0],
            shown="",
            right=one.is_right,
            mistakes=labels[one.answer_id][1],
            total=sheet.total_of[one.student_id],
            in_top=best[one.student_id],
        )
        for one in answers
    )
    return Groups(groups, right, by_value, _members(answers, labels))


def _members(answers: Iterable[First], labels: Mapping[Hex, Label]) -> dict[Label, Sequence[First]]:
    found: dict[Label, list[First]] = {}
    for one in sorted((one for one in answers if one.is_wrong), key=FIRST_COME):
        found.setdefault(labels[one.answer_id], []).append(one)
    common = {label: Counter(one.value for one in group) for label, group in found.items()}
    # The commonest value stands for the group; of equals it is the first that came.
    return {
        label: sorted(group, key=lambda one: -common[label][one.value])
        for label, group in found.items()
    }


def _label(
    sheet: Sheet, one: First, phrases: Mapping[Unlabelled, Sequence[str]], *, by_value: bool
) -> Label:
    mistakes, value = mistakes_of(one), own_value(one)
    if by_value:
        return value, mistakes
    if mistakes:
        return "", mistakes
    numbers = sheet.numbers(one).numbers
    looks = phrases.get((numbers, value))
    return (looks[0] if looks else f"{numbers.position}:{value}"), ()
