"""Tests of metrics, against their definitions and published worked examples."""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.average_precision import (
    average_precision,
    mean_average_precision,
    precision_recall_curve,
)
from problems.solvers.metrics import (
    accuracy,
    class_average,
    f_score,
    precision,
    recall,
    specificity,
)
from problems.solvers.predictions import confusion_counts, confusion_matrix, top_k_accuracy
from problems.solvers.segmentation import dice, mask_iou, mean_iou, pixel_accuracy

# --- counts

LABELS = (1, 1, 0, 0, 1, 0, 2, 1)
FOUND = (1, 0, 1, 0, 1, 0, 1, 2)


def test_confusion_counts_use_the_given_positive_class():
    assert confusion_counts(LABELS, FOUND) == (2, 2, 2, 2)
    assert confusion_counts(LABELS, FOUND, positive=2) == (0, 1, 1, 6)
    assert confusion_counts(LABELS, FOUND, positive=7) == (0, 0, 0, 8)


def test_confusion_matrix_has_true_classes_in_rows():
    found = confusion_matrix(LABELS, FOUND, classes=3).to_array()
    counted = np.zeros((3, 3), int)
    np.add.at(counted, (LABELS, FOUND), 1)
    np.testing.assert_array_equal(found, counted)
    assert found[1, 2] == 1
    assert found[2, 1] == 1


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (precision, Fraction(90, 120)),
        (recall, Fraction(90, 100)),
        (specificity, Fraction(870, 900)),
        (accuracy, Fraction(960, 1000)),
        (f_score, 2 * Fraction(3, 4) * Fraction(9, 10) / (Fraction(3, 4) + Fraction(9, 10))),
    ],
)
def test_binary_metrics_of_a_rare_disease_test_are_exact(metric, value):
    assert metric((90, 30, 10, 870)) == value


@pytest.mark.parametrize("beta", [Fraction(1, 2), 1, 2])
def test_f_score_is_a_weighted_harmonic_mean(beta):
    p, r = precision((8, 2, 4)), recall((8, 2, 4))
    expected = (1 + beta**2) * p * r / (beta**2 * p + r)
    assert f_score((8, 2, 4), beta=beta) == expected


MATRIX = [[50, 3, 7], [10, 20, 0], [2, 2, 6]]


@pytest.mark.parametrize(
    ("metric", "of_class"),
    [
        ("precision", lambda m, c: Fraction(int(m[c, c]), int(m[:, c].sum()))),
        ("recall", lambda m, c: Fraction(int(m[c, c]), int(m[c].sum()))),
        ("f1", lambda m, c: Fraction(2 * int(m[c, c]), int(m[:, c].sum() + m[c].sum()))),
    ],
)
def test_class_averages_weigh_classes_or_examples(metric, of_class):
    matrix = np.array(MATRIX)
    each = [of_class(matrix, at) for at in range(3)]
    examples = matrix.sum(axis=1).tolist()
    assert class_average(MATRIX, metric) == sum(each) / 3
    weighted = sum(one * count for one, count in zip(each, examples, strict=True)) / 100
    assert class_average(MATRIX, metric, average="weighted") == weighted


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_micro_average_of_single_labels_is_the_accuracy(metric):
    assert class_average(MATRIX, metric, average="micro") == Fraction(76, 100)


@pytest.mark.parametrize(("k", "share"), [(1, (1, 4)), (2, (3, 4)), (3, (1, 1)), (9, (1, 1))])
def test_top_k_accuracy_counts_fewer_than_k_higher_scores(k, share):
    scores = [[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5], [0.4, 0.4, 0.2]]
    assert top_k_accuracy(scores, (0, 2, 0, 1), k) == Fraction(*share)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: precision((0, 0, 4)), "nothing to divide by"),
        (lambda: precision((1, 2)), "counts must be TP, FP, FN, not 2 numbers"),
        (lambda: accuracy((1, 2, 3)), "counts must be TP, FP, FN, TN, not 3 numbers"),
        (lambda: recall((1.5, 2, 3)), "each count must be a whole number"),
        (lambda: recall((-1, 2, 3)), "each count must be from 0"),
        (lambda: class_average(MATRIX, "f2"), "metric must be precision"),
        (lambda: class_average(MATRIX, "f1", average="mean"), "average must be macro"),
        (lambda: class_average(MATRIX[:2], "f1"), "2 rows and 3 columns"),
        (lambda: class_average([[1, 0], [0, 0]], "recall"), "nothing to divide by"),
        (lambda: confusion_counts((1, 0), (1,)), "2 labels, but 1 predictions"),
        (lambda: confusion_matrix((0, 3), (0, 0), classes=3), "labels must be from 0 to 2"),
        (lambda: top_k_accuracy([[0.5, 0.5]], (2,), 1), "must name a column"),
        (lambda: top_k_accuracy([[0.5, 0.5]], (0.5,), 1), "must name a column"),
        (lambda: top_k_accuracy([[0.5, 0.5]], (0,), 0), "k must be from 1"),
    ],
)
def test_invalid_metric_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


# --- average precision


def precision_at_least(matches, positives, level):
    """Return the best precision of all prefixes with recall at least *level*, else 0."""
    best = Fraction(0)
    for end in range(1, len(matches) + 1):
        hits = sum(matches[:end])
        if Fraction(hits, positives) >= level:
            best = max(best, Fraction(hits, end))
    return best


# 24 detections and 15 objects of a published worked example, in the order of their scores: its
# average precision is given as 24.56 % over all points, of rounded terms, and 26.84 % at eleven.
SCORES = (
    95, 95, 91, 88, 84, 80, 78, 74, 71, 70, 67, 62, 54, 48, 45, 45, 44, 44, 43, 38, 35, 23, 18, 14,
)  # fmt: skip
MATCHES = (1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)


@pytest.mark.parametrize(("method", "percent"), [("all_points", 24.56), ("11_point", 26.84)])
def test_average_precision_matches_a_published_example(method, percent):
    found = average_precision(SCORES, MATCHES, 15, method=method)
    assert float(100 * found) == pytest.approx(percent, abs=0.01)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("method", "steps"), [("11_point", 10), ("coco_101", 100)])
def test_interpolated_average_precision_matches_brute_force(seed, method, steps):
    rng = np.random.default_rng(seed)
    matches = rng.integers(0, 2, 15).tolist()
    positives = sum(matches) + seed
    scores = [*range(15, 0, -1)]
    expected = sum(
        precision_at_least(matches, positives, Fraction(at, steps)) for at in range(steps + 1)
    ) / (steps + 1)
    assert average_precision(scores, matches, positives, method=method) == expected


@pytest.mark.parametrize("seed", range(8))
def test_average_precision_is_the_mean_of_best_precision_at_each_object(seed):
    """Recall moves in steps of one object, so the area is a mean over the objects."""
    rng = np.random.default_rng(seed)
    matches, scores = rng.integers(0, 2, 20), rng.permutation(20)
    positives = int(matches.sum()) + seed
    ranked = matches[np.argsort(-scores)].tolist()
    levels = [
        precision_at_least(ranked, positives, Fraction(at, positives))
        for at in range(1, positives + 1)
    ]
    assert average_precision(scores, matches, positives) == sum(levels) / positives


@pytest.mark.parametrize("method", ["all_points", "11_point", "coco_101"])
def test_average_precision_is_one_for_perfect_ranking_and_zero_for_no_matches(method):
    assert average_precision((3, 2, 1), (1, 1, 0), 2, method=method) == 1
    assert average_precision((3, 2, 1), (0, 0, 0), 2, method=method) == 0


def test_precision_recall_curve_has_a_row_for_each_detection():
    found = precision_recall_curve((1, 3, 2), (1, 1, 0), 4)
    assert found.shape == (3, 2)
    assert found.cells == (
        Fraction(1, 4), 1, Fraction(1, 4), Fraction(1, 2), Fraction(1, 2), Fraction(2, 3),
    )  # fmt: skip


def test_mean_average_precision_averages_classes_and_thresholds():
    assert mean_average_precision((0.5, 0.25)) == Fraction(3, 8)
    assert mean_average_precision(np.array([[0.5, 0.1], [0.2, 0]])) == Fraction(1, 5)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: average_precision((1, 2), (1,), 2), "for each of 2 scores"),
        (lambda: average_precision((1, 2), (1, 2), 2), "matches must be 0 or 1"),
        (lambda: average_precision((1, 2), (1, 1), 1), "2 detections are true, but there are 1"),
        (lambda: average_precision((1, 2), (1, 0), 0), "positives must be from 1"),
        (lambda: average_precision((1, 2), (1, 0), 1, method="voc"), "method must be all_points"),
        (lambda: average_precision((), (), 1), "scores must be a list"),
        (lambda: mean_average_precision(()), "must be a list of numbers"),
        (lambda: mean_average_precision([[0.5], [0.5, 0.1]]), "each row of values must have 1"),
    ],
)
def test_invalid_precision_recall_input_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


# --- masks


@pytest.mark.parametrize("seed", range(4))
def test_mask_metrics_match_sets_of_cells(seed):
    rng = np.random.default_rng(seed)
    found, true = rng.integers(0, 3, (5, 7)), rng.integers(0, 3, (5, 7))
    scores = []
    for label in range(3):
        one = {*zip(*np.nonzero(found == label), strict=True)}
        two = {*zip(*np.nonzero(true == label), strict=True)}
        scores.append(Fraction(len(one & two), len(one | two)))
        assert mask_iou(found, true, label=label) == scores[-1]
        assert dice(found, true, label=label) == Fraction(2 * len(one & two), len(one) + len(two))
    assert mean_iou(found, true) == sum(scores) / 3
    assert pixel_accuracy(found, true) == Fraction(int((found == true).sum()), 35)


def test_dice_is_a_function_of_mask_iou():
    one, two = [[1, 1, 0], [0, 1, 1]], [[1, 0, 0], [1, 1, 0]]
    overlap = mask_iou(one, two)
    assert dice(one, two) == 2 * overlap / (1 + overlap)


def test_class_absent_from_both_masks_is_excluded():
    assert mean_iou([[0, 5]], [[0, 5]]) == 1
    with pytest.raises(SolverError, match="nothing to divide by"):
        mask_iou([[0, 5]], [[0, 5]], label=1)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: dice([[1, 0]], [[1], [0]]), "masks of shape"),
        (lambda: dice(1, 1), "axes"),
        (lambda: mean_iou(np.zeros((200, 200)), np.zeros((200, 200))), "the limit is"),
        (lambda: mean_iou(np.arange(200), np.arange(200)), "200 classes, the limit is 100"),
    ],
)
def test_invalid_mask_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
