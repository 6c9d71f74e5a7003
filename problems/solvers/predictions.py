"""Predictions counted against true labels: the counts that metrics are made of.

Labels and predictions are lists of class numbers, one for each example.
"""

from collections import Counter
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, Tensor
from problems.solvers.bounds import numbers, rows_of, whole
from problems.solvers.metrics import share_of
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "confusion_counts", "confusion_matrix", "top_k_accuracy"]

MAX_CLASSES: Final = 100


def confusion_counts(labels: object, predictions: object, *, positive: int = 1) -> tuple[int, ...]:
    """Return the counts (TP, FP, FN, TN) of *predictions* against true *labels*.

    The class *positive* is one side, all others are the other.

    >>> confusion_counts((1, 1, 0, 0, 1), (1, 0, 1, 0, 1))
    (2, 1, 1, 1)
    """
    sides = [(true == positive, found == positive) for true, found in _pairs(labels, predictions)]
    return tuple(
        sides.count(side) for side in ((True, True), (False, True), (True, False), (False, False))
    )


def confusion_matrix(labels: object, predictions: object, *, classes: int) -> Tensor:
    """Return how often each class (row) is predicted as each (column); classes count from 0.

    >>> confusion_matrix((0, 0, 1), (0, 1, 1), classes=2).cells
    (1, 1, 0, 1)
    """
    count = whole(classes, "classes")
    pairs = _pairs(labels, predictions)
    if count > MAX_CLASSES or any(not 0 <= one < count for both in pairs for one in both):
        raise SolverError(f"labels must be from 0 to {count - 1}, classes at most {MAX_CLASSES}")
    counted = Counter(pairs)
    cells = tuple(counted[row, column] for row in range(count) for column in range(count))
    return Tensor((count, count), cells)


def top_k_accuracy(scores: object, labels: object, k: int) -> Number:
    """Return the share of examples whose true class is among the *k* highest *scores*.

    *scores* has a row for each example and a column for each class; classes count from 0. Of equal
    scores the earlier class comes first.

    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]], (1, 0), 2)
    Fraction(1, 2)
    """
    rows, true = rows_of(scores, "scores"), numbers(labels, "labels")
    if len(rows) != len(true) or any(label not in range(len(rows[0])) for label in true):
        raise SolverError("labels must name a column of scores for each of its rows")
    most = whole(k, "k")
    return share_of(
        sum(_rank(row, one) < most for row, one in zip(rows, true, strict=True)), len(rows)
    )


def _pairs(labels: object, predictions: object) -> list[tuple[Number, Number]]:
    true, found = numbers(labels, "labels"), numbers(predictions, "predictions")
    if len(true) != len(found):
        raise SolverError(f"{len(true)} labels, but {len(found)} predictions")
    return list(zip(true, found, strict=True))


def _rank(row: tuple[Number, ...], label: Number) -> int:
    """Return how many classes come before the one of *label*."""
    own = row[int(label)]
    before = sum(score == own for score in row[: int(label)])
    return before + sum(score > own for score in row)


SOLVERS: Final[tuple[Solver, ...]] = (confusion_counts, confusion_matrix, top_k_accuracy)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        confusion_counts,
        {
            "errors_exchanged": instead(
                confusion_counts, lambda given: confusion_counts(given.predictions, given.labels)
            ),
            "wrong_class_positive": instead(
                confusion_counts, lambda given: confusion_counts(**vars(given))[::-1]
            ),
        },
    ),
    *twins_of(
        confusion_matrix,
        {
            "errors_exchanged": told(
                confusion_matrix,
                labels=lambda given: given.predictions,
                predictions=lambda given: given.labels,
            )
        },
    ),
    *twins_of(top_k_accuracy, {"best_class_only": told(top_k_accuracy, k=1)}),
)
