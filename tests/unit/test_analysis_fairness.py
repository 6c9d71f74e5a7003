"""Tests of variant fairness: SciPy's tests, pooled small variants, no chance findings."""

import numpy as np
import pytest
from scipy import stats

from grader.analysis import FairnessReport, VariantTally, compare_variants


def tallies(*rows):
    return [VariantTally(f"v{at}", n, right) for at, (n, right) in enumerate(rows)]


@pytest.mark.parametrize("rows", [[], [(0, 0)], [(0, 0), (0, 0)]])
def test_variants_without_students_give_empty_report(rows):
    assert compare_variants(tallies(*rows)) == FairnessReport(0, None, (), None, 0, None)


@pytest.mark.parametrize(
    "rows", [[(20, 3), (20, 15)], [(40, 30), (50, 20), (60, 33)], [(100, 1), (80, 7), (90, 2)]]
)
def test_overall_comparison_of_variants_matches_scipy(rows):
    found = compare_variants(tallies(*rows))
    table = [[right for _, right in rows], [n - right for n, right in rows]]
    expected = stats.chi2_contingency(table, correction=False)
    assert found.chi_square == pytest.approx(expected.statistic)
    assert (found.degrees, found.p_value) == (expected.dof, pytest.approx(expected.pvalue))


@pytest.mark.parametrize("rows", [[(40, 30), (50, 20), (60, 33)], [(20, 0), (20, 20)]])
def test_each_variant_vs_rest_matches_scipy_exact_test(rows):
    n, right = (sum(column) for column in zip(*rows, strict=True))
    found = {row.variant: row for row in compare_variants(tallies(*rows)).rows}
    exact = [
        stats.fisher_exact([[b, a - b], [right - b, n - a - right + b]]).pvalue for a, b in rows
    ]
    control = stats.false_discovery_control(exact)
    for at, row in enumerate(found[f"v{at}"] for at in range(len(rows))):
        assert row.p_value == pytest.approx(exact[at])
        assert row.adjusted == pytest.approx(control[at])


def test_hardest_variant_comes_first():
    found = compare_variants(tallies((30, 20), (30, 5), (30, 29)))
    assert [row.variant for row in found.rows] == ["v1", "v0", "v2"]
    assert found.facility == 54 / 90


@pytest.mark.parametrize(
    ("rows", "unlike"),
    [
        ([(20, 10), (20, 10), (20, 10)], []),
        ([(20, 12), (20, 10), (20, 8)], []),
        ([(20, 1), (100, 80), (100, 80)], ["v0"]),
        ([(20, 20), (100, 50), (100, 50)], ["v0"]),
        ([(30, 30), (30, 30)], []),
        ([(30, 0), (30, 0)], []),
        ([(200, 100)], []),
        ([(19, 0), (200, 180)], []),
        ([(20, 0), (19, 19)], []),
    ],
)
def test_variant_is_named_if_twenty_students_on_each_side_clearly_differ(rows, unlike):
    assert [row.variant for row in compare_variants(tallies(*rows)).differing_variants] == unlike


def test_variants_below_twenty_students_are_pooled():
    found = compare_variants(tallies((100, 90), *[(3, 1)] * 10, (0, 0)))
    others, large = found.rows
    assert (others.variant, others.variants, others.n, others.right) == ("others", 10, 30, 10)
    assert (large.variant, large.variants) == ("v0", 1)
    assert others.unlike


def test_equal_variants_are_rarely_named_as_different():
    """At 5% without adjustment, one of 100 variants would be named in nearly every class."""
    rng = np.random.default_rng(3)
    classes = [rng.binomial(30, 0.7, size=100) for _ in range(100)]
    named = [
        bool(compare_variants(tallies(*((30, right) for right in one))).differing_variants)
        for one in classes
    ]
    assert sum(named) <= 8
