"""Tests of wrong-answer tables: unexplained ones come first, doubtful keys are found."""

import numpy as np
import pytest

from grader.analysis import (
    AnswerGroup,
    RightAnswerCounts,
    tabulate_wrong_answers,
)


def group(shown, count, *, mistakes=(), in_top=0):
    return AnswerGroup(shown, shown, mistakes, count, None, in_top)


def doubts(*, wrong, key, count=30):
    """Return the answers that put the key in doubt.

    *wrong* and *key* count the votes that each answer gets from the top third.
    """
    found = tabulate_wrong_answers(
        [group("31", count, in_top=wrong)], RightAnswerCounts(count, key)
    )
    return [row.group.display_text for row in found.key_doubts]


def test_unexplained_answers_come_first_and_then_most_frequent():
    found = tabulate_wrong_answers(
        [
            group("a", 40, mistakes=("no_bias",)),
            group("b", 2),
            group("c", 5),
            group("d", 50, mistakes=("floor",)),
            group("aa", 2),
        ],
        RightAnswerCounts(1, 0),
    )
    assert [row.group.display_text for row in found.rows] == ["c", "aa", "b", "d", "a"]
    assert (found.n, found.wrong) == (100, 99)
    assert sum(row.share_of_wrong for row in found.rows) == pytest.approx(1)
    assert found.rows[0].share_of_wrong == 5 / 99


def test_no_wrong_answers_give_no_rows():
    found = tabulate_wrong_answers([], RightAnswerCounts(30, 10))
    assert (found.n, found.wrong, found.rows, found.key_doubts) == (30, 0, (), ())


@pytest.mark.parametrize(
    ("wrong", "key", "doubted"),
    [
        (0, 0, []),
        (0, 9, []),
        (5, 5, []),
        (2, 0, []),
        (3, 0, ["31"]),
        (5, 2, []),
        (6, 1, ["31"]),
        (20, 12, []),
        (20, 8, ["31"]),
        (8, 20, []),
    ],
)
def test_key_is_doubted_when_wrong_answer_clearly_has_more_votes(wrong, key, doubted):
    assert doubts(wrong=wrong, key=key) == doubted


@pytest.mark.parametrize(("count", "doubted"), [(9, []), (10, ["31"])])
def test_key_is_not_doubted_below_twenty_answers(count, doubted):
    assert doubts(wrong=9, key=0, count=count) == doubted


def test_wrong_key_in_simulated_class_is_found_and_good_key_is_not_doubted():
    """Strong students solve the item; weak ones mostly make one slip, the wrong key."""
    rng = np.random.default_rng(7)
    strength = rng.normal(size=60)
    solves = strength + rng.normal(size=60) > 0
    slips = np.where(rng.random(60) < 0.6, "slip", "other")
    values = np.where(solves, "true", slips)
    best = strength >= np.sort(strength)[-20]
    votes = {value: (values == value, best & (values == value)) for value in set(values.tolist())}
    for key, doubted in (("true", []), ("slip", ["true"])):
        given = {value: (int(who.sum()), int(top.sum())) for value, (who, top) in votes.items()}
        right = RightAnswerCounts(*given.pop(key))
        groups = [group(value, n, in_top=in_top) for value, (n, in_top) in given.items()]
        assert [
            row.group.value for row in tabulate_wrong_answers(groups, right).key_doubts
        ] == doubted
