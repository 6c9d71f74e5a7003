"""Losses of probabilities: cross-entropy of classes, with or without the softmax, and binary.

Doubles. Logarithms are natural unless *base* says 2 or 10. Source: the PyTorch documentation of
``CrossEntropyLoss``, ``BCELoss`` and ``BCEWithLogitsLoss``.
"""

from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.activations import softmax
from problems.solvers.bounds import Grid, flag, share
from problems.solvers.exact_arrays import Cells, Plain, reduced
from problems.solvers.losses import one_less, reduction_twins, target_classes
from problems.solvers.probabilities import (
    distribution,
    doubles,
    information,
    log_softmax,
    log_twins,
    rows_of_doubles,
    shares,
    unit_of_log,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "binary_cross_entropy",
    "cross_entropy",
    "softmax_cross_entropy",
    "true_shares",
]


def softmax_cross_entropy(
    logits: Grid,
    target: int | Grid,
    *,
    label_smoothing: Number = 0,
    base: int | None = None,
    reduction: str = "mean",
) -> Plain:
    """Return the cross-entropy of the softmax of *logits*: ``-log(exp(z_y) / sum(exp(z_j)))``.

    *logits* (C,) have one *target* y, counted from 0; logits (N, C) have N of them, and *reduction*
    is ``mean``, ``sum`` or ``none``. A target of the shape of the logits holds probabilities.
    *label_smoothing* mixes as much of equal probabilities into the target.

    >>> round(softmax_cross_entropy([2, 1, 0], 0), 6)
    0.407606
    """
    rows = rows_of_doubles(logits, "logits")
    smoothing = float(share(label_smoothing, "label_smoothing"))
    wanted = (1 - smoothing) * true_shares(target, rows) + smoothing / rows.shape[-1]
    losses = -(wanted * log_softmax(rows)).sum(axis=-1) / unit_of_log(base)
    return reduced(losses, reduction)


def cross_entropy(
    probabilities: Grid,
    target: int | Grid,
    *,
    base: int | None = None,
    reduction: str = "mean",
) -> Plain:
    """Return the cross-entropy of *probabilities*: ``-log(p_y)``, or ``-sum(t_j * log(p_j))``.

    Shapes, *target* and *reduction* are as in `softmax_cross_entropy`, but each row must add up to
    1. Where a class with probability 0 is right the loss is infinite: `SolverError`.

    >>> round(cross_entropy([0.5, 0.25, 0.25], 1, base=2), 6)
    2.0
    """
    rows = distribution(probabilities, "probabilities")
    losses = information(true_shares(target, rows), rows).sum(axis=-1) / unit_of_log(base)
    return reduced(losses, reduction)


def binary_cross_entropy(
    prediction: Cells,
    target: Cells,
    *,
    logits: bool = False,
    base: int | None = None,
    reduction: str = "mean",
) -> Plain:
    """Return the binary cross-entropy ``-(t*log(p) + (1-t)*log(1-p))`` over all numbers.

    The *prediction* is a probability p, or with *logits* what the sigmoid makes p of; *target* has
    its shape. An infinite loss is a `SolverError`.

    >>> round(binary_cross_entropy([0.9, 0.2], [1, 0]), 6)
    0.164252
    """
    given = doubles(prediction, "prediction")
    wanted = shares(target, "target", given)
    if flag(logits, "logits"):
        losses = np.logaddexp(0, given) - wanted * given
    else:
        found = shares(prediction, "prediction", given)
        losses = information(wanted, found) + information(1 - wanted, 1 - found)
    return reduced(losses / unit_of_log(base), reduction)


def true_shares(target: int | Grid, rows: Array) -> Array:
    """Return the true probabilities of all classes, in the shape of *rows*.

    A *target* names the class of each row, counted from 0, or holds the probabilities themselves.

    >>> true_shares(1, np.zeros(3))
    array([0., 1., 0.])
    """
    given = np.asarray(target)
    if given.shape == rows.shape:
        return distribution(given, "target")
    label = np.zeros_like(rows)
    classes = target_classes(given, rows.shape)
    np.put_along_axis(label, classes[..., None], 1, axis=-1)
    return label


SOLVERS: Final[tuple[Solver, ...]] = (
    softmax_cross_entropy,
    cross_entropy,
    binary_cross_entropy,
)

# What students do instead.


def _on_logits(rows: Array, given: SimpleNamespace) -> Plain:
    """Return the losses of the logits where *rows* take the place of the probabilities."""
    wanted = true_shares(given.target, rows)
    losses = information(wanted, rows).sum(axis=-1) / unit_of_log(given.base)
    return reduced(losses, given.reduction)


def _without_softmax(given: SimpleNamespace) -> Plain:
    return _on_logits(rows_of_doubles(given.logits, "logits"), given)


def _without_exponential(given: SimpleNamespace) -> Plain:
    """Return the loss of logits that are divided by their sum."""
    rows = rows_of_doubles(given.logits, "logits")
    sums = rows.sum(axis=-1, keepdims=True)
    if not sums.all():
        raise SolverError("the logits add up to nothing")
    return _on_logits(rows / sums, given)


def _probability(given: SimpleNamespace) -> Plain:
    """Return the probability of the target where its loss is asked for."""
    rows = softmax(rows_of_doubles(given.logits, "logits"))
    return reduced((true_shares(given.target, rows) * rows).sum(axis=-1), given.reduction)


def _every_class(given: SimpleNamespace) -> Plain:
    """Return the binary cross-entropy of all classes together."""
    rows = distribution(given.probabilities, "probabilities")
    wanted = true_shares(given.target, rows)
    losses = information(wanted, rows) + information(1 - wanted, 1 - rows)
    return reduced(losses.sum(axis=-1) / unit_of_log(given.base), given.reduction)


def _true_probability(given: SimpleNamespace) -> Plain:
    """Return the probability of the target itself."""
    rows = distribution(given.probabilities, "probabilities")
    return reduced((true_shares(given.target, rows) * rows).sum(axis=-1), given.reduction)


def _all_logarithms(given: SimpleNamespace) -> Plain:
    """Return the sum of the logarithms of all probabilities, whatever the target is."""
    rows = distribution(given.probabilities, "probabilities")
    losses = information(np.ones_like(rows), rows).sum(axis=-1) / unit_of_log(given.base)
    return reduced(losses, given.reduction)


def _exchanged_targets(given: SimpleNamespace) -> Array:
    """Return the targets that are 1 where the true ones are 0, and the reverse."""
    return 1 - doubles(given.target, "target")


def _positive_only(given: SimpleNamespace) -> Plain:
    """Return the binary cross-entropy without the term of the targets that are 0."""
    cells = doubles(given.prediction, "prediction")
    found = 1 / (1 + np.exp(-cells)) if given.logits else shares(cells, "prediction", cells)
    wanted = shares(given.target, "target", cells)
    return reduced(information(wanted, found) / unit_of_log(given.base), given.reduction)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        softmax_cross_entropy,
        {
            **log_twins(softmax_cross_entropy),
            **reduction_twins(softmax_cross_entropy),
            "softmax_left_out": instead(softmax_cross_entropy, _without_softmax),
            "softmax_without_powers": instead(softmax_cross_entropy, _without_exponential),
            "probability_for_loss": instead(softmax_cross_entropy, _probability),
            "smoothing_left_out": told(softmax_cross_entropy, label_smoothing=0),
            "classes_from_one": told(softmax_cross_entropy, target=one_less),
        },
    ),
    *twins_of(
        cross_entropy,
        {
            **log_twins(cross_entropy),
            **reduction_twins(cross_entropy),
            "binary_for_categorical": instead(cross_entropy, _every_class),
            "probability_for_loss": instead(cross_entropy, _true_probability),
            "target_ignored": instead(cross_entropy, _all_logarithms),
            "classes_from_one": told(cross_entropy, target=one_less),
        },
    ),
    *twins_of(
        binary_cross_entropy,
        {
            **log_twins(binary_cross_entropy),
            **reduction_twins(binary_cross_entropy),
            "negative_term_left_out": instead(binary_cross_entropy, _positive_only),
            "logits_for_probabilities": told(binary_cross_entropy, logits=False),
            "sigmoid_twice": told(binary_cross_entropy, logits=True),
            "target_ignored": told(
                binary_cross_entropy,
                target=lambda given: np.ones_like(doubles(given.target, "target")),
            ),
            "targets_exchanged": told(binary_cross_entropy, target=_exchanged_targets),
        },
    ),
)
