"""Tests of tolerances: limits are inclusive, nothing passes beyond, counts stay exact."""

import math
from fractions import Fraction

import pytest
from pydantic import ValidationError

from grader.grading.rounding import (
    compute_leading_exponent,
    equals_up_to_noise,
    is_precise_rounding,
    is_rounded_as_typed,
)
from grader.grading.tolerance import (
    EXACT_TOLERANCE,
    Tolerance,
    describe_accepted_numbers,
    describe_tolerance,
    find_accepting_rule,
    find_cell_rule,
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
def test_leading_exponent_is_the_place_of_the_first_significant_digit(number, place):
    assert compute_leading_exponent(number) == place


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
def test_accepted_interval_is_closed_and_the_widest_rule_counts(tolerance, key, low, high):
    rule = Tolerance.model_validate(tolerance)
    assert rule.interval(key) == (low, high)
    for limit, beyond in ((low, -1), (high, 1)):
        assert find_accepting_rule(limit, key, rule, step=None)
        assert find_cell_rule(limit, key, rule)
        if rule.rounded is None:  # it compares a computed number to as many figures
            assert not find_accepting_rule(limit + beyond * F(1, 10**40), key, rule, step=None)
            assert not find_cell_rule(limit + beyond * F(1, 10**40), key, rule)


@pytest.mark.parametrize("off", [F(1, 10**50), -F(1, 10**50), 1, -1])
def test_exact_tolerance_accepts_only_the_key(off):
    key = 10**15
    assert find_accepting_rule(key, key, EXACT_TOLERANCE, step=1) == "exact"
    assert find_accepting_rule(key + off, key, EXACT_TOLERANCE, step=1) is None


@pytest.mark.parametrize(
    ("answer", "step", "right"),
    [
        (138_400_000, 10**5, True),
        (138_357_500, 100, True),
        (138_357_544, 1, True),
        (138_300_000, 10**5, False),
        (138_400_000, 1, True),
        (138_357_545, 1, False),
        (138_000_000, 10**6, False),
        (138_400_000, None, True),
        (138_300_000, None, False),
        (0, 10**9, False),
        (-138_400_000, 10**5, False),
    ],
)
def test_rounded_count_needs_four_significant_figures(answer, step, right):
    key = 138_357_544
    assert bool(find_accepting_rule(answer, key, Tolerance(rounded=4), step=step)) is right
    assert bool(find_accepting_rule(answer, key, EXACT_TOLERANCE, step=step)) is (answer == key)


@pytest.mark.parametrize(
    ("answer", "rule", "step", "by"),
    [
        (F(1, 3), {"abs": 1, "rounded": 1}, None, "exact"),
        (F(33, 100), {"abs": "0.01", "rounded": 1}, F(1, 100), "tolerance"),
        (F(33, 100), {"rel": "1%", "rounded": 1}, F(1, 100), "tolerance"),
        (F(33, 100), {"abs": "0.001", "rounded": 2}, F(1, 100), "rounding"),
        (F(33, 100), {"abs": "0.001", "rounded": 3}, F(1, 100), None),
        (F(33, 100), {"abs": "0.001"}, F(1, 100), None),
        (F(33, 100), {"abs": 0}, F(1, 100), None),
    ],
)
def test_narrowest_accepting_rule_is_reported(answer, rule, step, by):
    assert find_accepting_rule(answer, F(1, 3), Tolerance.model_validate(rule), step=step) == by


@pytest.mark.parametrize(
    ("rule", "widest"),
    [
        ({"abs": 0}, "exact"),
        ({"rel": 0, "abs": 0}, "exact"),
        ({"abs": 1}, "tolerance"),
        ({"rel": "1%"}, "tolerance"),
        ({"sigfigs": 1}, "tolerance"),
        ({"decimals": 0}, "tolerance"),
        ({"rounded": 1, "abs": 1}, "rounding"),
    ],
)
def test_widest_rule_of_a_tolerance_is_reported(rule, widest):
    assert Tolerance.model_validate(rule).widest_rule == widest


@pytest.mark.parametrize(
    ("cell", "key", "figures", "right"),
    [
        (F(33, 100), F(1, 3), 2, True),
        (F(33, 100), F(1, 3), 3, False),
        (F(34, 100), F(1, 3), 2, False),
        (F(3, 10), F(30004, 100000), 3, True),
        (F(3, 10), F(3006, 10000), 3, False),
        (F(5, 10), F(54, 100), 1, True),
        (F(3), F(25, 10), 1, True),
        (F(2), F(25, 10), 1, True),
        (-3, F(-25, 10), 1, True),
        (3, F(2499, 1000), 1, False),
        (138_400_000, 138_357_544, 4, True),
        (138_300_000, 138_357_544, 4, False),
        (138_357_500, 138_357_544, 4, True),
        (138_357_501, 138_357_544, 4, False),
        (F(1, 7), F(142857, 1000000), 2, True),
        (F(1, 6), F(142857, 1000000), 2, False),
        (0, F(1, 1000), 1, False),
        (F(-33, 100), F(1, 3), 2, False),
    ],
)
def test_rounded_cell_may_omit_trailing_zeros(cell, key, figures, right):
    by = find_cell_rule(cell, key, Tolerance(rounded=figures))
    assert by == ("rounding" if right else None)


@pytest.mark.parametrize(
    ("rule", "key", "unit", "said"),
    [
        ({"abs": 0}, 64, "", "exactly 64"),
        ({"abs": "0.5"}, 64, "", "from 63.5 to 64.5"),
        ({"rounded": 3}, 138357544, "", "138,357,544, or rounded to 3 or more figures"),
        ({"abs": 1, "rounded": 3}, 1000, "", "from 999 to 1,001, or rounded to 3 or more figures"),
        ({"rel": "10%"}, 50, "MB", "from 45 MB to 55 MB"),
        ({"rounded": 2}, F(1, 3), "s", "1/3 s, or rounded to 2 or more figures"),
    ],
)
def test_accepted_numbers_are_described_in_text(rule, key, unit, said):
    assert describe_accepted_numbers(Tolerance.model_validate(rule), key, unit=unit) == said


def test_tolerance_description_contains_every_field():
    rule = Tolerance(abs=F(1, 2), rel=F(1, 50), sigfigs=3, decimals=2, rounded=4)
    assert describe_tolerance(rule) == (
        "within 0.5 or within 2% of the key or to 3 figures or to 2 decimals "
        "or rounded to 4 or more figures"
    )


@pytest.mark.parametrize(
    ("answer", "value", "step", "named"),
    [
        (63, 63, 1, True),
        (63, F(127, 2), 1, False),
        (F(635, 10), F(127, 2), F(1, 10), True),
        (F(333, 1000), F(1, 3), F(1, 1000), True),
        (F("0.5064935064935064"), F(39, 77), F(1, 10**16), True),
        (F("0.5064935064935164"), F(39, 77), F(1, 10**16), False),
        (F("0.506493506493507"), F(39, 77), F(1, 10**15), False),
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
def test_mistakes_match_exactly_or_with_at_least_three_figures(answer, value, step, named):
    found = equals_up_to_noise(answer, value, step=step) or is_precise_rounding(
        answer, value, step=step
    )
    assert found is named


@pytest.mark.parametrize(
    ("answer", "value", "step"), [(112, F(223, 2), 1), (111, F(223, 2), 1), (33, F(100, 3), 1)]
)
def test_integer_is_not_a_precise_rounding_of_a_fraction(answer, value, step):
    assert not is_precise_rounding(answer, value, step=step)


@pytest.mark.parametrize(
    "key", [F(39, 77), F(144400, 2183), F(-1, 3), F(2, 3 * 10**7), F(10**9, 7)]
)
@pytest.mark.parametrize("ulps", [-1, 0, 1])
def test_fully_printed_float_counts_as_a_rounding_of_the_key(key, ulps):
    printed = repr(float(key) + ulps * math.ulp(float(key)))
    answer, step = F(printed), F(1, 10**25)
    assert find_accepting_rule(answer, key, Tolerance(rounded=3), step=step) == "rounding"
    assert find_accepting_rule(answer + F(key, 10**9), key, Tolerance(rounded=3), step=step) is None
    assert find_accepting_rule(answer, key, EXACT_TOLERANCE, step=step) is None


@pytest.mark.parametrize(
    ("answer", "value", "step", "may"),
    [
        (3600, 3640, 100, True),
        (3700, 3640, 100, False),
        (3641, 3640, 1, False),
        (0, 3640, 1, False),
        (3, 3, None, False),
    ],
)
def test_answer_may_be_rounded_to_any_number_of_digits(answer, value, step, may):
    assert is_rounded_as_typed(answer, value, step=step) is may


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
def test_invalid_tolerance_is_rejected(given):
    with pytest.raises(ValidationError):
        Tolerance.model_validate(given)


@pytest.mark.parametrize(
    ("answer", "step", "key", "figures", "right"),
    [
        (1000, 1, F(9997, 10), 3, True),
        (1000, 1000, F(9997, 10), 3, True),
        (1000, 10, F(9997, 10), 3, True),
        (1000, 1, 996, 3, False),
        (1000, 10, 996, 3, False),
        (138_000_000, 1, 138_000_400, 4, True),
        (138_000_000, 10**6, 138_000_400, 4, True),
        (138_000_000, 1, 138_357_544, 4, False),
        (10, F(1, 10), F(9996, 1000), 3, True),
        (78, 1, F(7798, 100), 3, True),
        (78, 1, F(7794, 100), 3, False),
        (F(7802, 100), F(1, 100), F(7798, 100), 3, False),
        (10, F(1, 10), F(996, 100), 3, False),
        (100, 10, F(951, 10), 2, False),
        (-1000, 1, F(-9997, 10), 3, True),
        (1000, None, F(9997, 10), 3, True),
        (F(9991, 10), None, F(9997, 10), 3, False),
        (1, 1, 0, 1, False),
    ],
)
def test_significant_figures_follow_the_key_and_may_include_zeros(
    answer, step, key, figures, right
):
    rule = find_accepting_rule(answer, key, Tolerance(rounded=figures), step=step)
    assert (rule == "rounding") is right


@pytest.mark.parametrize(
    ("cell", "key", "right"), [(10, F(9996, 1000), True), (10, F(996, 100), False)]
)
def test_significant_figures_of_a_cell_follow_the_key(cell, key, right):
    assert (find_cell_rule(cell, key, Tolerance(rounded=3)) == "rounding") is right
