"""Metrics of classifiers, from counts or from a confusion matrix.

Counts are (TP, FP, FN) or (TP, FP, FN, TN); a confusion matrix has a row for each true class and a
column for each predicted one. Results are exact fractions. A division by zero is a `SolverError`.
Source: Sokolova and Lapalme, A systematic analysis of performance measures (2009).
"""

from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, simplest
from problems.solvers.bounds import numbers, rows_of, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "accuracy",
    "class_average",
    "f_score",
    "precision",
    "recall",
    "share_of",
    "specificity",
]

MAX_CLASSES: Final = 100
NAMES: Final = ("TP", "FP", "FN", "TN")
WITH_NEGATIVES: Final = 4
WITHOUT_NEGATIVES: Final = 3


def precision(counts: object) -> Number:
    """Return the share of the predicted positives that are true: ``TP / (TP + FP)``.

    >>> precision((8, 2, 4))
    Fraction(4, 5)
    """
    tp, fp, _, _ = _counts(counts)
    return share_of(tp, tp + fp)


def recall(counts: object) -> Number:
    """Return the share of the true positives that are found: ``TP / (TP + FN)``.

    >>> recall((8, 2, 4))
    Fraction(2, 3)
    """
    tp, _, fn, _ = _counts(counts)
    return share_of(tp, tp + fn)


def specificity(counts: object) -> Number:
    """Return the share of the true negatives that are found: ``TN / (TN + FP)``.

    >>> specificity((8, 2, 4, 6))
    Fraction(3, 4)
    """
    _, fp, _, tn = _counts(counts, needed=WITH_NEGATIVES)
    return share_of(tn, tn + fp)


def accuracy(counts: object) -> Number:
    """Return the share of all predictions that are right: ``(TP + TN) / (TP + FP + FN + TN)``.

    >>> accuracy((8, 2, 4, 6))
    Fraction(7, 10)
    """
    tp, fp, fn, tn = _counts(counts, needed=WITH_NEGATIVES)
    return share_of(tp + tn, tp + fp + fn + tn)


def f_score(counts: object, *, beta: Number = 1) -> Number:
    """Return the F-score: the harmonic mean of precision and recall, recall *beta* times as dear.

    ``(1 + beta**2) * TP / ((1 + beta**2) * TP + beta**2 * FN + FP)``; *beta* 1 is F1.

    >>> f_score((8, 2, 4))
    Fraction(8, 11)
    """
    tp, fp, fn, _ = _counts(counts)
    weight = numbers((beta,), "beta")[0] ** 2
    return share_of((1 + weight) * tp, (1 + weight) * tp + weight * fn + fp)


def class_average(matrix: object, metric: str, *, average: str = "macro") -> Number:
    """Return the mean over classes of a *metric* of a confusion *matrix*.

    The metric is ``precision``, ``recall`` or ``f1``. The average is ``macro`` (all classes weigh
    the same), ``weighted`` (by their examples) or ``micro`` (the counts of all classes added up).

    >>> class_average([[8, 2], [1, 4]], "recall")
    Fraction(4, 5)
    """
    rows, score = _square(matrix), _metric(metric)
    counts = [_of_class(rows, index) for index in range(len(rows))]
    match average:
        case "macro":
            return share_of(sum(map(score, counts)), len(counts))
        case "weighted":
            weights = [tp + fn for tp, _, fn in counts]
            scores = zip(weights, map(score, counts), strict=True)
            return share_of(sum(weight * one for weight, one in scores), sum(weights))
        case "micro":
            return score(tuple(map(sum, zip(*counts, strict=True))))
        case _:
            raise SolverError(f"average must be macro, weighted or micro, not {average}")


def share_of(part: Number, total: Number) -> Number:
    """Return *part* over *total*, which must not be zero."""
    if total == 0:
        raise SolverError("nothing to divide by: there is no such case")
    return simplest(Fraction(part) / total)


def _counts(value: object, *, needed: int = WITHOUT_NEGATIVES) -> tuple[int, int, int, int]:
    found = [whole(one, "each count", least=0) for one in numbers(value, "counts")]
    if not needed <= len(found) <= WITH_NEGATIVES:
        wanted = ", ".join(NAMES[:needed])
        raise SolverError(f"counts must be {wanted}, not {len(found)} numbers")
    tp, fp, fn, *negatives = found
    return tp, fp, fn, sum(negatives)


def _square(matrix: object) -> tuple[tuple[int, ...], ...]:
    rows = rows_of(matrix, "matrix", most=MAX_CLASSES)
    if len(rows) != len(rows[0]):
        raise SolverError(f"matrix has {len(rows)} rows and {len(rows[0])} columns")
    return tuple(tuple(whole(cell, "each cell", least=0) for cell in row) for row in rows)


def _of_class(rows: tuple[tuple[int, ...], ...], index: int) -> tuple[int, int, int]:
    """Return (TP, FP, FN) of one class against all others."""
    tp = rows[index][index]
    return tp, sum(row[index] for row in rows) - tp, sum(rows[index]) - tp


def _metric(name: str) -> Callable[[object], Number]:
    metrics: dict[str, Callable[[object], Number]] = {
        "precision": precision,
        "recall": recall,
        "f1": f_score,
    }
    if name not in metrics:
        raise SolverError(f"metric must be precision, recall or f1, not {name}")
    return metrics[name]


# What students do instead.


def _mean_of_rates(given: SimpleNamespace) -> Number:
    return share_of(precision(given.counts) + recall(given.counts), 2)


def _without_factor(given: SimpleNamespace) -> Number:
    """Return the product of precision and recall over their sum."""
    return share_of(f_score(**vars(given)), 1 + given.beta**2)


def _hits_only(given: SimpleNamespace) -> Number:
    tp, fp, fn, tn = _counts(given.counts, needed=WITH_NEGATIVES)
    return share_of(tp, tp + fp + fn + tn)


def _instead_of(asked: str, given_instead: str) -> Callable[[SimpleNamespace], str]:
    """Return the change of the metric that is *asked*; for others there is none."""

    def change(given: SimpleNamespace) -> str:
        if given.metric != asked:
            raise SolverError(f"not {asked} is asked for")
        return given_instead

    return change


OTHER_AVERAGE: Final = {"macro": "micro", "micro": "macro", "weighted": "macro"}

SOLVERS: Final[tuple[Solver, ...]] = (
    precision,
    recall,
    specificity,
    accuracy,
    f_score,
    class_average,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        precision, {"recall_for_precision": instead(precision, lambda given: recall(given.counts))}
    ),
    *twins_of(
        recall,
        {
            "precision_for_recall": instead(recall, lambda given: precision(given.counts)),
            "specificity_for_recall": instead(recall, lambda given: specificity(given.counts)),
        },
    ),
    *twins_of(
        specificity,
        {"recall_for_specificity": instead(specificity, lambda given: recall(given.counts))},
    ),
    *twins_of(
        accuracy,
        {
            "true_negatives_left_out": instead(accuracy, _hits_only),
            "errors_for_accuracy": instead(accuracy, lambda given: 1 - accuracy(given.counts)),
            "precision_for_accuracy": instead(accuracy, lambda given: precision(given.counts)),
        },
    ),
    *twins_of(
        f_score,
        {
            "mean_for_harmonic": instead(f_score, _mean_of_rates),
            "factor_left_out": instead(f_score, _without_factor),
        },
    ),
    *twins_of(
        class_average,
        {
            "other_average": told(
                class_average, average=lambda given: OTHER_AVERAGE[given.average]
            ),
            "recall_for_precision": told(class_average, metric=_instead_of("precision", "recall")),
            "precision_for_recall": told(class_average, metric=_instead_of("recall", "precision")),
        },
    ),
)
