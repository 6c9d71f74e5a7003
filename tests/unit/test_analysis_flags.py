"""Tests of flags: based on intervals and at least twenty students, with a sentence."""

import numpy as np
import pytest
from score_tables import items

from grader.analysis import (
    AnswerGroup,
    RightAnswerCounts,
    VariantTally,
    compare_variants,
    flag_item,
    flag_key_doubts,
    flag_variants,
    tabulate_wrong_answers,
)


def scores(*, n, right, strong_first=True):
    """Return two columns: an item that the first *right* students solve, and the rest.

    The rest falls with *strong_first* and rises without it.
    """
    item = np.arange(n) < right
    rest = np.arange(n, 0, -1) if strong_first else np.arange(1, n + 1)
    return np.column_stack([item, rest]).astype(float)


def codes(table, maximum=1):
    return [flag.code for flag in flag_item(items(table, [maximum, len(table)])[0])]


def discrimination(table):
    return items(table, [1, len(table)])[0].discrimination


def unrelated(n, *, seed=0):
    """Return two columns: an item and a rest that is almost uncorrelated with it."""
    rng = np.random.default_rng(seed)
    return np.column_stack([np.arange(n) % 2, rng.permutation(n)]).astype(float)


@pytest.mark.parametrize(
    ("n", "right", "expected"),
    [
        (20, 20, []),
        (51, 51, []),
        (52, 52, ["too_easy"]),
        (400, 388, ["too_easy"]),
        (400, 381, []),
        (20, 0, ["too_hard"]),
        (19, 0, []),
        (20, 1, ["too_hard"]),
        (20, 2, []),
        (400, 60, ["too_hard"]),
        (400, 79, []),
        (400, 200, []),
    ],
)
def test_facility_is_flagged_if_whole_interval_is_beyond_limit(n, right, expected):
    assert codes(scores(n=n, right=right)) == expected


@pytest.mark.parametrize(("n", "expected"), [(3, []), (19, []), (20, ["check_key"])])
def test_item_working_against_the_rest_suggests_checking_the_key(n, expected):
    assert codes(scores(n=n, right=n // 2, strong_first=False)) == expected


def test_discrimination_is_flagged_only_if_whole_interval_is_negative():
    table = next(
        table for seed in range(100) if -0.1 < discrimination(table := unrelated(30, seed=seed)) < 0
    )
    assert items(table, [1, 30])[0].interval.high > 0
    assert codes(table) == []


def test_weak_item_is_flagged_only_if_upper_bound_is_weak():
    table = next(
        table for seed in range(100) if discrimination(table := unrelated(3000, seed=seed)) > 0
    )
    assert codes(table) == ["weak"]
    small = next(
        table for seed in range(100) if 0 < discrimination(table := unrelated(30, seed=seed)) < 0.1
    )
    assert codes(small) == []


def test_nearly_always_right_item_is_flagged_only_as_easy():
    """Slips of two strong students make discrimination negative; the key is not in doubt."""
    table = scores(n=500, right=500)
    table[:2, 0] = 0
    assert discrimination(table) < 0
    assert codes(table) == ["too_easy"]


def test_item_without_students_has_no_flag():
    assert flag_item(items([], [1])[0]) == ()


def test_flag_states_figures_in_plain_sentence():
    (flag,) = flag_item(items(scores(n=500, right=498), [1, 500])[0])
    assert flag.sentence == (
        "Nearly everyone gets this right: 99.6% of the points on average (500 students)."
    )
    (flag,) = flag_item(items(scores(n=40, right=20, strong_first=False), [1, 40])[0])
    assert flag.sentence == (
        "Those who do better elsewhere do worse here (discrimination \u22120.87, between "
        "\u22120.92 and \u22120.78, 40 students). Check the key."
    )


def test_answer_outvoting_the_key_is_reported_with_its_votes():
    groups = [AnswerGroup("31", "31", (), 20, 8.5, 9), AnswerGroup("7", "7", (), 5, 2.0, 0)]
    (flag,) = flag_key_doubts(tabulate_wrong_answers(groups, RightAnswerCounts(15, 1)))
    assert flag.code == "check_key"
    assert flag.sentence == (
        "In the top third, 9 students gave 31 and 1 gave the key (40 students in all). "
        "Check the key."
    )


def test_differing_variants_are_reported_with_both_shares():
    hard = compare_variants([VariantTally("seed 7", 40, 10), VariantTally("seed 2", 200, 160)])
    harder, easier = flag_variants(hard)
    assert harder.code == "unlike_variant"
    assert harder.sentence == (
        "Variant seed 7 is harder than the others: 25% of 40 students were correct at first, 71% "
        "with any variant."
    )
    assert easier.sentence == (
        "Variant seed 2 is easier than the others: 80% of 200 students were correct at first, 71% "
        "with any variant."
    )
    pooled = compare_variants(
        [VariantTally("a", 200, 100), *[VariantTally(str(at), 5, 5) for at in range(10)]]
    )
    assert [flag.sentence for flag in flag_variants(pooled)][-1] == (
        "The 10 variants with few students are together easier than the others: 100% of 50 "
        "students were correct at first, 60% with any variant."
    )
    assert flag_variants(compare_variants([])) == ()
