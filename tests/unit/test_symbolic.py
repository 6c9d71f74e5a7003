"""Equality of formulas: exact agreement at sampled points of the declared domains."""

from fractions import Fraction

import pytest

from grader.arithmetic import FUNCTIONS
from grader.draw import Stream
from grader.errors import SolverError
from grader.evaluate import Scope
from grader.expr import parse
from grader.symbolic import POINTS, Formula, Interval, compare, points, value_at

SIZES = (
    ("H", Interval.parse("1..64")),
    ("K", Interval.parse("1..11")),
    ("P", Interval.parse("0..5")),
    ("S", Interval.parse("1..4")),
)
FITS = (parse("K <= H + 2*P"),)


def formula(source: str, **names) -> Formula:
    return Formula(parse(source).tree, Scope(names, FUNCTIONS))


def agree(answer: str, key: str, sample=None) -> bool:
    sample = points(SIZES, FITS) if sample is None else sample
    return compare(parse(answer).tree, formula(key), sample) is None


@pytest.mark.parametrize(
    ("given", "low", "high", "real"),
    [
        ("1..64", 1, 64, False),
        (" -3 .. 3 ", -3, 3, False),
        ("0.0..1.0", 0, 1, True),
        ("0..0.5", 0, Fraction(1, 2), True),
        ("5..5", 5, 5, False),
    ],
)
def test_a_range_is_two_limits_and_a_point_makes_it_real(given, low, high, real):
    assert Interval.parse(given) == Interval(Fraction(low), Fraction(high), real)


@pytest.mark.parametrize(
    "given",
    ["", "1", "1..", "3..1", "1...3", "a..b", "1..1e9", "1..9999999999", "٣..٤", 5, None, [1, 2]],
)
def test_what_is_no_range_is_refused_with_an_example(given):
    with pytest.raises(ValueError, match=r"write 1\.\.64"):
        Interval.parse(given)


@pytest.mark.parametrize("given", ["1..64", "-3..3", "5..5", "1..999999999"])
def test_half_of_the_picks_are_among_the_four_smallest(given):
    box = Interval.parse(given)
    stream = Stream(b"key", given)
    picks = [box.pick(stream) for _ in range(400)]
    assert all(type(pick) is int and box.low <= pick <= box.high for pick in picks)
    assert sum(pick < box.low + 4 for pick in picks) >= 170


def test_a_real_variable_takes_both_limits_and_what_lies_between():
    box, stream = Interval.parse("0.0..1.0"), Stream(b"key", "real")
    picks = {box.pick(stream) for _ in range(2000)}
    assert {0, 1} <= picks
    assert len(picks) > 90


def test_the_points_are_different_fit_the_conditions_and_never_change():
    found = points(SIZES, FITS)
    assert len(found) == POINTS
    assert len({tuple(point.items()) for point in found}) == POINTS
    assert all(point["K"] <= point["H"] + 2 * point["P"] for point in found)
    points.cache_clear()
    assert points(SIZES, FITS) == found
    assert dict(found[0]) == {"H": 1, "K": 1, "P": 2, "S": 3}


def test_every_residue_of_every_stride_is_among_the_points():
    residues = {
        (point["S"], (point["H"] - point["K"] + 2 * point["P"]) % point["S"])
        for point in points(SIZES, FITS)
    }
    assert residues == {(stride, rest) for stride in range(1, 5) for rest in range(stride)}


def test_a_small_domain_gives_all_its_points():
    assert len(points((("n", Interval.parse("1..3")),), ())) == 3


@pytest.mark.parametrize("condition", ["n > 5", "1 / 0 == 1", "n", "unknown == 1"])
def test_conditions_that_nothing_satisfies_give_no_points(condition):
    assert points((("n", Interval.parse("1..3")),), (parse(condition),)) == ()


def test_a_condition_that_no_pick_satisfies_is_given_up_on():
    assert points((("n", Interval.parse("1..999999")),), (parse("n > 10**9"),)) == ()


KEY = "floor((H - K + 2*P) / S) + 1"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (KEY, True),
        ("floor((H - K + 2*P + S) / S)", True),
        ("ceil((H - K + 2*P + 1) / S)", True),
        ("(H - K + 2*P) // S + 1", True),
        ("1 + floor((2*P + H - K) * (1 / S))", True),
        ("(H - K + 2*P - (H - K + 2*P) % S) / S + 1", True),
        ("ceil((H - K + 2*P) / S)", False),
        ("ceil((H - K + 2*P) / S) + 1", False),
        ("round((H - K + 2*P) / S) + 1", False),
        ("(H - K + 2*P) / S + 1", False),
        ("floor((H - K + P) / S) + 1", False),
        ("floor((H - K + 2*P) / S)", False),
        ("floor((H - K + 1 + 2*P) / S)", False),
        ("H", False),
        ("0", False),
        ("1 / 0", False),
        ("floor((H - K + 2*P) / S) + 1 + 1 / (H - H)", False),
    ],
)
def test_all_right_floor_forms_are_equal_and_no_near_miss_is(answer, right):
    assert agree(answer, KEY) is right


@pytest.mark.parametrize(
    ("answer", "key", "right"),
    [
        ("sqrt(H**2)", "H", True),
        ("sqrt(H) * sqrt(H)", "H", True),
        ("sqrt(H + 1)", "sqrt(H) + 1", False),
        ("log2(H * H)", "2 * log2(H)", True),
        ("H * K * K * S", "S * H * K**2", True),
        ("H * K**3", "H * K**2", False),
        ("H ** K", "H ** K + 1", False),
        ("abs(K - H)", "max(H - K, K - H)", True),
    ],
)
def test_roots_and_logarithms_agree_up_to_the_noise_of_doubles(answer, key, right):
    assert agree(answer, key) is right


def test_where_they_differ_the_point_is_told():
    point = compare(parse("H").tree, formula("H if H != 2 else 3"), ({"H": 1}, {"H": 2}, {"H": 3}))
    assert point == {"H": 2}


def test_a_point_where_the_key_has_no_value_is_left_out():
    sample = ({"H": 0}, {"H": 4})
    assert agree("H / H", "H ** 0 if H > 0 else 1 / 0", sample)
    assert not agree("2", "1 / H", sample)


def test_a_key_without_a_value_anywhere_is_a_solver_error():
    with pytest.raises(SolverError, match="no value at any sampled point"):
        agree("H", "1 / (H - H)")


def test_a_formula_sees_parameters_and_its_point_comes_first():
    assert formula("H + C", H=100, C=5).at({"H": 1}) == 6
    assert value_at(formula("H + C", H=1), {}) is None
    assert value_at(formula("(1, 2)"), {}) is None
    assert str(formula("2*H")) == "2·H"
