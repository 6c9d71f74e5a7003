"""Cross-entropy losses: of classes, with or without the softmax, and binary.

Results are doubles. Logarithms are natural unless *base* is 2 or 10. Source: the
PyTorch documentation of ``CrossEntropyLoss``, ``BCELoss`` and ``BCEWithLogitsLoss``.
"""

from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.activations import softmax
from problems.solvers.bounds import Grid, as_proportion, require_bool
from problems.solvers.exact_arrays import NumberOrArray, NumberOrGrid, reduce_losses
from problems.solvers.losses import as_target_classes, reduction_wrong_versions, shift_classes_down
from problems.solvers.probabilities import (
    as_distribution,
    as_double_rows,
    as_doubles,
    as_probabilities,
    cross_entropy_terms,
    log_of_base,
    log_softmax,
    make_logarithm_wrong_versions,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def softmax_cross_entropy(
    logits: Grid,
    target: int | Grid,
    *,
    label_smoothing: Number = 0,
    base: int | None = None,
    reduction: str = "mean",
) -> NumberOrArray:
    """Return the cross-entropy of the softmax: ``-log(exp(z_y) / sum(exp(z_j)))``.

    *logits* (C,) have one *target* y, counted from 0; logits (N, C) have N targets, and
    *reduction* is ``mean``, ``sum`` or ``none``. A target with the shape of the logits
    holds probabilities. *label_smoothing* is the weight of the uniform distribution
    that is mixed into the target.

    >>> round(softmax_cross_entropy([2, 1, 0], 0), 6)
    0.407606
    """
    rows = as_double_rows(logits, "logits")
    smoothing = float(as_proportion(label_smoothing, "label_smoothing"))
    wanted = (1 - smoothing) * target_probabilities(target, rows) + smoothing / rows.shape[-1]
    losses = -(wanted * log_softmax(rows)).sum(axis=-1) / log_of_base(base)
    return reduce_losses(losses, reduction)


def cross_entropy(
    probabilities: Grid,
    target: int | Grid,
    *,
    base: int | None = None,
    reduction: str = "mean",
) -> NumberOrArray:
    """Return the cross-entropy of *probabilities* p with respect to a *target*.

    ``-log(p_y)`` for a class y, or ``-sum(t_j * log(p_j))`` for probabilities t.
    Shapes, *target* and *reduction* are as in `softmax_cross_entropy`, but each row
    must sum to 1. Raise `SolverError` if the loss is infinite because a target class
    has probability 0.

    >>> round(cross_entropy([0.5, 0.25, 0.25], 1, base=2), 6)
    2.0
    """
    rows = as_distribution(probabilities, "probabilities")
    losses = cross_entropy_terms(target_probabilities(target, rows), rows).sum(
        axis=-1
    ) / log_of_base(base)
    return reduce_losses(losses, reduction)


def binary_cross_entropy(
    prediction: NumberOrGrid,
    target: NumberOrGrid,
    *,
    logits: bool = False,
    base: int | None = None,
    reduction: str = "mean",
) -> NumberOrArray:
    """Return the binary cross-entropy ``-(t*log(p) + (1-t)*log(1-p))`` over all numbers.

    The *prediction* is a probability p, or with *logits* the logit whose sigmoid is p;
    *target* has its shape. Raise `SolverError` if the loss is infinite.

    >>> round(binary_cross_entropy([0.9, 0.2], [1, 0]), 6)
    0.164252
    """
    cells = as_doubles(prediction, "prediction")
    wanted = as_probabilities(target, "target", cells)
    if require_bool(logits, "logits"):
        losses = np.logaddexp(0, cells) - wanted * cells
    else:
        probabilities = as_probabilities(prediction, "prediction", cells)
        losses = cross_entropy_terms(wanted, probabilities) + cross_entropy_terms(
            1 - wanted, 1 - probabilities
        )
    return reduce_losses(losses / log_of_base(base), reduction)


def target_probabilities(target: int | Grid, rows: Array) -> Array:
    """Return the target as probabilities of all classes, in the shape of *rows*.

    A *target* is the class of each row, counted from 0, or the probabilities
    themselves.

    >>> target_probabilities(1, np.zeros(3))
    array([0., 1., 0.])
    """
    targets = np.asarray(target)
    if targets.shape == rows.shape:
        return as_distribution(targets, "target")
    label = np.zeros_like(rows)
    classes = as_target_classes(targets, rows.shape)
    np.put_along_axis(label, classes[..., None], 1, axis=-1)
    return label


SOLVERS: Final[tuple[Solver, ...]] = (
    softmax_cross_entropy,
    cross_entropy,
    binary_cross_entropy,
)

# What students do instead.


def _loss_of_probabilities(rows: Array, args: SolverArguments) -> NumberOrArray:
    """Return the cross-entropy with *rows* used as the probabilities."""
    wanted = target_probabilities(args.target, rows)
    losses = cross_entropy_terms(wanted, rows).sum(axis=-1) / log_of_base(args.base)
    return reduce_losses(losses, args.reduction)


def _loss_without_softmax(args: SolverArguments) -> NumberOrArray:
    return _loss_of_probabilities(as_double_rows(args.logits, "logits"), args)


def _loss_without_exponential(args: SolverArguments) -> NumberOrArray:
    """Return the loss of logits divided by their sum instead of the softmax."""
    rows = as_double_rows(args.logits, "logits")
    sums = rows.sum(axis=-1, keepdims=True)
    if not sums.all():
        raise SolverError("the logits add up to nothing")
    return _loss_of_probabilities(rows / sums, args)


def _softmax_probability_instead_of_loss(args: SolverArguments) -> NumberOrArray:
    """Return the softmax probability of the target instead of its loss."""
    rows = softmax(as_double_rows(args.logits, "logits"))
    return reduce_losses(
        (target_probabilities(args.target, rows) * rows).sum(axis=-1), args.reduction
    )


def _binary_loss_of_classes(args: SolverArguments) -> NumberOrArray:
    """Return the binary cross-entropy summed over all classes."""
    rows = as_distribution(args.probabilities, "probabilities")
    wanted = target_probabilities(args.target, rows)
    losses = cross_entropy_terms(wanted, rows) + cross_entropy_terms(1 - wanted, 1 - rows)
    return reduce_losses(losses.sum(axis=-1) / log_of_base(args.base), args.reduction)


def _probability_instead_of_loss(args: SolverArguments) -> NumberOrArray:
    """Return the probability of the target instead of its loss."""
    rows = as_distribution(args.probabilities, "probabilities")
    return reduce_losses(
        (target_probabilities(args.target, rows) * rows).sum(axis=-1), args.reduction
    )


def _sum_all_logarithms(args: SolverArguments) -> NumberOrArray:
    """Return the negative sum of the logarithms of all probabilities, ignoring the target."""
    rows = as_distribution(args.probabilities, "probabilities")
    losses = cross_entropy_terms(np.ones_like(rows), rows).sum(axis=-1) / log_of_base(args.base)
    return reduce_losses(losses, args.reduction)


def _invert_targets(args: SolverArguments) -> Array:
    """Return the targets with 0 and 1 swapped."""
    return 1 - as_doubles(args.target, "target")


def _loss_of_positives(args: SolverArguments) -> NumberOrArray:
    """Return the binary cross-entropy without the term for targets of 0."""
    cells = as_doubles(args.prediction, "prediction")
    probabilities = (
        1 / (1 + np.exp(-cells)) if args.logits else as_probabilities(cells, "prediction", cells)
    )
    wanted = as_probabilities(args.target, "target", cells)
    return reduce_losses(
        cross_entropy_terms(wanted, probabilities) / log_of_base(args.base), args.reduction
    )


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        softmax_cross_entropy,
        {
            **make_logarithm_wrong_versions(softmax_cross_entropy),
            **reduction_wrong_versions(softmax_cross_entropy),
            "softmax_left_out": replace_formula(softmax_cross_entropy, _loss_without_softmax),
            "softmax_without_powers": replace_formula(
                softmax_cross_entropy, _loss_without_exponential
            ),
            "probability_for_loss": replace_formula(
                softmax_cross_entropy, _softmax_probability_instead_of_loss
            ),
            "smoothing_left_out": replace_arguments(softmax_cross_entropy, label_smoothing=0),
            "classes_from_one": replace_arguments(softmax_cross_entropy, target=shift_classes_down),
        },
    ),
    *build_wrong_versions(
        cross_entropy,
        {
            **make_logarithm_wrong_versions(cross_entropy),
            **reduction_wrong_versions(cross_entropy),
            "binary_for_categorical": replace_formula(cross_entropy, _binary_loss_of_classes),
            "probability_for_loss": replace_formula(cross_entropy, _probability_instead_of_loss),
            "target_ignored": replace_formula(cross_entropy, _sum_all_logarithms),
            "classes_from_one": replace_arguments(cross_entropy, target=shift_classes_down),
        },
    ),
    *build_wrong_versions(
        binary_cross_entropy,
        {
            **make_logarithm_wrong_versions(binary_cross_entropy),
            **reduction_wrong_versions(binary_cross_entropy),
            "negative_term_left_out": replace_formula(binary_cross_entropy, _loss_of_positives),
            "logits_for_probabilities": replace_arguments(binary_cross_entropy, logits=False),
            "sigmoid_twice": replace_arguments(binary_cross_entropy, logits=True),
            "target_ignored": replace_arguments(
                binary_cross_entropy,
                target=lambda args: np.ones_like(as_doubles(args.target, "target")),
            ),
            "targets_exchanged": replace_arguments(binary_cross_entropy, target=_invert_targets),
        },
    ),
)
