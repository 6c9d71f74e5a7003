"""How far a model is from the truth: entropy and divergence of distributions, loss of a text.

Doubles. Source: Cover and Thomas, Elements of Information Theory (2006), chapter 2; the PyTorch
documentation of ``KLDivLoss``; Jelinek et al. (1977) for the perplexity.
"""

import math
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import Grid, array
from problems.solvers.cross_entropy import cross_entropy
from problems.solvers.exact_arrays import Plain, reduced
from problems.solvers.losses import reduction_twins
from problems.solvers.probabilities import (
    distribution,
    doubles,
    information,
    log_twins,
    shares,
    unit_of_log,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "entropy", "kl_divergence", "perplexity", "token_loss"]


def entropy(p: Grid, *, base: int | None = None) -> float:
    """Return the entropy of the distribution *p*: ``-sum(p_j * log(p_j))``, in nats or by *base*.

    An outcome of probability 0 adds nothing.

    >>> entropy([0.5, 0.25, 0.25], base=2)
    1.5
    """
    true = distribution(p, "p")
    if true.ndim != 1:
        raise SolverError(f"p has the shape {true.shape}, and is to be one distribution")
    return float(information(true, true).sum()) / unit_of_log(base)


def kl_divergence(p: Grid, q: Grid, *, base: int | None = None) -> float:
    """Return the divergence of *q* from the true distribution *p*: ``sum(p_j * log(p_j / q_j))``.

    Where q has 0 and p has not, it is infinite: `SolverError`.

    >>> round(kl_divergence([0.5, 0.5], [0.25, 0.75], base=2), 6)
    0.207519
    """
    true, other = distribution(p, "p"), distribution(q, "q")
    if true.ndim != 1 or true.shape != other.shape:
        raise SolverError(f"p has the shape {true.shape}, q the shape {other.shape}")
    nats = (information(true, other) - information(true, true)).sum()
    return float(nats) / unit_of_log(base)


def token_loss(probabilities: Grid, *, base: int | None = None, reduction: str = "mean") -> Plain:
    """Return the loss of a language model on a text: the mean of ``-log`` of its *probabilities*.

    They are those that the model gives the true tokens, (T,), one after the other. The *reduction*
    is ``mean``, ``sum``, or ``none`` for the loss of each token; nats unless *base* says 2 or 10.

    >>> token_loss([0.5, 0.125], base=2)
    2.0
    """
    return reduced(_surprises(probabilities) / unit_of_log(base), reduction)


def perplexity(probabilities: Grid) -> float:
    """Return the perplexity of a text: ``exp`` of the mean ``-log`` of its *probabilities*.

    They are those that a model gives the true tokens, one after the other.

    >>> round(perplexity([0.5, 0.125]), 6)
    4.0
    """
    return math.exp(float(_surprises(probabilities).mean()))


def _surprises(probabilities: Grid) -> Array:
    """Return ``-log`` of each of the *probabilities*, in nats."""
    cells = doubles(array(probabilities, "probabilities", ranks=(1,)), "probabilities")
    found = shares(cells, "probabilities", cells)
    return information(np.ones_like(found), found)


SOLVERS: Final[tuple[Solver, ...]] = (
    entropy,
    kl_divergence,
    token_loss,
    perplexity,
)

# What students do instead.


def _entropy_kept(given: SimpleNamespace) -> Plain:
    return cross_entropy(given.q, distribution(given.p, "p"), base=given.base)


def _mean(given: SimpleNamespace) -> float:
    """Return the mean probability, whose logarithm is no mean of logarithms."""
    return float(np.exp(-_surprises(given.probabilities)).mean())


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        entropy,
        {
            **log_twins(entropy),
            "unweighted_logarithms": instead(
                entropy,
                lambda g: token_loss(distribution(g.p, "p"), base=g.base, reduction="sum"),
            ),
            "even_distribution_taken": instead(
                entropy, lambda g: math.log(len(g.p)) / unit_of_log(g.base)
            ),
        },
    ),
    *twins_of(
        kl_divergence,
        {
            **log_twins(kl_divergence),
            "distributions_swapped": told(kl_divergence, p=lambda g: g.q, q=lambda g: g.p),
            "entropy_not_subtracted": instead(kl_divergence, _entropy_kept),
        },
    ),
    *twins_of(
        token_loss,
        {
            **log_twins(token_loss),
            **reduction_twins(token_loss),
            "probabilities_averaged": instead(
                token_loss, lambda g: -math.log(_mean(g)) / unit_of_log(g.base)
            ),
        },
    ),
    *twins_of(
        perplexity,
        {
            "probabilities_averaged": instead(perplexity, lambda g: 1 / _mean(g)),
            "loss_for_perplexity": instead(
                perplexity, lambda g: float(_surprises(g.probabilities).mean())
            ),
            "mean_left_out": instead(
                perplexity, lambda g: math.exp(float(_surprises(g.probabilities).sum()))
            ),
            "bases_mixed": instead(
                perplexity, lambda g: 2 ** float(_surprises(g.probabilities).mean())
            ),
        },
    ),
)
