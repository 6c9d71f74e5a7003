"""Tests of attempt counts and guess detection: answers that look like a search."""

from collections import Counter
from fractions import Fraction

import pytest

from grader.analysis import (
    AttemptsToCorrect,
    AttemptSuccesses,
    compute_attempts_to_correct,
    looks_like_bisection,
)


@pytest.mark.parametrize(
    ("solved_at", "expected"),
    [
        ([], AttemptsToCorrect(0, 0, None, None, ())),
        ([None, None], AttemptsToCorrect(2, 2, None, None, ())),
        ([1], AttemptsToCorrect(1, 0, 1, 1, (AttemptSuccesses(1, 1, 1),))),
        (
            [3, 1, None, 1],
            AttemptsToCorrect(
                4,
                1,
                pytest.approx(5 / 3),
                1,
                (AttemptSuccesses(1, 2, 0.5), AttemptSuccesses(3, 1, 0.75)),
            ),
        ),
        (
            [10**6, 2],
            AttemptsToCorrect(
                2, 0, 500_001, 500_001, (AttemptSuccesses(2, 1, 0.5), AttemptSuccesses(10**6, 1, 1))
            ),
        ),
    ],
)
def test_attempts_to_correct_include_students_never_correct(solved_at, expected):
    counts = Counter(one for one in solved_at if one is not None)
    assert compute_attempts_to_correct(counts, never=solved_at.count(None)) == expected


def steps(start, *sizes):
    """Return *start* and the value after each step of *sizes*."""
    values = [Fraction(start)]
    for size in sizes:
        values.append(values[-1] + Fraction(size))
    return values


@pytest.mark.parametrize(
    "values",
    [
        [500, 250, 375, 312, 343],
        [0, 1000, 500, 750, 625],
        [26, 13, 19, 16, 17],
        [7, 7, 500, 250, 250, 375, 312, 343, 343],
        [500, 250, 370, 310, 340, 325],
        steps("0.5", "0.25", "-0.125", "0.0625", "-0.03125"),
        steps(0, "-0.25", "-0.12", "0.06", "0.03"),
        [3, 1000, 64, 32, 48, 40, 44],
    ],
)
def test_five_interval_halving_answers_look_like_a_search(values):
    assert looks_like_bisection([Fraction(value) for value in values])


@pytest.mark.parametrize(
    "values",
    [
        [],
        [5],
        [5] * 20,
        [500, 250, 375, 312],
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1, 2, 1, 2, 1, 2, 1],
        [64, 32, 16, 8, 4, 2, 1],
        [30, 31, 33, 29, 32, 28],
        [31, 30, 29, 900, 30, 31],
        [100, 200, 400, 200, 100, 50],
        [10**9, 1, 10**6, 5, 10**3],
        [31, 33, 32, 33, 32, 31],
        ["2.6", "1.3", "1.9", "1.6", "1.7"],
    ],
)
def test_other_answers_do_not_look_like_a_search(values):
    assert not looks_like_bisection([Fraction(value) for value in values])
