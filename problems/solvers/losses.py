"""Exact losses (squared and absolute error, Huber, hinge) and smoothed labels.

Results are exact for exact input. Source: the PyTorch documentation of ``MSELoss``,
``L1Loss``, ``HuberLoss`` and ``MultiMarginLoss``; Crammer and Singer (2001) and Weston
and Watkins (1999) for the multiclass hinge loss; Szegedy et al., Rethinking the
Inception Architecture (2016), for the labels.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Grid, as_integer, as_proportion, check_cell_count, require_bool
from problems.solvers.exact_arrays import (
    FractionArray,
    NumberOrArray,
    NumberOrGrid,
    as_fraction,
    as_fraction_array,
    as_matching_arrays,
    reduce_losses,
    simplify_fractions,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_CLASSES: Final = 1000
ZERO: Final = np.array(Fraction(0))


def mse(
    prediction: NumberOrGrid, target: NumberOrGrid, *, reduction: str = "mean"
) -> NumberOrArray:
    """Return the mean squared error between *prediction* and *target*.

    Both have the same shape. The *reduction* is ``mean``, ``sum``, or ``none`` for each
    squared error.

    >>> mse([1, 2], [3, 3])
    Fraction(5, 2)
    """
    return reduce_losses(_subtract_target(prediction, target) ** 2, reduction)


def mae(
    prediction: NumberOrGrid, target: NumberOrGrid, *, reduction: str = "mean"
) -> NumberOrArray:
    """Return the mean absolute error between *prediction* and *target*.

    Both have the same shape. The *reduction* is ``mean``, ``sum``, or ``none`` for each
    absolute error.

    >>> mae([1, 2], [3, 3])
    Fraction(3, 2)
    """
    return reduce_losses(abs(_subtract_target(prediction, target)), reduction)


def huber_loss(
    prediction: NumberOrGrid,
    target: NumberOrGrid,
    *,
    delta: NumberOrGrid = 1,
    reduction: str = "mean",
) -> NumberOrArray:
    """Return the Huber loss: ``d**2 / 2`` up to *delta*, then ``delta * (|d| - delta/2)``.

    With a *delta* of 1 it is the smooth L1 loss. The *reduction* is as in `mse`.

    >>> huber_loss([1, 2], [3, Fraction(5, 2)])
    Fraction(13, 16)
    """
    size, turn = abs(_subtract_target(prediction, target)), as_fraction(delta, "delta")
    if turn <= 0:
        raise SolverError(f"delta must be positive, not {turn}")
    near, far = size**2 / 2, turn * (size - turn / 2)
    return reduce_losses(np.where(size <= turn, near, far), reduction)


def _subtract_target(prediction: NumberOrGrid, target: NumberOrGrid) -> FractionArray:
    """Return the prediction minus the target."""
    predicted, expected = as_matching_arrays(prediction, target, ("prediction", "target"))
    difference: FractionArray = predicted - expected
    return difference


def hinge_loss(
    scores: Grid,
    target: int | Grid,
    *,
    margin: NumberOrGrid = 1,
    squared: bool = False,
    reduction: str = "mean",
) -> NumberOrArray:
    """Return the multiclass hinge (SVM) loss: ``sum of max(0, s_j - s_y + margin)``.

    The sum runs over the wrong classes j. *scores* (C,) have one *target* y, counted
    from 0; scores (N, C) have N targets, and *reduction* combines their losses.
    *squared* squares each term. Unlike in PyTorch, the loss is not divided by C.

    >>> hinge_loss([[3, 5, -1], [2, 1, 4]], [0, 2])
    Fraction(3, 2)
    """
    wrong = np.maximum(_margin_violations(scores, target, margin), ZERO)
    return reduce_losses(
        (wrong**2 if require_bool(squared, "squared") else wrong).sum(axis=-1), reduction
    )


def _margin_violations(scores: Grid, target: int | Grid, margin: NumberOrGrid) -> FractionArray:
    """Return how far each score violates the margin to the target's; 0 for the target."""
    rows = as_fraction_array(scores, "scores", ranks=(1, 2))
    classes = as_target_classes(target, rows.shape)
    right = np.take_along_axis(rows, classes[..., None], axis=-1)
    violations: FractionArray = rows - right + as_fraction(margin, "margin")
    np.put_along_axis(violations, classes[..., None], ZERO, axis=-1)
    return violations


def as_target_classes(target: int | Grid, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return the target class of each row of scores with this *shape*, (C,) or (N, C).

    >>> as_target_classes([2, 0], (2, 3)).tolist()
    [2, 0]
    """
    classes = np.asarray(target)
    if not np.issubdtype(classes.dtype, np.integer) or classes.shape != shape[:-1]:
        wanted = "one class" if len(shape) == 1 else f"{shape[0]} classes, one for each row"
        raise SolverError(f"target must be {wanted}, counted from 0")
    if classes.min() < 0 or classes.max() >= shape[-1]:
        raise SolverError(
            f"target must be from 0 to {shape[-1] - 1}: there are {shape[-1]} classes"
        )
    return classes.astype(np.int64)


def smoothed_label(target: int, num_classes: int, *, smoothing: NumberOrGrid) -> NumberOrArray:
    """Return the smoothed label of class *target*, counted from 0, as class probabilities.

    ``1 - smoothing`` for the target class, plus ``smoothing / num_classes`` for every
    class.

    >>> smoothed_label(0, 4, smoothing=Fraction(1, 10)).tolist()
    [Fraction(37, 40), Fraction(1, 40), Fraction(1, 40), Fraction(1, 40)]
    """
    classes = as_integer(num_classes, "num_classes")
    check_cell_count((classes,), most=MAX_CLASSES)
    spread = Fraction(as_proportion(smoothing, "smoothing"))
    label = np.full(classes, spread / classes, dtype=object)
    label[as_target_classes(target, (classes,))] += 1 - spread
    return simplify_fractions(label)


SOLVERS: Final[tuple[Solver, ...]] = (mse, mae, huber_loss, hinge_loss, smoothed_label)

# What students do instead.

WRONG_REDUCTIONS: Final = {"sum_for_mean": "sum", "mean_for_sum": "mean"}


def reduction_wrong_versions(solver: Solver) -> dict[str, Solver]:
    """Return the wrong versions of *solver* that use another reduction."""
    return {
        mistake: replace_arguments(solver, reduction=other)
        for mistake, other in WRONG_REDUCTIONS.items()
    }


def _make_halved_loss_version(solver: Callable[..., NumberOrArray]) -> Solver:
    """Return a wrong version of *solver* that halves the loss."""
    return replace_formula(solver, lambda args: solver(**vars(args)) / Fraction(2))


def _signed_error(args: SolverArguments) -> NumberOrArray:
    """Return the reduced differences with their signs."""
    return reduce_losses(_subtract_target(args.prediction, args.target), args.reduction)


def _squared_error(args: SolverArguments) -> NumberOrArray:
    return mse(args.prediction, args.target, reduction=args.reduction)


def _hinge_with_target_class(args: SolverArguments) -> NumberOrArray:
    """Return the hinge loss summed over the target class too: one margin more per row."""
    rows = hinge_loss(**{**vars(args), "reduction": "none"})
    margin = as_fraction(args.margin, "margin")
    return reduce_losses(rows + (margin**2 if args.squared else margin), args.reduction)


def _unclipped_hinge(args: SolverArguments) -> NumberOrArray:
    """Return the hinge loss without clipping negative terms to 0."""
    terms = _margin_violations(args.scores, args.target, args.margin)
    return reduce_losses((terms**2 if args.squared else terms).sum(axis=-1), args.reduction)


def _hinge_of_worst_class(args: SolverArguments) -> NumberOrArray:
    """Return the hinge loss of only the wrong class with the highest score."""
    worst = _margin_violations(args.scores, args.target, args.margin).max(axis=-1)
    clipped = np.maximum(worst, ZERO)
    return reduce_losses(clipped**2 if args.squared else clipped, args.reduction)


def _hinge_divided_by_classes(args: SolverArguments) -> NumberOrArray:
    return hinge_loss(**vars(args)) / Fraction(np.shape(args.scores)[-1])


def _smoothed_label_over_other_classes(args: SolverArguments) -> NumberOrArray:
    """Return the label with the smoothing spread over the other classes only."""
    if args.num_classes == 1:
        raise SolverError("there are no other classes")
    label = smoothed_label(**{**vars(args), "smoothing": 0})
    spread = Fraction(args.smoothing)
    return simplify_fractions(label * (1 - spread) + (1 - label) * spread / (args.num_classes - 1))


def shift_classes_down(args: SolverArguments) -> object:
    """Return the targets minus one, for a student who counts the classes from one."""
    return np.asarray(args.target) - 1


def _huber_without_offset(args: SolverArguments) -> NumberOrArray:
    """Return the Huber loss with ``delta * |d|`` for large differences."""
    size, turn = abs(_subtract_target(args.prediction, args.target)), Fraction(args.delta)
    return reduce_losses(np.where(size <= turn, size**2 / 2, turn * size), args.reduction)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        mse,
        {
            **reduction_wrong_versions(mse),
            "root_taken": replace_formula(mse, lambda args: math.sqrt(mse(**vars(args)))),
            "half_added": _make_halved_loss_version(mse),
            "absolute_for_squared": replace_formula(mse, lambda args: mae(**vars(args))),
            "signs_cancelled": replace_formula(mse, _signed_error),
        },
    ),
    *build_wrong_versions(
        mae,
        {
            **reduction_wrong_versions(mae),
            "squared_for_absolute": replace_formula(mae, _squared_error),
            "signs_cancelled": replace_formula(mae, _signed_error),
        },
    ),
    *build_wrong_versions(
        huber_loss,
        {
            **reduction_wrong_versions(huber_loss),
            "one_branch": replace_formula(
                huber_loss, lambda args: _squared_error(args) / Fraction(2)
            ),
            "half_left_out": replace_formula(huber_loss, lambda args: 2 * huber_loss(**vars(args))),
            "half_threshold_dropped": replace_formula(huber_loss, _huber_without_offset),
        },
    ),
    *build_wrong_versions(
        hinge_loss,
        {
            **reduction_wrong_versions(hinge_loss),
            "margin_left_out": replace_arguments(hinge_loss, margin=0),
            "own_class_included": replace_formula(hinge_loss, _hinge_with_target_class),
            "not_clipped": replace_formula(hinge_loss, _unclipped_hinge),
            "terms_squared": replace_arguments(hinge_loss, squared=lambda args: not args.squared),
            "worst_class_only": replace_formula(hinge_loss, _hinge_of_worst_class),
            "divided_by_classes": replace_formula(hinge_loss, _hinge_divided_by_classes),
            "classes_from_one": replace_arguments(hinge_loss, target=shift_classes_down),
        },
    ),
    *build_wrong_versions(
        smoothed_label,
        {
            "smoothed_over_others": replace_formula(
                smoothed_label, _smoothed_label_over_other_classes
            ),
            "smoothing_left_out": replace_arguments(smoothed_label, smoothing=0),
            "classes_from_one": replace_arguments(smoothed_label, target=shift_classes_down),
        },
    ),
)
