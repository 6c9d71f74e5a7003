"""Tests of the sample points for formulas: small, with every remainder of a divisor.

The points never depend on the answer.
"""

from fractions import Fraction
from itertools import product

import pytest
from factories import ask, mark

from grader.expressions.parser import parse
from grader.expressions.sampling import MAX_POINT_COUNT, POINT_COUNT, Interval, sample_points
from grader.variants.random_stream import RandomStream

SIZES = (
    ("H", Interval.parse("1..64")),
    ("K", Interval.parse("1..11")),
    ("P", Interval.parse("0..5")),
    ("S", Interval.parse("1..4")),
)
MOST_ENDS = 2 ** len(SIZES) + 2 * len(SIZES)
"""Most points that are corners of the domains, or have one variable at an end."""
FITS = (parse("K <= H + 2*P"),)
KEY = parse("floor((H - K + 2*P) / S) + 1").tree


def boxes(**domains: str):
    return tuple((name, Interval.parse(domain)) for name, domain in domains.items())


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
def test_range_is_parsed_from_two_limits_and_is_real_with_a_decimal_point(given, low, high, real):
    assert Interval.parse(given) == Interval(Fraction(low), Fraction(high), real)


@pytest.mark.parametrize(
    "given",
    ["", "1", "1..", "3..1", "1...3", "a..b", "1..1e9", "1..9999999999", "٣..٤", 5, None, [1, 2]],
)
def test_invalid_range_is_rejected_with_an_example(given):
    with pytest.raises(ValueError, match=r"write 1\.\.64"):
        Interval.parse(given)


@pytest.mark.parametrize("given", ["1..64", "-3..3", "5..5", "1..999999999"])
def test_integer_picks_favor_the_four_smallest_values(given):
    box = Interval.parse(given)
    stream = RandomStream(b"key", given)
    picks = [box.pick_value(stream) for _ in range(400)]
    assert all(type(pick) is int and box.low <= pick <= box.high for pick in picks)
    assert sum(pick < box.low + 4 for pick in picks) >= 170


def test_real_picks_include_both_limits_and_favor_tenths():
    box, stream = Interval.parse("0.0..1.0"), RandomStream(b"key", "real")
    picks = [box.pick_value(stream) for _ in range(2000)]
    assert {0, 1} <= set(picks)
    assert len(set(picks)) > 90
    assert all(120 % Fraction(pick).denominator == 0 for pick in picks)
    assert sum(10 % Fraction(pick).denominator == 0 for pick in picks) > 1000


def test_sample_points_are_distinct_satisfy_conditions_and_are_stable():
    found = sample_points(SIZES, FITS, KEY)
    assert MAX_POINT_COUNT <= len(found) <= MAX_POINT_COUNT + MOST_ENDS
    assert len({tuple(point.items()) for point in found}) == len(found)
    assert all(point["K"] <= point["H"] + 2 * point["P"] for point in found)
    sample_points.cache_clear()
    assert sample_points(SIZES, FITS, KEY).points == found.points
    assert dict(found[0]) == {"H": 1, "K": 1, "P": 0, "S": 1}


def test_sample_covers_both_limits_of_each_variable():
    for name, box in SIZES:
        assert {box.low, box.high} <= {point[name] for point in sample_points(SIZES, (), KEY)}
        assert {box.low, box.high} <= {point[name] for point in sample_points(SIZES, FITS)}


def test_sample_points_are_sorted_by_sum():
    sums = [sum(point.values()) for point in sample_points(SIZES, FITS, KEY)]
    assert sums == sorted(sums)


def rests(sample, division) -> set[tuple[int, int]]:
    """Return each pair of divisor and remainder that *division* leaves in *sample*."""
    pairs = [division(point) for point in sample]
    return {(divisor, number % divisor) for number, divisor in pairs}


def all_rests(*divisors: int) -> set[tuple[int, int]]:
    return {(divisor, rest) for divisor in divisors for rest in range(divisor)}


@pytest.mark.parametrize(
    ("domains", "where", "key", "division", "divisors"),
    [
        (
            SIZES,
            (),
            "floor((H - K + 2*P) / S) + 1",
            lambda p: (p["H"] - p["K"] + 2 * p["P"], p["S"]),
            4,
        ),
        (
            SIZES,
            FITS,
            "ceil((H - K + 2*P) / S)",
            lambda p: (p["H"] - p["K"] + 2 * p["P"], p["S"]),
            4,
        ),
        (SIZES, FITS, "round((H - K) / S / 2)", lambda p: (p["H"] - p["K"], p["S"]), 4),
        (
            boxes(H="1..512", K="1..11", S="1..15"),
            (),
            "(H - K) // S",
            lambda p: (p["H"] - p["K"], p["S"]),
            15,
        ),
        (boxes(H="1..999999999", S="1..9"), (), "H // S", lambda p: (p["H"], p["S"]), 9),
        (boxes(H="1..999999", S="1..9"), (), "H - H % S", lambda p: (p["H"], p["S"]), 9),
        (boxes(H="1..999", S="1..9"), (parse("H > 9*S"),), "H // S", lambda p: (p["H"], p["S"]), 9),
    ],
)
def test_sample_covers_every_remainder_of_rounded_divisions(
    domains, where, key, division, divisors
):
    sample = sample_points(domains, where, parse(key).tree)
    assert rests(sample, division) >= all_rests(*range(1, divisors + 1))


@pytest.mark.parametrize(
    ("domains", "key", "division", "divisors"),
    [
        (boxes(H="1..99999"), "floor(H / 16)", lambda p: (p["H"], 16), (16,)),
        (
            boxes(H="1..999", S="1..3", T="1..3"),
            "H // (S*T)",
            lambda p: (p["H"], p["S"] * p["T"]),
            (1, 2, 3, 4, 6, 9),
        ),
        (
            boxes(H="1..999", S="1..3"),
            "ceil((H + S)/(2*S + 4))",
            lambda p: (p["H"] + p["S"], 2 * p["S"] + 4),
            (6, 8, 10),
        ),
        (boxes(H="1..999", W="1..999", S="2..2"), "H // S + W // 5", lambda p: (p["W"], 5), (5,)),
    ],
)
def test_divisor_may_be_a_number_or_an_expression_of_variables(domains, key, division, divisors):
    sample = sample_points(domains, (), parse(key).tree)
    assert rests(sample, division) >= all_rests(*divisors)


def test_sample_prefers_remainders_of_small_divisors():
    sample = sample_points(boxes(H="1..512", K="1..11", S="1..64"), (), parse("(H - K) // S").tree)
    assert MAX_POINT_COUNT <= len(sample) <= MAX_POINT_COUNT + MOST_ENDS
    assert rests(sample, lambda p: (p["H"] - p["K"], p["S"])) >= all_rests(*range(1, 16))


def test_conditions_exclude_remainders_from_the_sample():
    fits = (parse("(H - K + 2*P) % S == 0"),)
    found = rests(sample_points(SIZES, fits, KEY), lambda p: (p["H"] - p["K"] + 2 * p["P"], p["S"]))
    assert found == {(low, 0) for low in range(1, 5)}


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("H / S", POINT_COUNT),
        ("sqrt(H) + max(K, S)", POINT_COUNT),
        ("H // unknown", MAX_POINT_COUNT),
        ("side(H) // S", MAX_POINT_COUNT),
        ("side(H)", MAX_POINT_COUNT),
        ("H // (S - S)", MAX_POINT_COUNT),
        ("H % 0", MAX_POINT_COUNT),
        ("H // (S / 2.5)", MAX_POINT_COUNT),
        ("floor(H)", MAX_POINT_COUNT),
    ],
)
def test_keys_that_may_round_get_more_sample_points(key, count):
    assert count <= len(sample_points(SIZES, (), parse(key).tree)) <= count + MOST_ENDS


def test_sample_covers_domain_corners_even_if_remainders_fill_it():
    domains = boxes(H="1..512", K="1..11", S="1..64")
    sample = sample_points(domains, (), parse("(H - K) // S").tree)
    corners = set(product((1, 512), (1, 11), (1, 64)))
    assert corners <= {tuple(point.values()) for point in sample}


def test_formula_that_differs_only_at_a_domain_limit_is_wrong():
    variables = {"W": "12..64", "K": "1..11", "S": "1..4"}
    part = ask("expression", key="(W - K)//S + 1", variables=variables)
    assert mark(part, "(W - min(K, 10))//S + 1").status == "wrong"


def test_small_domain_is_sampled_completely():
    box = boxes(n="1..3", m="0..1")
    assert len(sample_points(box, ())) == 6
    assert [point["n"] for point in sample_points(box, (parse("n > m + 1"),))] == [2, 3, 3]
    assert len(sample_points(boxes(n="1..128"), ())) == 128


@pytest.mark.parametrize("condition", ["n > 5", "1 / 0 == 1", "n", "unknown == 1"])
@pytest.mark.parametrize("domain", ["1..3", "1..999"])
def test_unsatisfiable_conditions_yield_no_points(condition, domain):
    unfit = parse(condition.replace("5", "5000"))
    assert sample_points(boxes(n=domain), (unfit,)).points == ()
