"""Counts of predictions against true labels, from which metrics are computed.

Labels and predictions are lists of class numbers, one per example.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, WrongVersion
from grader.values import Number, Tensor
from problems.solvers.bounds import Grid, as_integer, as_numbers, as_rows
from problems.solvers.metrics import exact_ratio
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_CLASSES: Final = 100

ClassLabels: TypeAlias = Sequence[int]
"""Class number of each example."""


def confusion_counts(
    labels: ClassLabels, predictions: ClassLabels, *, positive: int = 1
) -> tuple[int, ...]:
    """Return the counts (TP, FP, FN, TN) of *predictions* against true *labels*.

    *positive* is the positive class; all other classes are negative.

    >>> confusion_counts((1, 1, 0, 0, 1), (1, 0, 1, 0, 1))
    (2, 1, 1, 1)
    """
    outcomes = [
        (true == positive, found == positive) for true, found in _pair_labels(labels, predictions)
    ]
    return tuple(
        outcomes.count(side)
        for side in ((True, True), (False, True), (True, False), (False, False))
    )


def confusion_matrix(labels: ClassLabels, predictions: ClassLabels, *, classes: int) -> Tensor:
    """Return the confusion matrix: true classes in rows, predicted classes in columns.

    Classes count from 0.

    >>> confusion_matrix((0, 0, 1), (0, 1, 1), classes=2).cells
    (1, 1, 0, 1)
    """
    count = as_integer(classes, "classes")
    pairs = _pair_labels(labels, predictions)
    if count > MAX_CLASSES or any(not 0 <= one < count for both in pairs for one in both):
        raise SolverError(f"labels must be from 0 to {count - 1}, classes at most {MAX_CLASSES}")
    counted = Counter(pairs)
    cells = tuple(counted[row, column] for row in range(count) for column in range(count))
    return Tensor((count, count), cells)


def top_k_accuracy(scores: Grid, labels: ClassLabels, k: int) -> Number:
    """Return the share of examples whose true class is among the *k* highest *scores*.

    *scores* has a row for each example and a column for each class; classes count from
    0. Among equal scores, the earlier class ranks first.

    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]], (1, 0), 2)
    Fraction(1, 2)
    """
    rows, true = as_rows(scores, "scores"), as_numbers(labels, "labels")
    if len(rows) != len(true) or any(label not in range(len(rows[0])) for label in true):
        raise SolverError("labels must name a column of scores for each of its rows")
    most = as_integer(k, "k")
    return exact_ratio(
        sum(_find_label_rank(row, one) < most for row, one in zip(rows, true, strict=True)),
        len(rows),
    )


def _pair_labels(labels: ClassLabels, predictions: ClassLabels) -> list[tuple[Number, Number]]:
    true, predicted = as_numbers(labels, "labels"), as_numbers(predictions, "predictions")
    if len(true) != len(predicted):
        raise SolverError(f"{len(true)} labels, but {len(predicted)} predictions")
    return list(zip(true, predicted, strict=True))


def _find_label_rank(row: tuple[Number, ...], label: Number) -> int:
    """Return the rank of the class *label*, from 0; ties go to the earlier class."""
    label_score = row[int(label)]
    before = sum(score == label_score for score in row[: int(label)])
    return before + sum(score > label_score for score in row)


SOLVERS: Final[tuple[Solver, ...]] = (confusion_counts, confusion_matrix, top_k_accuracy)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        confusion_counts,
        {
            "errors_exchanged": replace_formula(
                confusion_counts, lambda args: confusion_counts(args.predictions, args.labels)
            ),
            "wrong_class_positive": replace_formula(
                confusion_counts, lambda args: confusion_counts(**vars(args))[::-1]
            ),
        },
    ),
    *build_wrong_versions(
        confusion_matrix,
        {
            "errors_exchanged": replace_arguments(
                confusion_matrix,
                labels=lambda args: args.predictions,
                predictions=lambda args: args.labels,
            )
        },
    ),
    *build_wrong_versions(
        top_k_accuracy, {"best_class_only": replace_arguments(top_k_accuracy, k=1)}
    ),
)
