"""Segmentation metrics: how well a predicted mask matches the true one, cell by cell.

Masks are integer arrays of the same shape; each cell holds a class number. Results are
exact fractions. Division by zero raises `SolverError`. Sources: Long, Shelhamer and
Darrell, Fully Convolutional Networks (2015); Milletari, Navab and Ahmadi, V-Net (2016),
for Dice.
"""

from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array, check_cell_count
from problems.solvers.metrics import exact_ratio
from problems.solvers.wrong_versions import build_wrong_versions, replace_formula

RANKS: Final = (1, 2, 3)
MAX_LABELS: Final = 100
MAX_MASK_CELLS: Final = 20_000


def pixel_accuracy(prediction: Grid, target: Grid) -> Number:
    """Return the pixel accuracy: the share of cells with the correct class.

    >>> pixel_accuracy([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(3, 4)
    """
    predicted, true = _parse_masks(prediction, target)
    return exact_ratio(int((predicted == true).sum()), true.size)


def mask_iou(prediction: Grid, target: Grid, *, label: int = 1) -> Number:
    """Return the IoU of class *label*: ``TP / (TP + FP + FN)``.

    Also called the Jaccard index, it divides the number of cells that both masks assign
    to the class by the number that at least one mask does.

    >>> mask_iou([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(1, 2)
    """
    shared, predicted, true = _label_areas(prediction, target, label)
    return exact_ratio(shared, predicted + true - shared)


def dice(prediction: Grid, target: Grid, *, label: int = 1) -> Number:
    """Return the Dice coefficient of class *label*: ``2*TP / (2*TP + FP + FN)``.

    >>> dice([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(2, 3)
    """
    shared, predicted, true = _label_areas(prediction, target, label)
    return exact_ratio(2 * shared, predicted + true)


def mean_iou(prediction: Grid, target: Grid) -> Number:
    """Return the mean of `mask_iou` over the classes that occur in either mask.

    >>> mean_iou([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    Fraction(7, 12)
    """
    return _mean_iou_of_labels(prediction, target, _find_occurring_labels(prediction, target))


def _parse_masks(prediction: Grid, target: Grid) -> tuple[Array, Array]:
    predicted = as_array(prediction, "prediction", ranks=RANKS)
    true = as_array(target, "target", ranks=RANKS)
    if predicted.shape != true.shape:
        raise SolverError(f"masks of shape {predicted.shape} and {true.shape}")
    check_cell_count(predicted.shape, "a mask", most=MAX_MASK_CELLS)
    return predicted, true


def _label_areas(prediction: Grid, target: Grid, label: int) -> tuple[int, int, int]:
    """Return the cells of class *label*: shared, in the prediction, in the target."""
    predicted, true = (mask == label for mask in _parse_masks(prediction, target))
    return int((predicted & true).sum()), int(predicted.sum()), int(true.sum())


def _find_occurring_labels(prediction: Grid, target: Grid) -> list[int]:
    labels: list[int] = np.union1d(*_parse_masks(prediction, target)).tolist()
    if len(labels) > MAX_LABELS:
        raise SolverError(f"{len(labels)} classes, the limit is {MAX_LABELS}")
    return labels


def _mean_iou_of_labels(prediction: Grid, target: Grid, labels: list[int]) -> Number:
    scores = [mask_iou(prediction, target, label=label) for label in labels]
    return exact_ratio(sum(scores), len(scores))


# What students do instead.


def _overlap_over_sum(args: SolverArguments) -> Number:
    shared, predicted, true = _label_areas(args.prediction, args.target, args.label)
    return exact_ratio(shared, predicted + true)


def _overlap_over_prediction(args: SolverArguments) -> Number:
    shared, predicted, _ = _label_areas(args.prediction, args.target, args.label)
    return exact_ratio(shared, predicted)


def _overlap_over_target(args: SolverArguments) -> Number:
    shared, _, true = _label_areas(args.prediction, args.target, args.label)
    return exact_ratio(shared, true)


def _mean_without_background(args: SolverArguments) -> Number:
    labels = [label for label in _find_occurring_labels(args.prediction, args.target) if label != 0]
    return _mean_iou_of_labels(args.prediction, args.target, labels)


SOLVERS: Final[tuple[Solver, ...]] = (pixel_accuracy, mask_iou, dice, mean_iou)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        pixel_accuracy,
        {
            "errors_for_accuracy": replace_formula(
                pixel_accuracy, lambda g: 1 - pixel_accuracy(**vars(g))
            )
        },
    ),
    *build_wrong_versions(
        mask_iou,
        {
            "dice_for_iou": replace_formula(mask_iou, lambda args: dice(**vars(args))),
            "union_left_out": replace_formula(mask_iou, _overlap_over_sum),
            "precision_for_overlap": replace_formula(mask_iou, _overlap_over_prediction),
            "recall_for_overlap": replace_formula(mask_iou, _overlap_over_target),
            "accuracy_for_iou": replace_formula(
                mask_iou, lambda args: pixel_accuracy(args.prediction, args.target)
            ),
        },
    ),
    *build_wrong_versions(
        dice,
        {
            "iou_for_dice": replace_formula(dice, lambda args: mask_iou(**vars(args))),
            "factor_left_out": replace_formula(dice, _overlap_over_sum),
            "precision_for_overlap": replace_formula(dice, _overlap_over_prediction),
            "recall_for_overlap": replace_formula(dice, _overlap_over_target),
            "accuracy_for_iou": replace_formula(
                dice, lambda args: pixel_accuracy(args.prediction, args.target)
            ),
        },
    ),
    *build_wrong_versions(
        mean_iou,
        {
            "accuracy_for_iou": replace_formula(
                mean_iou, lambda args: pixel_accuracy(**vars(args))
            ),
            "background_class_left_out": replace_formula(mean_iou, _mean_without_background),
        },
    ),
)
