"""Word vectors as word2vec learns them: parameters, pairs of words, the loss of negative samples.

Counts are exact, losses and powers doubles. Source: Mikolov et al., Efficient Estimation of Word
Representations in Vector Space (2013), and Distributed Representations of Words and Phrases (2013).
"""

from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array, share, whole
from problems.solvers.probabilities import doubles, log_softmax, log_twins, moderate, unit_of_log
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "negative_sampling_loss",
    "noise_distribution",
    "skip_gram_pairs",
    "skip_gram_params",
]

VECTOR, VECTORS = (1,), (2,)

Doubles: TypeAlias = npt.NDArray[np.float64]


def skip_gram_params(vocabulary: int, embedding_dim: int) -> int:
    """Return the parameters of a skip-gram model: ``2 * vocabulary * embedding_dim``.

    Each word has a vector as a centre and another as a context; there are no biases.

    >>> skip_gram_params(10_000, 300)
    6000000
    """
    return 2 * whole(vocabulary, "vocabulary") * whole(embedding_dim, "embedding_dim")


def skip_gram_pairs(length: int, window: int) -> int:
    """Return how many pairs of centre and context a text of *length* words gives.

    A word is paired with up to *window* words on each side of it, fewer at the ends of the text:
    ``2 * window * length - window * (window + 1)`` where the text is longer than the window.

    >>> skip_gram_pairs(5, 2)
    14
    """
    words, reach = whole(length, "length"), min(whole(window, "window"), length - 1)
    return 2 * reach * words - reach * (reach + 1)


def noise_distribution(counts: Grid, *, power: Number = Fraction(3, 4)) -> Doubles:
    """Return the probabilities of words as negative samples: ``count**power`` over their sum.

    >>> noise_distribution([16, 1]).round(6).tolist()
    [0.888889, 0.111111]
    """
    powers = _powers(counts, power)
    shares: Doubles = powers / powers.sum()
    return shares


def _powers(counts: Grid, power: Number) -> Doubles:
    """Return the powers of the counts, which are not all 0."""
    found = doubles(array(counts, "counts", ranks=VECTOR), "counts")
    if found.min() < 0 or not found.any():
        raise SolverError("counts must not be negative, nor all be 0")
    powers: Doubles = np.power(found.astype(np.float64), float(share(power, "power")))
    return powers


def negative_sampling_loss(
    centre: Grid, context: Grid, negatives: Grid, *, base: int | None = None
) -> float:
    """Return the loss of a pair with its negative samples.

    ``-log(s(u·v)) - sum(log(s(-u_k·v)))`` with the sigmoid s, the vector v of the *centre* (d,), u
    of the true *context* (d,), and the rows u_k of the *negatives* (K, d). Nats, or by *base*.

    >>> round(negative_sampling_loss([1, 2], [0, 0], [[0, 0], [2, -1]]), 6)
    2.079442
    """
    return _loss(SimpleNamespace(centre=centre, context=context, negatives=negatives, base=base))


def _loss(given: SimpleNamespace, *, sign: int = -1, weight: float = 1) -> float:
    """Return the loss with the scores of negatives times *sign*, their terms times *weight*."""
    positive, others = _scores(given)
    losses = np.logaddexp(0, -positive) + weight * np.logaddexp(0, -sign * others).sum()
    return float(losses) / unit_of_log(given.base)


def _scores(given: SimpleNamespace) -> tuple[float, Array]:
    """Return the product of the centre with its context, and with each negative sample."""
    centre = doubles(array(given.centre, "centre", ranks=VECTOR), "centre")
    context = doubles(array(given.context, "context", ranks=VECTOR), "context")
    others = doubles(array(given.negatives, "negatives", ranks=VECTORS), "negatives")
    if context.shape != centre.shape or others.shape[1:] != centre.shape:
        raise SolverError(
            f"centre has the shape {centre.shape}, context {context.shape}, each of the negatives "
            f"{others.shape[1:]}"
        )
    scores = others @ centre
    moderate(scores, "negatives")
    return float(context @ centre), scores


SOLVERS: Final[tuple[Solver, ...]] = (
    skip_gram_params,
    skip_gram_pairs,
    noise_distribution,
    negative_sampling_loss,
)

# What students do instead.


def _beyond_the_ends(given: SimpleNamespace) -> int:
    """Return the pairs of a text without ends."""
    return 2 * whole(given.window, "window") * whole(given.length, "length")


def _averaged(given: SimpleNamespace) -> float:
    """Return the loss with the mean over the negatives in place of their sum."""
    _, others = _scores(given)
    return _loss(given, weight=1 / len(others))


def _softmax_loss(given: SimpleNamespace) -> float:
    """Return the cross-entropy of the context among it and the negatives."""
    positive, others = _scores(given)
    return float(-log_softmax(np.array([positive, *others]))[0]) / unit_of_log(given.base)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        skip_gram_params,
        {
            "one_table": instead(skip_gram_params, lambda g: skip_gram_params(**vars(g)) // 2),
            "output_biased": instead(
                skip_gram_params, lambda g: skip_gram_params(**vars(g)) + g.vocabulary
            ),
        },
    ),
    *twins_of(
        skip_gram_pairs,
        {
            "text_without_ends": instead(skip_gram_pairs, _beyond_the_ends),
            "centre_counted": instead(
                skip_gram_pairs, lambda g: skip_gram_pairs(**vars(g)) + g.length
            ),
            "one_side": instead(skip_gram_pairs, lambda g: skip_gram_pairs(**vars(g)) // 2),
        },
    ),
    *twins_of(
        noise_distribution,
        {
            "power_left_out": told(noise_distribution, power=1),
            "powers_not_divided": instead(noise_distribution, lambda g: _powers(g.counts, g.power)),
            "even_samples": told(noise_distribution, power=0),
        },
    ),
    *twins_of(
        negative_sampling_loss,
        {
            **log_twins(negative_sampling_loss),
            "negatives_as_contexts": instead(negative_sampling_loss, partial(_loss, sign=1)),
            "negatives_left_out": instead(negative_sampling_loss, partial(_loss, weight=0)),
            "negatives_averaged": instead(negative_sampling_loss, _averaged),
            "softmax_for_sigmoid": instead(negative_sampling_loss, _softmax_loss),
        },
    ),
)
