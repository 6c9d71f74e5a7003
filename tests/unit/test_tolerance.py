"""Tolerances: the limit itself passes, nothing beyond it does, and counts stay exact."""

from fractions import Fraction

import pytest
from pydantic import ValidationError

from grader.tolerance import (
    EXACT,
    Tolerance,
    decimal_place,
    may_round,
    recognised,
    resembles,
    within,
)

F = Fraction


@pytest.mark.parametrize(
    ("number", "place"),
    [
        (1, 0),
        (9, 0),
        (10, 1),
        (F(999, 100), 0),
        (F(1, 10), -1),
        (F(1, 3), -1),
        (-345, 2),
        (10**300, 300),
        (F(1, 10**300), -300),
        (10**300 - 1, 299),
        (2**4096, 1233),
    ],
)
def test_the_decimal_place_is_that_of_the_leading_figure(number, place):
    assert decimal_place(number) == place


@pytest.mark.parametrize(
    ("tolerance", "key", "low", "high"),
    [
        ({"abs": "0.5"}, 10, F(19, 2), F(21, 2)),
        ({"abs": 0}, 10, 10, 10),
        ({"rel": "5%"}, 200, 190, 210),
        ({"rel": "5%"}, -200, -210, -190),
        ({"rel": "5%"}, 0, 0, 0),
        ({"sigfigs": 3}, F(314159, 100000), F(313659, 100000), F(314659, 100000)),
        ({"sigfigs": 3}, 138357544, 137857544, 138857544),
        ({"sigfigs": 1}, F(4, 1000), F(35, 10000), F(45, 10000)),
        ({"sigfigs": 3}, 0, 0, 0),
        ({"decimals": 2}, F(1, 3), F(1, 3) - F(1, 200), F(1, 3) + F(1, 200)),
        ({"decimals": 0}, 7, F(13, 2), F(15, 2)),
        ({"rounded": 4}, 138357544, 138357544, 138357544),
        ({"abs": 1, "rel": "5%"}, 10, 9, 11),
        ({"abs": 1, "rel": "50%"}, 10, 5, 15),
    ],
)
def test_the_accepted_interval_is_closed_and_the_widest_counts(tolerance, key, low, high):
    rule = Tolerance.model_validate(tolerance)
    assert rule.interval(key) == (low, high)
    for limit, beyond in ((low, -1), (high, 1)):
        assert within(limit, key, rule, step=None)
        assert not within(limit + beyond * F(1, 10**40), key, rule, step=None)


@pytest.mark.parametrize("off", [F(1, 10**50), -F(1, 10**50), 1, -1])
def test_exact_accepts_nothing_but_the_key(off):
    key = 10**15
    assert within(key, key, EXACT, step=1)
    assert not within(key + off, key, EXACT, step=1)


@pytest.mark.parametrize(
    ("answer", "step", "accepted"),
    [
        (138_400_000, 10**5, True),
        (138_357_500, 100, True),
        (138_357_544, 1, True),
        (138_300_000, 10**5, False),
        (138_400_000, 1, True),
        (138_357_545, 1, False),
        (138_000_000, 10**6, False),
        (138_400_000, None, False),
        (0, 10**9, False),
        (-138_400_000, 10**5, False),
    ],
)
def test_a_rounded_count_is_compared_at_the_digits_given_from_four_figures(answer, step, accepted):
    key = 138_357_544
    assert within(answer, key, Tolerance(rounded=4), step=step) is accepted
    assert within(answer, key, EXACT, step=step) is (answer == key)


@pytest.mark.parametrize(
    ("answer", "value", "step", "named"),
    [
        (63, 63, 1, True),
        (63, F(127, 2), 1, False),
        (F(635, 10), F(127, 2), F(1, 10), True),
        (F(333, 1000), F(1, 3), F(1, 1000), True),
        (F(33, 100), F(1, 3), F(1, 100), False),
        (6_700_000, 6_698_123, 10**5, False),
        (6_700_000, 6_698_123, 10**4, True),
        (F(333333333333, 10**12), F(1, 3), None, True),
        (F(333, 1000), F(1, 3), None, False),
        (1234568, 1234567, None, False),
        (0, 0, None, True),
        (0, F(1, 10**20), None, False),
    ],
)
def test_a_mistake_is_recognised_exactly_or_at_three_figures_or_more(answer, value, step, named):
    found = recognised(answer, value, step=step) or resembles(answer, value, step=step)
    assert found is named


@pytest.mark.parametrize(
    ("answer", "value", "step"), [(112, F(223, 2), 1), (111, F(223, 2), 1), (33, F(100, 3), 1)]
)
def test_a_whole_number_is_no_rounding_of_a_fraction(answer, value, step):
    assert not resembles(answer, value, step=step)


@pytest.mark.parametrize(
    ("answer", "value", "step", "may"),
    [
        (3600, 3640, 100, True),
        (3700, 3640, 100, False),
        (3641, 3640, 1, False),
        (3, 3, None, False),
    ],
)
def test_an_answer_may_be_a_value_rounded_to_any_digits(answer, value, step, may):
    assert may_round(answer, value, step=step) is may


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"abs": -1},
        {"abs": True},
        {"rel": "five"},
        {"sigfigs": 0},
        {"sigfigs": 16},
        {"sigfigs": Fraction(5, 2)},
        {"decimals": -1},
        {"rounded": 0},
        {"absolute": 1},
        5,
        "5%",
    ],
)
def test_a_tolerance_that_says_nothing_sensible_is_refused(given):
    with pytest.raises(ValidationError):
        Tolerance.model_validate(given)
