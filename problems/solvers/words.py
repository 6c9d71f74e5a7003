"""Word2vec: parameters, skip-gram pairs, noise distribution, negative-sampling loss.

Counts are exact; losses and powers are doubles. Source: Mikolov et al., Efficient
Estimation of Word Representations in Vector Space (2013), and Distributed
Representations of Words and Phrases (2013).
"""

from fractions import Fraction
from functools import partial
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array, as_integer, as_proportion
from problems.solvers.probabilities import (
    as_doubles,
    check_magnitude,
    log_of_base,
    log_softmax,
    make_logarithm_wrong_versions,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

VECTOR_RANK, MATRIX_RANK = (1,), (2,)

DoubleVector: TypeAlias = npt.NDArray[np.float64]


def skip_gram_params(vocabulary: int, embedding_dim: int) -> int:
    """Return the parameters of a skip-gram model: ``2 * vocabulary * embedding_dim``.

    Each word has one vector as a center and one as a context; there are no biases.

    >>> skip_gram_params(10_000, 300)
    6000000
    """
    return 2 * as_integer(vocabulary, "vocabulary") * as_integer(embedding_dim, "embedding_dim")


def skip_gram_pairs(length: int, window: int) -> int:
    """Return the number of (center, context) pairs in a text of *length* words.

    Each word pairs with up to *window* words on each side, fewer at the ends of the
    text: ``2 * window * length - window * (window + 1)`` if the text is longer than the
    window.

    >>> skip_gram_pairs(5, 2)
    14
    """
    words, reach = as_integer(length, "length"), min(as_integer(window, "window"), length - 1)
    return 2 * reach * words - reach * (reach + 1)


def noise_distribution(counts: Grid, *, power: Number = Fraction(3, 4)) -> DoubleVector:
    """Return the probability of each word as a negative sample.

    The probability is ``count**power``, divided by the sum over all words.

    >>> noise_distribution([16, 1]).round(6).tolist()
    [0.888889, 0.111111]
    """
    powers = _powers_of_counts(counts, power)
    shares: DoubleVector = powers / powers.sum()
    return shares


def _powers_of_counts(counts: Grid, power: Number) -> DoubleVector:
    """Return ``count**power`` per word; reject negative counts and all zeros."""
    cells = as_doubles(as_array(counts, "counts", ranks=VECTOR_RANK), "counts")
    if cells.min() < 0 or not cells.any():
        raise SolverError("counts must not be negative, nor all be 0")
    powers: DoubleVector = np.power(cells.astype(np.float64), float(as_proportion(power, "power")))
    return powers


def negative_sampling_loss(
    centre: Grid, context: Grid, negatives: Grid, *, base: int | None = None
) -> float:
    """Return the loss of one (center, context) pair with its negative samples.

    ``-log(s(u·v)) - sum(log(s(-u_k·v)))`` with the sigmoid s, the vector v of the
    *centre* (d,), the vector u of the true *context* (d,), and the rows u_k of the
    *negatives* (K, d). Logarithms are natural, or to *base*.

    >>> round(negative_sampling_loss([1, 2], [0, 0], [[0, 0], [2, -1]]), 6)
    2.079442
    """
    return _sampling_loss(
        SolverArguments(centre=centre, context=context, negatives=negatives, base=base)
    )


def _sampling_loss(args: SolverArguments, *, sign: int = -1, weight: float = 1) -> float:
    """Return the loss, with *sign* for the negative scores and *weight* for their terms."""
    positive, others = _score_context_and_negatives(args)
    losses = np.logaddexp(0, -positive) + weight * np.logaddexp(0, -sign * others).sum()
    return float(losses) / log_of_base(args.base)


def _score_context_and_negatives(args: SolverArguments) -> tuple[float, Array]:
    """Return the dot product of the center with its context, and with each negative."""
    centre = as_doubles(as_array(args.centre, "centre", ranks=VECTOR_RANK), "centre")
    context = as_doubles(as_array(args.context, "context", ranks=VECTOR_RANK), "context")
    others = as_doubles(as_array(args.negatives, "negatives", ranks=MATRIX_RANK), "negatives")
    if context.shape != centre.shape or others.shape[1:] != centre.shape:
        raise SolverError(
            f"centre has the shape {centre.shape}, context {context.shape}, each of the negatives "
            f"{others.shape[1:]}"
        )
    scores = others @ centre
    check_magnitude(scores, "negatives")
    return float(context @ centre), scores


SOLVERS: Final[tuple[Solver, ...]] = (
    skip_gram_params,
    skip_gram_pairs,
    noise_distribution,
    negative_sampling_loss,
)

# What students do instead.


def _count_pairs_ignoring_ends(args: SolverArguments) -> int:
    """Return the number of pairs if every word had a full window on both sides."""
    return 2 * as_integer(args.window, "window") * as_integer(args.length, "length")


def _loss_with_mean_over_negatives(args: SolverArguments) -> float:
    """Return the loss with the mean over the negatives in place of their sum."""
    _, others = _score_context_and_negatives(args)
    return _sampling_loss(args, weight=1 / len(others))


def _softmax_loss_over_negatives(args: SolverArguments) -> float:
    """Return the softmax cross-entropy of the context against the negatives."""
    positive, others = _score_context_and_negatives(args)
    return float(-log_softmax(np.array([positive, *others]))[0]) / log_of_base(args.base)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        skip_gram_params,
        {
            "one_table": replace_formula(
                skip_gram_params, lambda g: skip_gram_params(**vars(g)) // 2
            ),
            "output_biased": replace_formula(
                skip_gram_params, lambda g: skip_gram_params(**vars(g)) + g.vocabulary
            ),
        },
    ),
    *build_wrong_versions(
        skip_gram_pairs,
        {
            "text_without_ends": replace_formula(skip_gram_pairs, _count_pairs_ignoring_ends),
            "centre_counted": replace_formula(
                skip_gram_pairs, lambda g: skip_gram_pairs(**vars(g)) + g.length
            ),
            "one_side": replace_formula(skip_gram_pairs, lambda g: skip_gram_pairs(**vars(g)) // 2),
        },
    ),
    *build_wrong_versions(
        noise_distribution,
        {
            "power_left_out": replace_arguments(noise_distribution, power=1),
            "powers_not_divided": replace_formula(
                noise_distribution, lambda g: _powers_of_counts(g.counts, g.power)
            ),
            "even_samples": replace_arguments(noise_distribution, power=0),
        },
    ),
    *build_wrong_versions(
        negative_sampling_loss,
        {
            **make_logarithm_wrong_versions(negative_sampling_loss),
            "negatives_as_contexts": replace_formula(
                negative_sampling_loss, partial(_sampling_loss, sign=1)
            ),
            "negatives_left_out": replace_formula(
                negative_sampling_loss, partial(_sampling_loss, weight=0)
            ),
            "negatives_averaged": replace_formula(
                negative_sampling_loss, _loss_with_mean_over_negatives
            ),
            "softmax_for_sigmoid": replace_formula(
                negative_sampling_loss, _softmax_loss_over_negatives
            ),
        },
    ),
)
