"""Gradients of a loss with respect to the logits of a network.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6.2, and the
PyTorch documentation of ``CrossEntropyLoss``. The values are doubles.
"""

from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.activations import softmax
from problems.solvers.bounds import Grid
from problems.solvers.cross_entropy import target_probabilities
from problems.solvers.probabilities import as_double_rows
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def softmax_cross_entropy_gradient(
    logits: Grid, target: int | Grid, *, reduction: str = "mean"
) -> Array:
    """Return the gradient of the softmax cross-entropy loss with respect to the logits.

    ``softmax(logits) - target``. *logits* (n) have as target a class, counted from 0,
    or probabilities (n). *logits* (B, n) have B classes or probabilities (B, n), and
    the gradient is divided by B unless *reduction* is ``sum``.

    >>> softmax_cross_entropy_gradient([0, 0], 1)
    array([ 0.5, -0.5])
    """
    scores = as_double_rows(logits, "logits")
    return (softmax(scores) - target_probabilities(target, scores)) / _count_averaged_rows(
        scores, reduction
    )


def _count_averaged_rows(scores: Array, reduction: str) -> int:
    if reduction not in {"mean", "sum"}:
        raise SolverError(f"reduction must be mean or sum, not {reduction}")
    return len(scores) if reduction == "mean" and scores.ndim > 1 else 1


# What students do instead.


def _gradient_without_target(args: SolverArguments) -> Array:
    scores = as_double_rows(args.logits, "logits")
    return softmax(scores) / _count_averaged_rows(scores, args.reduction)


def _gradient_without_softmax(args: SolverArguments) -> Array:
    scores = as_double_rows(args.logits, "logits")
    return (scores - target_probabilities(args.target, scores)) / _count_averaged_rows(
        scores, args.reduction
    )


SOLVERS: Final[tuple[Solver, ...]] = (softmax_cross_entropy_gradient,)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = build_wrong_versions(
    softmax_cross_entropy_gradient,
    {
        "target_not_subtracted": replace_formula(
            softmax_cross_entropy_gradient, _gradient_without_target
        ),
        "softmax_left_out": replace_formula(
            softmax_cross_entropy_gradient, _gradient_without_softmax
        ),
        "gradient_sign": replace_formula(
            softmax_cross_entropy_gradient,
            lambda args: -softmax_cross_entropy_gradient(**vars(args)),
        ),
        "sum_for_mean": replace_arguments(softmax_cross_entropy_gradient, reduction="sum"),
    },
)
