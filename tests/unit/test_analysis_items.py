"""Tests of item statistics and reliability: by hand, against SciPy, and with gaps."""

import numpy as np
import pytest
from scipy import stats
from score_tables import items, reliability, rests

from grader.analysis import ItemStatistics

NAN = float("nan")
HAND = [[1, 2, 0], [1, 4, 1], [0, 1, 0], [1, 5, 0], [0, 3, 1]]
"""Scores of five students on items worth 1, 5 and 1.

The rest scores of the first item are 2 5 1 5 4, with mean 3.4. Their covariance with
the item is 0.45; the variances are 0.3 and 3.3. With both columns sorted, the
covariance is 0.95. The totals are 3 6 1 6 4, with variance 4.5.
"""


def class_of(students, count, *, seed=0, gaps=0.0):
    """Return scores of students who differ in ability, and the maximum of each item.

    The items are worth 1, 4, 1, 4 …; *gaps* is the share of missing scores.
    """
    rng = np.random.default_rng(seed)
    maxima = np.resize([1.0, 4.0], count)
    strength = rng.normal(size=(students, 1)) + rng.normal(size=(students, count))
    scores = np.clip(np.round((strength + 1.5) / 3 * maxima), 0, maxima)
    scores[rng.random(scores.shape) < gaps] = NAN
    return scores, maxima


def test_first_item_matches_hand_computed_statistics():
    first = items(HAND, [1, 5, 1])[0]
    assert (first.n, first.pairs) == (5, 5)
    assert (first.mean, first.facility) == (0.6, 0.6)
    assert first.sd == pytest.approx(0.3**0.5)
    assert first.discrimination == pytest.approx(0.45 / (0.3 * 3.3) ** 0.5)
    assert first.efficiency == pytest.approx(100 * 0.45 / 0.95)
    assert first.point_biserial == pytest.approx((5 - 2.5) / 3.6**0.5 * (0.6 * 0.4) ** 0.5)


def test_reliability_matches_hand_computed_value():
    """The item variances are 0.3, 2.5 and 0.3; the variance of the totals is 4.5."""
    found = reliability(HAND)
    alpha = 3 / 2 * (1 - 3.1 / 4.5)
    assert (found.k, found.n) == (3, 5)
    assert found.alpha == pytest.approx(alpha)
    assert found.sem == pytest.approx((4.5 * (1 - alpha)) ** 0.5)


def test_effective_weights_are_shares_of_root_covariances_with_total():
    covariances = np.cov(np.array(HAND).T, np.sum(HAND, axis=1))[:3, 3]
    weights = [one.effective_weight for one in items(HAND, [1, 5, 1])]
    assert weights == pytest.approx(100 * covariances**0.5 / (covariances**0.5).sum())


def test_effective_weights_with_gaps_use_students_of_each_item():
    scores, maxima = class_of(40, 3, gaps=0.3)
    totals = scores + rests(scores, maxima)
    here = [~np.isnan(column) for column in totals.T]
    covariances = np.array(
        [np.cov(scores[who, at], totals[who, at])[0, 1] for at, who in enumerate(here)]
    )
    weights = [one.effective_weight for one in items(scores, maxima)]
    assert len({who.sum() for who in here}) > 1
    assert weights == pytest.approx(100 * covariances**0.5 / (covariances**0.5).sum())


def test_item_working_against_total_has_no_effective_weight():
    against = [[1, 0, 0], [0, 1, 2], [1, 1, 1], [0, 2, 2]]
    weights = [one.effective_weight for one in items(against, [1, 2, 2])]
    assert weights[0] is None
    assert sum(weights[1:]) == pytest.approx(100)


@pytest.mark.parametrize(("students", "count"), [(4, 2), (25, 3), (300, 12)])
def test_discrimination_and_its_interval_match_scipy(students, count):
    scores, maxima = class_of(students, count, seed=students)
    for at, one in enumerate(items(scores, maxima)):
        expected = stats.pearsonr(scores[:, at], np.delete(scores, at, axis=1).sum(axis=1))
        assert one.discrimination == pytest.approx(expected.statistic)
        assert one.interval == pytest.approx(tuple(expected.confidence_interval(0.9)))
        assert one.sd == pytest.approx(scores[:, at].std(ddof=1))


def test_point_biserial_of_right_or_wrong_item_matches_scipy():
    scores, maxima = class_of(60, 6)
    for at, one in enumerate(items(scores, maxima)):
        if maxima[at] == 1:
            expected = stats.pointbiserialr(scores[:, at], scores.sum(axis=1)).statistic
            assert one.point_biserial == pytest.approx(expected)
        else:
            assert one.point_biserial is None


def test_right_or_wrong_item_of_four_points_has_point_biserial():
    scores, maxima = class_of(60, 3)
    scores[:, 1] = np.where(scores[:, 1] > 2, 4, 0)
    assert items(scores, maxima)[1].point_biserial is not None


def test_facility_interval_matches_proportion_interval():
    one = items([[1, 0]] * 15 + [[0, 1]] * 5, [1, 1])[0]
    expected = stats.binomtest(15, 20).proportion_ci(0.9, method="wilson")
    assert one.facility_interval == pytest.approx((expected.low, expected.high))


def test_alpha_if_deleted_is_alpha_of_other_items():
    scores, maxima = class_of(40, 5)
    for at, one in enumerate(items(scores, maxima)):
        others = reliability(np.delete(scores, at, axis=1))
        assert one.alpha_if_deleted == pytest.approx(others.alpha)


def test_item_statistics_exclude_students_who_did_not_open_it():
    scores, maxima = class_of(50, 4, gaps=0.2)
    for at, one in enumerate(items(scores, maxima)):
        here = scores[~np.isnan(scores[:, at]), at]
        assert one.n == here.size
        assert one.mean == pytest.approx(here.mean())
        assert one.facility == pytest.approx(here.mean() / maxima[at])


def test_rest_score_of_excused_student_is_scaled_from_opened_items():
    found = rests([[1, 2, NAN], [0, 4, 3], [1, NAN, NAN]], [1, 4, 5])
    assert found[0] == pytest.approx([2 / 4 * 9, 1 / 1 * 6, NAN], nan_ok=True)
    assert found[1] == pytest.approx([7, 3, 4])
    assert np.isnan(found[2]).all()


def test_single_opened_item_counts_for_facility_but_not_discrimination():
    scores, maxima = class_of(30, 3)
    alone = np.array([[1, NAN, NAN], [0, NAN, NAN]])
    before, after = items(scores, maxima)[0], items(np.vstack([scores, alone]), maxima)[0]
    assert (after.n, after.pairs) == (32, 30)
    assert after.discrimination == before.discrimination


NO_FIGURES = ("discrimination", "interval", "point_biserial", "efficiency")


@pytest.mark.parametrize(
    "scores",
    [
        [],
        [[NAN, NAN, NAN]],
        [[None, None, None]] * 30,
        [[1, 2, 3]],
        [[0.1, 0.2, 0.3]] * 30,
        [[1, 0, 0]] * 30,
        [[NAN, 2, 3]] * 30,
        [[1, 0.7, 1.3], [1, 0.9, 1.1], [1, 0.4, 1.6], [1, 0.3, 1.7]],
    ],
)
def test_constant_scores_give_no_figures_and_no_warnings(scores):
    first = items(scores, [1, 2, 3])[0]
    assert [name for name in NO_FIGURES if getattr(first, name) is not None] == []
    assert first.sd in {None, 0}


def test_item_with_constant_rest_has_no_efficiency():
    """Only floating-point error makes these rests differ, in the last bit."""
    first = items([[1, 0.1, 0.3], [0, 0.2, 0.2], [0, 0.2, 0.2], [0, 0.3, 0.1]], [1, 2, 3])[0]
    assert (first.discrimination, first.efficiency) == (None, None)


@pytest.mark.parametrize("unit", [1, 0.1, 1 / 3, 1e-5])
def test_unrelated_item_has_discrimination_of_exactly_zero(unit):
    scores = unit * np.array([[0, 1], [1, 2], [1, 3], [0, 4], [0, 2], [1, 2]])
    found = items(scores, [unit, 5 * unit])
    assert [one.discrimination for one in found] == [0, 0]


def test_canceling_items_have_no_reliability():
    """Only floating-point error makes these totals differ, in the last bit."""
    found = reliability([[x, 1 - x] for x in (0.1, 0.7, 0.3, 0.6)])
    assert (found.alpha, found.sem, found.k, found.n) == (None, None, 2, 4)


@pytest.mark.parametrize(
    ("scores", "k", "n"),
    [
        ([], 0, 0),
        (np.empty((0, 5)), 0, 0),
        ([[], []], 0, 0),
        ([[1], [2], [3]], 1, 3),
        ([[1, 2]], 2, 1),
        ([[1, NAN], [NAN, 2]], 2, 0),
        ([[1, NAN], [2, NAN]], 1, 2),
        ([[NAN, NAN]] * 3, 0, 0),
        ([[1, 2]] * 9, 2, 9),
    ],
)
def test_reliability_needs_two_items_and_two_unequal_students(scores, k, n):
    found = reliability(scores)
    assert (found.alpha, found.sem, found.k, found.n) == (None, None, k, n)


def test_reliability_uses_only_students_with_all_opened_items():
    scores, _ = class_of(20, 3)
    wider = np.column_stack([scores, np.full(20, NAN)])
    with_gaps = np.vstack([wider, [1, NAN, 1, NAN]])
    assert reliability(with_gaps) == reliability(scores)


@pytest.mark.parametrize("values", [(0, 1, 5, 2), (1.1, 1.1, 1.7, 2.7)])
def test_alpha_is_one_if_all_items_are_equal(values):
    """For the second values, floating-point error makes alpha slightly more than one."""
    found = reliability([[x, x, x] for x in values])
    assert (found.alpha, found.sem) == (pytest.approx(1), pytest.approx(0, abs=1e-7))


def test_opposing_items_may_have_negative_alpha():
    assert reliability([[0, 3], [1, 1], [3, 0], [2, 2]]).alpha < 0


def test_extra_credit_and_zero_point_items_have_figures_where_possible():
    bonus, free = items([[6, 1], [5, 0], [6, 2], [5, 1]], [5, 0])
    assert bonus.facility == 1.1
    assert bonus.facility_interval.high == pytest.approx(1)
    assert (free.facility, free.facility_interval) == (None, None)
    assert free.mean == 1


def test_no_items_or_students_give_no_figures():
    assert items([], []) == ()
    assert items([], [1])[0] == ItemStatistics(0, *[None] * 4, 0, *[None] * 6)
