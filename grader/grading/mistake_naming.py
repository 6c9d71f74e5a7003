"""Names of the mistakes that explain an answer, in a fixed order of causes."""

from collections.abc import Callable
from functools import cache
from typing import Any

from grader.diagnosis.mistake_index import MistakeIndex, select_highest_ranked
from grader.diagnosis.mistakes import MistakeCandidate, is_specific_pair_value
from grader.grading.answer_in_context import AnswerInContext
from grader.grading.follow_through import FollowThrough
from grader.grading.result import DecidingRule
from grader.reading import Reading
from grader.values import Tensor


def find_likeliest_mistakes(
    answer: AnswerInContext, follow: FollowThrough
) -> tuple[DecidingRule, tuple[MistakeCandidate, ...]]:
    """Return the likeliest causes: from true values, carried ones, two at once, or arithmetic.

    An answer that may be the key rounded shows no other mistake. A pair of mistakes must match
    exactly, or in six figures: there are too many pairs for a coarse rounding to be evidence.
    """
    context, reading = answer.context, answer.reading

    @cache
    def is_key_rounded() -> bool:
        return any(context.kind.may_be_rounding(reading, key) for key in (context.key, follow.key))

    candidates = context.mistake_index.find_likeliest(reading, is_key_rounded=is_key_rounded)
    if candidates:
        return "mistake", candidates
    if follow.carried_values:
        candidates = context.build_carried_mistake_index(follow.carried_values).find_likeliest(
            reading, is_key_rounded=is_key_rounded
        )
        if candidates:
            candidates = tuple(
                candidate._replace(credit=candidate.credit * follow.credit)
                for candidate in candidates
            )
            return "mistake_carried", candidates
    pairs = _find_distinctive_pairs(context.mistake_pair_index, reading, is_key_rounded)
    if pairs or (not isinstance(reading.value, Tensor) and is_key_rounded()):
        return "mistake_pair", select_highest_ranked(pairs)
    group = context.choose_mutation_group(reading)
    candidates = context.get_mutation_index(group).find_likeliest(
        reading, is_key_rounded=is_key_rounded
    )
    if candidates:
        return "mistake", candidates
    if group != "all" or _is_small_integer(reading):  # a slip, or a value that many pairs give
        return "mistake_pair", ()
    pairs = _find_distinctive_pairs(context.mutated_pair_index, reading, is_key_rounded)
    return "mistake_pair", select_highest_ranked(pairs)


def _is_small_integer(reading: Reading[Any]) -> bool:
    """Return whether the answer is an integer, typed in full, that any two mistakes may give."""
    number = reading.value
    return type(number) is int and reading.step in {None, 1} and not is_specific_pair_value(number)


def _find_distinctive_pairs(
    index: MistakeIndex, reading: Reading[Any], is_key_rounded: Callable[[], bool]
) -> list[MistakeCandidate]:
    """Return the pairs of mistakes that equal the answer, or round to its many figures."""
    pairs = index.find_equal(reading)
    if not pairs and index.has_distinctive_figures(reading) and not is_key_rounded():
        return index.find_roundings(reading)
    return pairs


def combine_hints(candidates: tuple[MistakeCandidate, ...]) -> str:
    """Return the hint of the likeliest cause; several share one sentence."""
    first, *others = dict.fromkeys(candidate.hint for candidate in candidates)
    if not others:
        return first
    quoted = [f"“{hint}”" for hint in (first, *others)]
    return f"One of these hints applies: {', '.join(quoted[:-1])} or {quoted[-1]}"
