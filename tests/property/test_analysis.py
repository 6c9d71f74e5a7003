"""Tests of invariants of the analysis, for classes of any order, points and gaps."""

import math
from dataclasses import astuple, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from factories import CALM
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from score_tables import items, reliability
from total_distributions import compute_distribution

from grader.analysis import (
    VariantTally,
    compare_variants,
    flag_item,
    looks_like_bisection,
)

MAXIMA = (1, 4, 2, 5)
CELL = st.one_of(st.none(), st.sampled_from([0, Fraction(1, 3), Fraction(1, 2), 1]))
ROWS = st.lists(st.tuples(*[CELL] * len(MAXIMA)), max_size=40)


def table(rows):
    """Return credits times maxima as floats, with NaN for None."""
    return np.array(rows, dtype=float).reshape(-1, len(MAXIMA)) * MAXIMA


def flat(value):
    """Return all figures of a result as a flat list, with NaN for None."""
    if isinstance(value, tuple):
        return [figure for one in value for figure in flat(one)]
    return [math.nan if value is None else value]


def same(left, right):
    return flat(left) == pytest.approx(flat(right), rel=1e-6, abs=1e-6, nan_ok=True)


@given(rows=ROWS, randomness=st.randoms(use_true_random=False))
@CALM
def test_student_order_changes_no_figure(rows, randomness):
    shuffled = randomness.sample(rows, len(rows))
    for figures in (lambda one: items(one, MAXIMA), reliability):
        before, after = figures(table(rows)), figures(table(shuffled))
        before, after = (one if isinstance(one, tuple) else (one,) for one in (before, after))
        assert same(tuple(map(astuple, before)), tuple(map(astuple, after)))


@given(rows=ROWS, scale=st.sampled_from([1 / 3, 10, 1e-6, 1e6]))
@CALM
def test_rescaling_points_changes_only_figures_in_points(rows, scale):
    scores = table(rows)
    before, after = items(scores, MAXIMA), items(scores * scale, np.array(MAXIMA) * scale)
    for one, other in zip(before, after, strict=True):
        in_points = {"mean": other.mean, "sd": other.sd}
        back = {name: None if it is None else it / scale for name, it in in_points.items()}
        assert same(astuple(one), astuple(replace(other, **back)))
        assert [flag.code for flag in flag_item(one)] == [flag.code for flag in flag_item(other)]
    assert same(reliability(scores).alpha, reliability(scores * scale).alpha)


@given(rows=ROWS, empty=st.integers(1, 5))
@CALM
def test_students_who_opened_nothing_change_nothing(rows, empty):
    scores = table(rows)
    wider = np.vstack([scores, np.full((empty, len(MAXIMA)), np.nan)])
    assert items(wider, MAXIMA) == items(scores, MAXIMA)
    assert reliability(wider) == reliability(scores)


@given(rows=ROWS)
@CALM
def test_figures_are_finite_or_none_and_within_their_intervals(rows):
    for one in items(table(rows), MAXIMA):
        assert all(figure is None or math.isfinite(figure) for figure in flat_finite(one))
        if one.interval is not None:
            assert one.interval.low <= one.discrimination <= one.interval.high
        if one.facility is not None:
            assert one.facility_interval.low - 1e-9 <= one.facility
            assert one.facility <= one.facility_interval.high + 1e-9
        if one.efficiency is not None:
            assert one.efficiency <= 100 + 1e-6
    found = reliability(table(rows))
    assert found.alpha is None or found.alpha <= 1 + 1e-9


def flat_finite(item):
    """Return the figures of an item, with intervals split into their bounds."""
    return [
        figure
        for field in astuple(item)
        for figure in (field if isinstance(field, tuple) else (field,))
    ]


@given(rows=st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=4, max_size=40))
@CALM
def test_discrimination_without_gaps_matches_scipy_correlation(rows):
    scores = np.array(rows, dtype=float)
    for at, one in enumerate(items(scores, [4, 4, 4])):
        item, rest = scores[:, at], np.delete(scores, at, axis=1).sum(axis=1)
        if np.ptp(item) == 0 or np.ptp(rest) == 0:
            assert one.discrimination is None
        else:
            expected = stats.pearsonr(item, rest).statistic
            assert one.discrimination == pytest.approx(expected, abs=1e-9)


@given(rows=ROWS)
@CALM
def test_fewer_than_twenty_students_are_never_flagged(rows):
    assert all(flag_item(one) == () for one in items(table(rows[:19]), MAXIMA))


@given(totals=st.lists(st.one_of(st.none(), st.floats(-5, 25)), max_size=40))
@CALM
def test_histogram_counts_every_student_once(totals):
    found = compute_distribution(totals, 20)
    assert sum(one.count for one in found.histogram) == found.n
    edges = [(one.low, one.high) for one in found.histogram]
    assert all(before[1] == after[0] for before, after in pairwise(edges))


@given(totals=st.lists(st.integers(0, 60), min_size=4, max_size=40))
@CALM
def test_distribution_shape_matches_scipy(totals):
    assume(len(set(totals)) > 1)
    found = compute_distribution(totals, 60)
    assert found.skewness == pytest.approx(stats.skew(totals, bias=False), abs=1e-9)
    assert found.kurtosis == pytest.approx(stats.kurtosis(totals, bias=False), abs=1e-8)
    assert found.quartiles == pytest.approx(np.quantile(totals, [0.25, 0.5, 0.75]))


@given(
    groups=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8),
    randomness=st.randoms(use_true_random=False),
)
@CALM
def test_variant_order_changes_nothing_and_all_students_are_counted(groups, randomness):
    tallies = [VariantTally(str(at), n, min(n, right)) for at, (n, right) in enumerate(groups)]
    found = compare_variants(tallies)
    shuffled = compare_variants(randomness.sample(tallies, len(tallies)))
    assert [row.variant for row in found.differing_variants] == [
        row.variant for row in shuffled.differing_variants
    ]
    assert sum(row.n for row in found.rows) == found.n == sum(n for n, _ in groups)


@given(
    key=st.integers(10, 990),
    shift=st.integers(-1000, 1000),
    factor=st.sampled_from([1, 2, Fraction(1, 7)]),
)
@CALM
def test_bisection_with_turns_is_detected_at_any_scale(key, shift, factor):
    low, high, guesses = Fraction(0), Fraction(1024), []
    for _ in range(9):
        guesses.append((low + high) / 2)
        low, high = (low, guesses[-1]) if key < guesses[-1] else (guesses[-1], high)
    directions = [after > before for before, after in pairwise(guesses)]
    turns = any(len(set(directions[at : at + 4])) > 1 for at in range(len(directions) - 3))
    moved = [guess * factor + shift for guess in guesses]
    assert looks_like_bisection(moved) is turns
