"""Gradients of a loss with respect to the scores that a network gives.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6.2, and the PyTorch
documentation of ``CrossEntropyLoss``. The values are doubles.
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.activations import softmax
from problems.solvers.bounds import Grid
from problems.solvers.cross_entropy import true_shares
from problems.solvers.probabilities import rows_of_doubles
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "softmax_cross_entropy_gradient"]


def softmax_cross_entropy_gradient(
    logits: Grid, target: int | Grid, *, reduction: str = "mean"
) -> Array:
    """Return the gradient with respect to the scores of the softmax and its cross-entropy loss.

    ``softmax(logits) - target``: *logits* (n) with the number of a class, counted from 0, or with
    the probabilities (n); *logits* (B, n) with B classes or (B, n) probabilities, divided by B
    unless *reduction* is ``sum``.

    >>> softmax_cross_entropy_gradient([0, 0], 1)
    array([ 0.5, -0.5])
    """
    scores = rows_of_doubles(logits, "logits")
    return (softmax(scores) - true_shares(target, scores)) / _examples(scores, reduction)


def _examples(scores: Array, reduction: str) -> int:
    if reduction not in {"mean", "sum"}:
        raise SolverError(f"reduction must be mean or sum, not {reduction}")
    return len(scores) if reduction == "mean" and scores.ndim > 1 else 1


# What students do instead.


def _without_target(given: SimpleNamespace) -> Array:
    scores = rows_of_doubles(given.logits, "logits")
    return softmax(scores) / _examples(scores, given.reduction)


def _without_softmax(given: SimpleNamespace) -> Array:
    scores = rows_of_doubles(given.logits, "logits")
    return (scores - true_shares(given.target, scores)) / _examples(scores, given.reduction)


SOLVERS: Final[tuple[Solver, ...]] = (softmax_cross_entropy_gradient,)

TWINS: Final[tuple[Twin, ...]] = twins_of(
    softmax_cross_entropy_gradient,
    {
        "target_not_subtracted": instead(softmax_cross_entropy_gradient, _without_target),
        "softmax_left_out": instead(softmax_cross_entropy_gradient, _without_softmax),
        "gradient_sign": instead(
            softmax_cross_entropy_gradient,
            lambda given: -softmax_cross_entropy_gradient(**vars(given)),
        ),
        "sum_for_mean": told(softmax_cross_entropy_gradient, reduction="sum"),
    },
)
