"""Tests of the distribution of totals: SciPy's figures, or none where undefined."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from total_distributions import compute_distribution

from grader.analysis import HistogramBin

SKEWED = [0, 1, 1, 2, 3, 3, 3.5, 9, 10]


def counts(totals, maximum=10):
    return [one.count for one in compute_distribution(totals, maximum).histogram]


@pytest.mark.parametrize("totals", [[], [None], [float("nan"), None], np.array([np.nan])])
def test_no_totals_give_no_figures(totals):
    found = compute_distribution(totals, 10)
    assert (found.n, found.mean, found.median, found.sd) == (0, None, None, None)
    assert (found.skewness, found.kurtosis, found.quartiles) == (None, None, None)
    assert counts(totals) == [0] * 10


def test_one_student_has_a_mean_and_no_spread():
    found = compute_distribution([Fraction(7, 2)], 10)
    assert (found.n, found.mean, found.median, found.sd) == (1, 3.5, 3.5, None)
    assert (found.skewness, found.quartiles) == (None, (3.5, 3.5, 3.5))


@pytest.mark.parametrize("total", [0, 0.1, 1 / 3, 1e9])
def test_equal_totals_have_no_spread_or_shape_despite_float_rounding(total):
    found = compute_distribution([total] * 7, 10)
    assert (found.sd, found.skewness, found.kurtosis) == (0, None, None)


def test_spread_below_the_range_of_floats_has_no_shape():
    found = compute_distribution([0.0, 0.0, 1e-165, 2e-165], 20)
    assert (found.skewness, found.kurtosis) == (None, None)


@pytest.mark.parametrize(
    ("totals", "skewness", "kurtosis"),
    [([1, 2], None, None), ([1, 2, 3], 0, None), ([1, 2, 3, 4], 0, -1.2)],
)
def test_skewness_needs_three_students_and_kurtosis_four(totals, skewness, kurtosis):
    found = compute_distribution(totals, 10)
    assert found.skewness == (None if skewness is None else pytest.approx(skewness))
    assert found.kurtosis == (None if kurtosis is None else pytest.approx(kurtosis))


@pytest.mark.parametrize("scale", [1e-150, 1, 1e150])
def test_figures_match_scipy_excluding_students_who_opened_nothing(scale):
    totals = [scale * total for total in SKEWED]
    found = compute_distribution([None, *totals, float("nan")], 10 * scale)
    assert found.n == len(SKEWED)
    assert found.mean == pytest.approx(np.mean(totals))
    assert found.sd == pytest.approx(scale * np.std(SKEWED, ddof=1))
    assert found.skewness == pytest.approx(stats.skew(SKEWED, bias=False))
    assert found.kurtosis == pytest.approx(stats.kurtosis(SKEWED, bias=False))
    assert found.quartiles == pytest.approx(np.quantile(totals, [0.25, 0.5, 0.75]))
    assert found.median == found.quartiles[1]


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ([0, 10], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ([1, 1.999, 2], [0, 2, 1, 0, 0, 0, 0, 0, 0, 0]),
        ([9, 9.5, 10], [0, 0, 0, 0, 0, 0, 0, 0, 0, 3]),
        ([-1, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ([10, 10.5, 12], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    ],
)
def test_bins_include_lower_edge_and_last_bin_includes_maximum(totals, expected):
    assert counts(totals) == expected


@pytest.mark.parametrize("maximum", [1, 3, 7, 0.7, 1e-6])
def test_each_tenth_of_maximum_starts_a_bin_despite_float_rounding(maximum):
    assert counts([maximum * tenth / 10 for tenth in range(10)], maximum) == [1] * 10
    assert counts([maximum / 10 * tenth for tenth in range(10)], maximum) == [1] * 10


def test_totals_out_of_range_get_their_own_bins():
    bins = compute_distribution([-2, 5, 13], 10).histogram
    assert (bins[0], bins[-1]) == (HistogramBin(-2, 0, 1), HistogramBin(10, 13, 1))
    assert sum(one.count for one in bins) == 3


def test_maximum_of_zero_has_no_histogram():
    assert compute_distribution([0, 1], 0).histogram == ()
