"""Tests of intervals and p-values, against SciPy and at their limits."""

import math

import numpy as np
import pytest
from scipy import stats

from grader.analysis.inference import (
    adjust_p_values,
    chi_square_tail,
    fisher_exact_p_value,
    fisher_interval,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("right", "n"),
    [(0, 1), (1, 1), (0, 20), (20, 20), (1, 20), (19, 20), (10, 20), (333, 500), (9999, 10_000)],
)
def test_proportion_interval_matches_scipy(right, n):
    expected = stats.binomtest(right, n).proportion_ci(0.9, method="wilson")
    assert wilson_interval(right / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_proportion_interval_without_students_is_zero_to_one():
    assert wilson_interval(0.0, 0) == (0, 1)


def pair(correlation, n):
    """Return two columns of *n* numbers with this *correlation*."""
    rng = np.random.default_rng(n)
    x, other = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 2))]))[0].T[1:]
    return x, correlation * x + math.sqrt(1 - correlation**2) * other


@pytest.mark.parametrize("correlation", [-0.999, -0.3, 0.0, 0.2, 0.95])
@pytest.mark.parametrize("n", [4, 5, 20, 500])
def test_correlation_interval_matches_scipy(correlation, n):
    x, y = pair(correlation, n)
    expected = stats.pearsonr(x, y).confidence_interval(0.9)
    assert fisher_interval(correlation, n) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_correlation_of_fewer_than_four_pairs_has_no_interval(n):
    assert fisher_interval(0.5, n) is None


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_perfect_correlation_is_its_own_interval(correlation):
    assert fisher_interval(correlation, 10) == (correlation, correlation)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 10, 11, 99, 100, 499])
@pytest.mark.parametrize("statistic", [0.0, 1e-12, 0.01, 1.0, 3.84, 20.0, 130.0, 600.0, 5000.0])
def test_chi_square_tail_matches_scipy(statistic, degrees):
    expected = stats.chi2.sf(statistic, degrees)
    assert chi_square_tail(statistic, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("right", "n", "all_right", "everyone"),
    [
        (0, 1, 0, 2),
        (1, 1, 2, 2),
        (0, 5, 5, 10),
        (3, 5, 5, 10),
        (8, 10, 9, 16),
        (20, 20, 20, 40),
        (0, 25, 100, 200),
        (30, 40, 700, 1000),
        (500, 5000, 600, 10_000),
    ],
)
def test_fisher_exact_test_matches_scipy(right, n, all_right, everyone):
    others = all_right - right
    table = [[right, n - right], [others, everyone - n - others]]
    expected = stats.fisher_exact(table).pvalue
    found = fisher_exact_p_value(right, n, all_right=all_right, everyone=everyone)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_lady_tasting_tea_p_value_is_17_of_35():
    """Fisher's own example: 3 of 4 cups, two-sided, is 34 of 70."""
    assert fisher_exact_p_value(3, 4, all_right=4, everyone=8) == pytest.approx(34 / 70)


@pytest.mark.parametrize(
    "p_values",
    [[0.5], [0.01, 0.01], [0.04, 0.01, 0.03], [1.0, 0.0, 0.9, 0.2], [0.9, 0.95, 0.99]],
)
def test_adjusted_p_values_match_scipy(p_values):
    expected = stats.false_discovery_control(p_values, method="bh")
    assert adjust_p_values(p_values) == pytest.approx(tuple(expected))


def test_adjusting_no_p_values_gives_empty_result():
    assert adjust_p_values([]) == ()


def test_chi_square_tail_with_two_degrees_is_exponential():
    assert chi_square_tail(7, 2) == pytest.approx(math.exp(-3.5))
