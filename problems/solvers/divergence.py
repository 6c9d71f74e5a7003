"""How far a model is from the truth: the divergence of distributions, the perplexity of a text.

Doubles. Source: Kullback and Leibler (1951), the PyTorch documentation of ``KLDivLoss``; Jelinek et
al. (1977) for the perplexity.
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
from problems.solvers.exact_arrays import Plain
from problems.solvers.probabilities import (
    distribution,
    doubles,
    information,
    log_twins,
    shares,
    unit_of_log,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "kl_divergence", "perplexity"]


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


SOLVERS: Final[tuple[Solver, ...]] = (kl_divergence, perplexity)

# What students do instead.


def _entropy_kept(given: SimpleNamespace) -> Plain:
    return cross_entropy(given.q, distribution(given.p, "p"), base=given.base)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        kl_divergence,
        {
            **log_twins(kl_divergence),
            "distributions_swapped": told(kl_divergence, p=lambda g: g.q, q=lambda g: g.p),
            "entropy_not_subtracted": instead(kl_divergence, _entropy_kept),
        },
    ),
    *twins_of(
        perplexity,
        {
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
