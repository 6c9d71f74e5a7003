"""Entropy and divergence of distributions, and the loss and perplexity of a text.

Results are doubles. Source: Cover and Thomas, Elements of Information Theory (2006),
chapter 2; the PyTorch documentation of ``KLDivLoss``; Jelinek et al. (1977) for the
perplexity.
"""

import math
from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.bounds import Grid, as_array
from problems.solvers.cross_entropy import cross_entropy
from problems.solvers.exact_arrays import NumberOrArray, reduce_losses
from problems.solvers.losses import reduction_wrong_versions
from problems.solvers.probabilities import (
    as_distribution,
    as_doubles,
    as_probabilities,
    cross_entropy_terms,
    log_of_base,
    make_logarithm_wrong_versions,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def entropy(p: Grid, *, base: int | None = None) -> float:
    """Return the entropy of the distribution *p*: ``-sum(p_j * log(p_j))``.

    The result is in nats unless *base* is set. An outcome of probability 0 contributes
    nothing.

    >>> entropy([0.5, 0.25, 0.25], base=2)
    1.5
    """
    true = as_distribution(p, "p")
    if true.ndim != 1:
        raise SolverError(f"p has the shape {true.shape}, and is to be one distribution")
    return float(cross_entropy_terms(true, true).sum()) / log_of_base(base)


def kl_divergence(p: Grid, q: Grid, *, base: int | None = None) -> float:
    """Return the KL divergence of *q* from the true *p*: ``sum(p_j * log(p_j / q_j))``.

    Raise `SolverError` if it is infinite, because q is 0 where p is not.

    >>> round(kl_divergence([0.5, 0.5], [0.25, 0.75], base=2), 6)
    0.207519
    """
    true, other = as_distribution(p, "p"), as_distribution(q, "q")
    if true.ndim != 1 or true.shape != other.shape:
        raise SolverError(f"p has the shape {true.shape}, q the shape {other.shape}")
    nats = (cross_entropy_terms(true, other) - cross_entropy_terms(true, true)).sum()
    return float(nats) / log_of_base(base)


def token_loss(
    probabilities: Grid, *, base: int | None = None, reduction: str = "mean"
) -> NumberOrArray:
    """Return the loss of a language model on a text: the mean ``-log`` of *probabilities*.

    *probabilities* (T,) are those that the model assigns to the true tokens, in order.
    The *reduction* is ``mean``, ``sum``, or ``none`` for the loss of each token. The
    result is in nats unless *base* is 2 or 10.

    >>> token_loss([0.5, 0.125], base=2)
    2.0
    """
    return reduce_losses(_negative_logarithms(probabilities) / log_of_base(base), reduction)


def perplexity(probabilities: Grid) -> float:
    """Return the perplexity of a text: ``exp`` of the mean ``-log`` of *probabilities*.

    *probabilities* are those that a model assigns to the true tokens, in order.

    >>> round(perplexity([0.5, 0.125]), 6)
    4.0
    """
    return math.exp(float(_negative_logarithms(probabilities).mean()))


def _negative_logarithms(probabilities: Grid) -> Array:
    """Return ``-log`` of each of the *probabilities*, in nats."""
    cells = as_doubles(as_array(probabilities, "probabilities", ranks=(1,)), "probabilities")
    values = as_probabilities(cells, "probabilities", cells)
    return cross_entropy_terms(np.ones_like(values), values)


SOLVERS: Final[tuple[Solver, ...]] = (
    entropy,
    kl_divergence,
    token_loss,
    perplexity,
)

# What students do instead.


def _cross_entropy_for_divergence(args: SolverArguments) -> NumberOrArray:
    return cross_entropy(args.q, as_distribution(args.p, "p"), base=args.base)


def _mean_probability(args: SolverArguments) -> float:
    """Return the mean probability, whose logarithm is not the mean of the logarithms."""
    return float(np.exp(-_negative_logarithms(args.probabilities)).mean())


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        entropy,
        {
            **make_logarithm_wrong_versions(entropy),
            "unweighted_logarithms": replace_formula(
                entropy,
                lambda g: token_loss(as_distribution(g.p, "p"), base=g.base, reduction="sum"),
            ),
            "even_distribution_taken": replace_formula(
                entropy, lambda g: math.log(len(g.p)) / log_of_base(g.base)
            ),
        },
    ),
    *build_wrong_versions(
        kl_divergence,
        {
            **make_logarithm_wrong_versions(kl_divergence),
            "distributions_swapped": replace_arguments(
                kl_divergence, p=lambda g: g.q, q=lambda g: g.p
            ),
            "entropy_not_subtracted": replace_formula(kl_divergence, _cross_entropy_for_divergence),
        },
    ),
    *build_wrong_versions(
        token_loss,
        {
            **make_logarithm_wrong_versions(token_loss),
            **reduction_wrong_versions(token_loss),
            "probabilities_averaged": replace_formula(
                token_loss, lambda g: -math.log(_mean_probability(g)) / log_of_base(g.base)
            ),
        },
    ),
    *build_wrong_versions(
        perplexity,
        {
            "probabilities_averaged": replace_formula(
                perplexity, lambda g: 1 / _mean_probability(g)
            ),
            "loss_for_perplexity": replace_formula(
                perplexity, lambda g: float(_negative_logarithms(g.probabilities).mean())
            ),
            "mean_left_out": replace_formula(
                perplexity, lambda g: math.exp(float(_negative_logarithms(g.probabilities).sum()))
            ),
            "bases_mixed": replace_formula(
                perplexity, lambda g: 2 ** float(_negative_logarithms(g.probabilities).mean())
            ),
        },
    ),
)
