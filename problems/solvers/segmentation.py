"""Metrics of segmentations: how far a predicted mask covers the true one, cell by cell.

Masks are integer arrays of one shape, each cell the number of its class. Results are exact
fractions. What divides by zero is a `SolverError`. Sources: Long, Shelhamer and Darrell, Fully
Convolutional Networks (2015); Milletari, Navab and Ahmadi, V-Net (2016), for Dice.
"""

from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array, fitting
from problems.solvers.metrics import share_of
from problems.solvers.twins import instead, twins_of

__all__ = ["SOLVERS", "TWINS", "dice", "mask_iou", "mean_iou", "pixel_accuracy"]

RANKS: Final = (1, 2, 3)
MAX_LABELS: Final = 100
MAX_MASK_CELLS: Final = 20_000


def pixel_accuracy(prediction: Grid, target: Grid) -> Number:
    """Return the share of cells whose class is right.

    >>> pixel_accuracy([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(3, 4)
    """
    found, true = _masks(prediction, target)
    return share_of(int((found == true).sum()), true.size)


def mask_iou(prediction: Grid, target: Grid, *, label: int = 1) -> Number:
    """Return the cells that both masks give to class *label* over those that at least one gives.

    ``TP / (TP + FP + FN)``, also called the Jaccard index.

    >>> mask_iou([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(1, 2)
    """
    shared, found, true = _areas(prediction, target, label)
    return share_of(shared, found + true - shared)


def dice(prediction: Grid, target: Grid, *, label: int = 1) -> Number:
    """Return the Dice coefficient of class *label*: ``2*TP / (2*TP + FP + FN)``.

    >>> dice([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(2, 3)
    """
    shared, found, true = _areas(prediction, target, label)
    return share_of(2 * shared, found + true)


def mean_iou(prediction: Grid, target: Grid) -> Number:
    """Return the mean of `mask_iou` over the classes that occur in at least one of the masks.

    >>> mean_iou([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(7, 12)
    """
    return _mean(prediction, target, _labels(prediction, target))


def _masks(prediction: Grid, target: Grid) -> tuple[Array, Array]:
    found = array(prediction, "prediction", ranks=RANKS)
    true = array(target, "target", ranks=RANKS)
    if found.shape != true.shape:
        raise SolverError(f"masks of shape {found.shape} and {true.shape}")
    fitting(found.shape, "a mask", most=MAX_MASK_CELLS)
    return found, true


def _areas(prediction: Grid, target: Grid, label: int) -> tuple[int, int, int]:
    """Return the cells of class *label* that the masks share, and those of each."""
    found, true = (mask == label for mask in _masks(prediction, target))
    return int((found & true).sum()), int(found.sum()), int(true.sum())


def _labels(prediction: Grid, target: Grid) -> list[int]:
    labels: list[int] = np.union1d(*_masks(prediction, target)).tolist()
    if len(labels) > MAX_LABELS:
        raise SolverError(f"{len(labels)} classes, the limit is {MAX_LABELS}")
    return labels


def _mean(prediction: Grid, target: Grid, labels: list[int]) -> Number:
    scores = [mask_iou(prediction, target, label=label) for label in labels]
    return share_of(sum(scores), len(scores))


# What students do instead.


def _over_sum(given: SimpleNamespace) -> Number:
    shared, found, true = _areas(given.prediction, given.target, given.label)
    return share_of(shared, found + true)


def _of_prediction(given: SimpleNamespace) -> Number:
    shared, found, _ = _areas(given.prediction, given.target, given.label)
    return share_of(shared, found)


def _of_target(given: SimpleNamespace) -> Number:
    shared, _, true = _areas(given.prediction, given.target, given.label)
    return share_of(shared, true)


def _without_background(given: SimpleNamespace) -> Number:
    labels = [label for label in _labels(given.prediction, given.target) if label != 0]
    return _mean(given.prediction, given.target, labels)


SOLVERS: Final[tuple[Solver, ...]] = (pixel_accuracy, mask_iou, dice, mean_iou)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        pixel_accuracy,
        {"errors_for_accuracy": instead(pixel_accuracy, lambda g: 1 - pixel_accuracy(**vars(g)))},
    ),
    *twins_of(
        mask_iou,
        {
            "dice_for_iou": instead(mask_iou, lambda given: dice(**vars(given))),
            "union_left_out": instead(mask_iou, _over_sum),
            "precision_for_overlap": instead(mask_iou, _of_prediction),
            "recall_for_overlap": instead(mask_iou, _of_target),
            "accuracy_for_iou": instead(
                mask_iou, lambda given: pixel_accuracy(given.prediction, given.target)
            ),
        },
    ),
    *twins_of(
        dice,
        {
            "iou_for_dice": instead(dice, lambda given: mask_iou(**vars(given))),
            "factor_left_out": instead(dice, _over_sum),
            "precision_for_overlap": instead(dice, _of_prediction),
            "recall_for_overlap": instead(dice, _of_target),
            "accuracy_for_iou": instead(
                dice, lambda given: pixel_accuracy(given.prediction, given.target)
            ),
        },
    ),
    *twins_of(
        mean_iou,
        {
            "accuracy_for_iou": instead(mean_iou, lambda given: pixel_accuracy(**vars(given))),
            "background_class_left_out": instead(mean_iou, _without_background),
        },
    ),
)
