"""Classification metrics, from counts or from a confusion matrix.

Counts are (TP, FP, FN) or (TP, FP, FN, TN). A confusion matrix has a row for each true
class and a column for each predicted class. Results are exact fractions. Division by
zero raises `SolverError`. Source: Sokolova and Lapalme, A systematic analysis of
performance measures (2009).
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.bounds import Grid, as_integer, as_numbers, as_rows
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_CLASSES: Final = 100
COUNT_NAMES: Final = ("TP", "FP", "FN", "TN")
WITH_NEGATIVES: Final = 4
WITHOUT_NEGATIVES: Final = 3

ConfusionCounts: TypeAlias = Sequence[int]
"""The counts (TP, FP, FN) or (TP, FP, FN, TN)."""
ConfusionMatrix: TypeAlias = Grid
"""Counts with a row for each true class and a column for each predicted class."""


def precision(counts: ConfusionCounts) -> Number:
    """Return the precision: ``TP / (TP + FP)``.

    It is the share of predicted positives that are actually positive.

    >>> precision((8, 2, 4))
    Fraction(4, 5)
    """
    tp, fp, _, _ = _parse_counts(counts)
    return exact_ratio(tp, tp + fp)


def recall(counts: ConfusionCounts) -> Number:
    """Return the recall: ``TP / (TP + FN)``.

    It is the share of actual positives that are predicted as positive.

    >>> recall((8, 2, 4))
    Fraction(2, 3)
    """
    tp, _, fn, _ = _parse_counts(counts)
    return exact_ratio(tp, tp + fn)


def specificity(counts: ConfusionCounts) -> Number:
    """Return the specificity: ``TN / (TN + FP)``.

    It is the share of actual negatives that are predicted as negative.

    >>> specificity((8, 2, 4, 6))
    Fraction(3, 4)
    """
    _, fp, _, tn = _parse_counts(counts, needed=WITH_NEGATIVES)
    return exact_ratio(tn, tn + fp)


def accuracy(counts: ConfusionCounts) -> Number:
    """Return the accuracy: ``(TP + TN) / (TP + FP + FN + TN)``.

    It is the share of all predictions that are correct.

    >>> accuracy((8, 2, 4, 6))
    Fraction(7, 10)
    """
    tp, fp, fn, tn = _parse_counts(counts, needed=WITH_NEGATIVES)
    return exact_ratio(tp + tn, tp + fp + fn + tn)


def f_score(counts: ConfusionCounts, *, beta: Number = 1) -> Number:
    """Return the F-score, the weighted harmonic mean of precision and recall.

    It is ``(1 + beta**2) * TP / ((1 + beta**2) * TP + beta**2 * FN + FP)``. Recall is
    *beta* times as important as precision; *beta* 1 gives F1.

    >>> f_score((8, 2, 4))
    Fraction(8, 11)
    """
    tp, fp, fn, _ = _parse_counts(counts)
    weight = as_numbers((beta,), "beta")[0] ** 2
    return exact_ratio((1 + weight) * tp, (1 + weight) * tp + weight * fn + fp)


def class_average(matrix: ConfusionMatrix, metric: str, *, average: str = "macro") -> Number:
    """Return the average over classes of a *metric* of a confusion *matrix*.

    The metric is ``precision``, ``recall`` or ``f1``. The average is ``macro`` (all
    classes have the same weight), ``weighted`` (classes are weighted by their number of
    examples) or ``micro`` (the counts of all classes are added up first).

    >>> class_average([[8, 2], [1, 4]], "recall")
    Fraction(4, 5)
    """
    rows, score = _parse_confusion_matrix(matrix), _find_metric(metric)
    counts = [_class_counts(rows, index) for index in range(len(rows))]
    match average:
        case "macro":
            return exact_ratio(sum(map(score, counts)), len(counts))
        case "weighted":
            weights = [tp + fn for tp, _, fn in counts]
            scores = zip(weights, map(score, counts), strict=True)
            return exact_ratio(sum(weight * one for weight, one in scores), sum(weights))
        case "micro":
            return score(tuple(map(sum, zip(*counts, strict=True))))
        case _:
            raise SolverError(f"average must be macro, weighted or micro, not {average}")


def exact_ratio(part: Number, total: Number) -> Number:
    """Return ``part / total`` as an exact number.

    Raise `SolverError` if *total* is zero.
    """
    if total == 0:
        raise SolverError("nothing to divide by: there is no such case")
    return simplify_number(Fraction(part) / total)


def _parse_counts(
    value: ConfusionCounts, *, needed: int = WITHOUT_NEGATIVES
) -> tuple[int, int, int, int]:
    values = [as_integer(one, "each count", least=0) for one in as_numbers(value, "counts")]
    if not needed <= len(values) <= WITH_NEGATIVES:
        wanted = ", ".join(COUNT_NAMES[:needed])
        raise SolverError(f"counts must be {wanted}, not {len(values)} numbers")
    tp, fp, fn, *negatives = values
    return tp, fp, fn, sum(negatives)


def _parse_confusion_matrix(matrix: ConfusionMatrix) -> tuple[tuple[int, ...], ...]:
    rows = as_rows(matrix, "matrix", most=MAX_CLASSES)
    if len(rows) != len(rows[0]):
        raise SolverError(f"matrix has {len(rows)} rows and {len(rows[0])} columns")
    return tuple(tuple(as_integer(cell, "each cell", least=0) for cell in row) for row in rows)


def _class_counts(rows: tuple[tuple[int, ...], ...], index: int) -> tuple[int, int, int]:
    """Return (TP, FP, FN) of the class *index* against all others."""
    tp = rows[index][index]
    return tp, sum(row[index] for row in rows) - tp, sum(rows[index]) - tp


def _find_metric(name: str) -> Callable[[ConfusionCounts], Number]:
    metrics: dict[str, Callable[[ConfusionCounts], Number]] = {
        "precision": precision,
        "recall": recall,
        "f1": f_score,
    }
    if name not in metrics:
        raise SolverError(f"metric must be precision, recall or f1, not {name}")
    return metrics[name]


# What students do instead.


def _arithmetic_f_score(args: SolverArguments) -> Number:
    return exact_ratio(precision(args.counts) + recall(args.counts), 2)


def _f_score_without_factor(args: SolverArguments) -> Number:
    """Return the F-score without the factor ``1 + beta**2``."""
    return exact_ratio(f_score(**vars(args)), 1 + args.beta**2)


def _accuracy_without_negatives(args: SolverArguments) -> Number:
    tp, fp, fn, tn = _parse_counts(args.counts, needed=WITH_NEGATIVES)
    return exact_ratio(tp, tp + fp + fn + tn)


def _replace_metric_argument(expected: str, replacement: str) -> Callable[[SolverArguments], str]:
    """Return a function that replaces the metric *expected* with *replacement*.

    The function raises `SolverError` for any other metric.
    """

    def replace_name(args: SolverArguments) -> str:
        if args.metric != expected:
            raise SolverError(f"not {expected} is asked for")
        return replacement

    return replace_name


OTHER_AVERAGE: Final = {"macro": "micro", "micro": "macro", "weighted": "macro"}

SOLVERS: Final[tuple[Solver, ...]] = (
    precision,
    recall,
    specificity,
    accuracy,
    f_score,
    class_average,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        precision,
        {"recall_for_precision": replace_formula(precision, lambda args: recall(args.counts))},
    ),
    *build_wrong_versions(
        recall,
        {
            "precision_for_recall": replace_formula(recall, lambda args: precision(args.counts)),
            "specificity_for_recall": replace_formula(
                recall, lambda args: specificity(args.counts)
            ),
        },
    ),
    *build_wrong_versions(
        specificity,
        {"recall_for_specificity": replace_formula(specificity, lambda args: recall(args.counts))},
    ),
    *build_wrong_versions(
        accuracy,
        {
            "true_negatives_left_out": replace_formula(accuracy, _accuracy_without_negatives),
            "errors_for_accuracy": replace_formula(
                accuracy, lambda args: 1 - accuracy(args.counts)
            ),
            "precision_for_accuracy": replace_formula(
                accuracy, lambda args: precision(args.counts)
            ),
        },
    ),
    *build_wrong_versions(
        f_score,
        {
            "mean_for_harmonic": replace_formula(f_score, _arithmetic_f_score),
            "factor_left_out": replace_formula(f_score, _f_score_without_factor),
        },
    ),
    *build_wrong_versions(
        class_average,
        {
            "other_average": replace_arguments(
                class_average, average=lambda args: OTHER_AVERAGE[args.average]
            ),
            "recall_for_precision": replace_arguments(
                class_average, metric=_replace_metric_argument("precision", "recall")
            ),
            "precision_for_recall": replace_arguments(
                class_average, metric=_replace_metric_argument("recall", "precision")
            ),
        },
    ),
)
