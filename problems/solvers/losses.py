"""Losses that are fractions: squared and absolute error, Huber, hinge; and smoothed labels.

Exact for exact input. Source: the PyTorch documentation of ``MSELoss``, ``L1Loss``, ``HuberLoss``
and ``MultiMarginLoss``; Crammer and Singer (2001) and Weston and Watkins (1999) for the hinge loss
of several classes; Szegedy et al., Rethinking the Inception Architecture (2016), for the labels.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

import numpy as np
import numpy.typing as npt

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Grid, fitting, flag, share, whole
from problems.solvers.exact_arrays import (
    Cells,
    Exact,
    Plain,
    exact_array,
    exact_number,
    matching,
    plain,
    reduced,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "hinge_loss",
    "huber_loss",
    "mae",
    "mse",
    "one_less",
    "reduction_twins",
    "smoothed_label",
    "target_classes",
]

MAX_CLASSES: Final = 1000
ZERO: Final = np.array(Fraction(0))


def mse(prediction: Cells, target: Cells, *, reduction: str = "mean") -> Plain:
    """Return the mean squared error, over all numbers of both, which have one shape.

    The *reduction* is ``mean``, ``sum``, or ``none`` for the square of each.

    >>> mse([1, 2], [3, 3])
    Fraction(5, 2)
    """
    return reduced(_difference(prediction, target) ** 2, reduction)


def mae(prediction: Cells, target: Cells, *, reduction: str = "mean") -> Plain:
    """Return the mean absolute error, over all numbers of both, which have one shape.

    The *reduction* is ``mean``, ``sum``, or ``none`` for the size of each.

    >>> mae([1, 2], [3, 3])
    Fraction(3, 2)
    """
    return reduced(abs(_difference(prediction, target)), reduction)


def huber_loss(
    prediction: Cells, target: Cells, *, delta: Cells = 1, reduction: str = "mean"
) -> Plain:
    """Return the Huber loss: ``d**2 / 2`` up to *delta*, then ``delta * (|d| - delta/2)``.

    At *delta* 1 it is the smooth L1 loss. The *reduction* is as in `mse`.

    >>> huber_loss([1, 2], [3, Fraction(5, 2)])
    Fraction(13, 16)
    """
    size, turn = abs(_difference(prediction, target)), exact_number(delta, "delta")
    if turn <= 0:
        raise SolverError(f"delta must be positive, not {turn}")
    near, far = size**2 / 2, turn * (size - turn / 2)
    return reduced(np.where(size <= turn, near, far), reduction)


def _difference(prediction: Cells, target: Cells) -> Exact:
    """Return what the prediction has more than the target."""
    one, two = matching(prediction, target, ("prediction", "target"))
    difference: Exact = one - two
    return difference


def hinge_loss(
    scores: Grid,
    target: int | Grid,
    *,
    margin: Cells = 1,
    squared: bool = False,
    reduction: str = "mean",
) -> Plain:
    """Return the hinge loss (SVM loss) of several classes: ``sum of max(0, s_j - s_y + margin)``.

    The sum goes over the wrong classes j; *scores* (C,) have one *target* y, counted from 0, scores
    (N, C) have N of them, and *reduction* says what becomes of their losses. PyTorch divides by C
    too; here nothing is. *squared* takes the square of each term.

    >>> hinge_loss([[3, 5, -1], [2, 1, 4]], [0, 2])
    Fraction(3, 2)
    """
    wrong = np.maximum(_margins(scores, target, margin), ZERO)
    return reduced((wrong**2 if flag(squared, "squared") else wrong).sum(axis=-1), reduction)


def _margins(scores: Grid, target: int | Grid, margin: Cells) -> Exact:
    """Return by how much each score comes too near to that of the target, whose own is 0."""
    rows = exact_array(scores, "scores", ranks=(1, 2))
    classes = target_classes(target, rows.shape)
    right = np.take_along_axis(rows, classes[..., None], axis=-1)
    found: Exact = rows - right + exact_number(margin, "margin")
    np.put_along_axis(found, classes[..., None], ZERO, axis=-1)
    return found


def target_classes(target: int | Grid, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return the right class of each row of scores of this *shape*, (C,) or (N, C).

    >>> target_classes([2, 0], (2, 3)).tolist()
    [2, 0]
    """
    found = np.asarray(target)
    if not np.issubdtype(found.dtype, np.integer) or found.shape != shape[:-1]:
        wanted = "one class" if len(shape) == 1 else f"{shape[0]} classes, one for each row"
        raise SolverError(f"target must be {wanted}, counted from 0")
    if found.min() < 0 or found.max() >= shape[-1]:
        raise SolverError(
            f"target must be from 0 to {shape[-1] - 1}: there are {shape[-1]} classes"
        )
    return found.astype(np.int64)


def smoothed_label(target: int, num_classes: int, *, smoothing: Cells) -> Plain:
    """Return the label of class *target*, counted from 0, as probabilities of all classes.

    ``1 - smoothing`` for the class, and ``smoothing / num_classes`` more for every class.

    >>> smoothed_label(0, 4, smoothing=Fraction(1, 10)).tolist()
    [Fraction(37, 40), Fraction(1, 40), Fraction(1, 40), Fraction(1, 40)]
    """
    classes = whole(num_classes, "num_classes")
    fitting((classes,), most=MAX_CLASSES)
    spread = Fraction(share(smoothing, "smoothing"))
    label = np.full(classes, spread / classes, dtype=object)
    label[target_classes(target, (classes,))] += 1 - spread
    return plain(label)


SOLVERS: Final[tuple[Solver, ...]] = (mse, mae, huber_loss, hinge_loss, smoothed_label)

# What students do instead.

REDUCTIONS: Final = {"sum_for_mean": "sum", "mean_for_sum": "mean"}


def reduction_twins(solver: Solver) -> dict[str, Solver]:
    """Return the twins of *solver* that reduce the losses in another way."""
    return {mistake: told(solver, reduction=other) for mistake, other in REDUCTIONS.items()}


def _half(solver: Callable[..., Plain]) -> Solver:
    """Return the twin of *solver* that puts a half before the loss."""
    return instead(solver, lambda given: solver(**vars(given)) / Fraction(2))


def _signed(given: SimpleNamespace) -> Plain:
    """Return the mean or sum of the differences with their signs."""
    return reduced(_difference(given.prediction, given.target), given.reduction)


def _squared(given: SimpleNamespace) -> Plain:
    return mse(given.prediction, given.target, reduction=given.reduction)


def _own_class_too(given: SimpleNamespace) -> Plain:
    """Return the hinge loss whose sum goes over the right class too: a margin more for each row."""
    rows = hinge_loss(**{**vars(given), "reduction": "none"})
    margin = exact_number(given.margin, "margin")
    return reduced(rows + (margin**2 if given.squared else margin), given.reduction)


def _not_clipped(given: SimpleNamespace) -> Plain:
    """Return the hinge loss with the negative terms kept."""
    terms = _margins(given.scores, given.target, given.margin)
    return reduced((terms**2 if given.squared else terms).sum(axis=-1), given.reduction)


def _worst_only(given: SimpleNamespace) -> Plain:
    """Return the hinge loss of the wrong class with the highest score."""
    worst = _margins(given.scores, given.target, given.margin).max(axis=-1)
    clipped = np.maximum(worst, ZERO)
    return reduced(clipped**2 if given.squared else clipped, given.reduction)


def _by_classes(given: SimpleNamespace) -> Plain:
    return hinge_loss(**vars(given)) / Fraction(np.shape(given.scores)[-1])


def _over_the_others(given: SimpleNamespace) -> Plain:
    """Return the label that spreads the smoothing over the other classes alone."""
    if given.num_classes == 1:
        raise SolverError("there are no other classes")
    label = smoothed_label(**{**vars(given), "smoothing": 0})
    spread = Fraction(given.smoothing)
    return plain(label * (1 - spread) + (1 - label) * spread / (given.num_classes - 1))


def one_less(given: SimpleNamespace) -> object:
    """Return the targets of a student who counts the classes from one."""
    return np.asarray(given.target) - 1


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        mse,
        {
            **reduction_twins(mse),
            "root_taken": instead(mse, lambda given: math.sqrt(mse(**vars(given)))),
            "half_added": _half(mse),
            "absolute_for_squared": instead(mse, lambda given: mae(**vars(given))),
            "signs_cancelled": instead(mse, _signed),
        },
    ),
    *twins_of(
        mae,
        {
            **reduction_twins(mae),
            "squared_for_absolute": instead(mae, _squared),
            "signs_cancelled": instead(mae, _signed),
        },
    ),
    *twins_of(
        huber_loss,
        {
            **reduction_twins(huber_loss),
            "one_branch": instead(huber_loss, lambda given: _squared(given) / Fraction(2)),
            "half_left_out": instead(huber_loss, lambda given: 2 * huber_loss(**vars(given))),
        },
    ),
    *twins_of(
        hinge_loss,
        {
            **reduction_twins(hinge_loss),
            "margin_left_out": told(hinge_loss, margin=0),
            "own_class_included": instead(hinge_loss, _own_class_too),
            "not_clipped": instead(hinge_loss, _not_clipped),
            "terms_squared": told(hinge_loss, squared=lambda given: not given.squared),
            "worst_class_only": instead(hinge_loss, _worst_only),
            "divided_by_classes": instead(hinge_loss, _by_classes),
            "classes_from_one": told(hinge_loss, target=one_less),
        },
    ),
    *twins_of(
        smoothed_label,
        {
            "smoothed_over_others": instead(smoothed_label, _over_the_others),
            "smoothing_left_out": told(smoothed_label, smoothing=0),
            "classes_from_one": told(smoothed_label, target=one_less),
        },
    ),
)
