"""Scaled dot-product attention: scores, weights and output.

Unscaled scores are exact for integers; all other results are doubles. Source: Vaswani
et al., Attention Is All You Need (2017), section 3.2, and the PyTorch documentation of
``scaled_dot_product_attention``.
"""

import math
from collections.abc import Callable
from typing import Final, TypeAlias, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.activations import softmax
from problems.solvers.bounds import Grid, as_array, as_integer, check_cell_count, require_bool
from problems.solvers.probabilities import check_magnitude
from problems.solvers.products import matrix_product
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_CELLS: Final = 4096

WeightFormula: TypeAlias = Callable[[SolverArguments], Array]


def attention_scores(query: Grid, key: Grid, *, num_heads: int = 1, scale: bool = True) -> Array:
    """Return the attention scores ``Q @ K.T / sqrt(d)``, one row per query.

    Without *scale* they are ``Q @ K.T``. *query* is (n, d), *key* (m, d), and the
    scores are (n, m). Multiple heads split the d columns in order; d is then the width
    of one head, and the scores are (heads, n, m).

    >>> attention_scores([[1, 0], [1, 2]], [[3, 4], [5, 6], [7, 8]], scale=False)
    array([[ 3,  5,  7],
           [11, 17, 23]])
    """
    return _squeeze_single_head(_compute_scores(query, key, num_heads, scaled=scale))


def attention_weights(
    query: Grid, key: Grid, *, num_heads: int = 1, scale: bool = True, causal: bool = False
) -> Array:
    """Return the attention weights: the softmax of each row of `attention_scores`.

    With *causal*, a query attends only to its own position and those before it.

    >>> attention_weights([[0], [1]], [[2], [5]], causal=True).round(4)
    array([[1.    , 0.    ],
           [0.0474, 0.9526]])
    """
    scores = _compute_scores(query, key, num_heads, scaled=scale)
    return _squeeze_single_head(
        softmax(_apply_causal_mask(scores) if require_bool(causal, "causal") else scores)
    )


def attention(
    query: Grid,
    key: Grid,
    value: Grid,
    *,
    num_heads: int = 1,
    scale: bool = True,
    causal: bool = False,
) -> Array:
    """Return the attention output (n, e): each row a weighted sum of the rows of *value*.

    The weights are `attention_weights`; *value* is (m, e). Multiple heads split the
    columns of *value* too, and their outputs are concatenated.

    >>> attention([[0], [1]], [[2], [5]], [[1, 0], [0, 1]]).round(4)
    array([[0.5   , 0.5   ],
           [0.0474, 0.9526]])
    """
    scores = _compute_scores(query, key, num_heads, scaled=scale)
    return _attention_output(
        softmax(_apply_causal_mask(scores) if require_bool(causal, "causal") else scores), value
    )


def _compute_scores(query: Grid, key: Grid, num_heads: int, *, scaled: bool) -> Array:
    """Return the scores of all heads (heads, n, m)."""
    queries, keys = _split_heads(query, "query", num_heads), _split_heads(key, "key", num_heads)
    if queries.shape[-1] != keys.shape[-1]:
        raise SolverError("the rows of query and key have different lengths")
    check_cell_count((*queries.shape[:2], keys.shape[1]), "the scores", most=MAX_CELLS)
    products = matrix_product(queries, keys.swapaxes(-1, -2))
    return products / math.sqrt(queries.shape[-1]) if require_bool(scaled, "scale") else products


def _split_heads(matrix: Grid, what: str, num_heads: int) -> Array:
    """Return a matrix (n, d) split into heads (heads, n, d / heads)."""
    rows = as_array(matrix, what, ranks=(2,))
    check_cell_count(rows.shape, what, most=MAX_CELLS)
    check_magnitude(rows, what)
    heads = as_integer(num_heads, "num_heads")
    if rows.shape[1] % heads:
        raise SolverError(
            f"{heads} heads do not share the {rows.shape[1]} columns of {what} evenly"
        )
    return rows.reshape(len(rows), heads, -1).swapaxes(0, 1)


def _apply_causal_mask(scores: Array) -> Array:
    """Return *scores* with minus infinity wherever the key comes after the query."""
    return np.where(_causal_mask(scores), scores, -np.inf)


def _causal_mask(scores: Array) -> Array:
    return np.tri(*scores.shape[-2:], dtype=np.int64)


def _attention_output(weights: Array, value: Grid) -> Array:
    """Return the outputs of all heads, concatenated to (n, e)."""
    values = _split_heads(value, "value", len(weights))
    if values.shape[1] != weights.shape[-1]:
        raise SolverError(f"there are {weights.shape[-1]} keys, but {values.shape[1]} values")
    heads = matrix_product(weights, values)
    return heads.swapaxes(0, 1).reshape(weights.shape[1], -1)


def _squeeze_single_head(heads: Array) -> Array:
    """Return *heads* without the head axis if there is only one head."""
    return heads[0] if len(heads) == 1 else heads


SOLVERS: Final[tuple[Solver, ...]] = (attention_scores, attention_weights, attention)

# What students do instead.


def _scores_from_args(args: SolverArguments) -> Array:
    return _compute_scores(args.query, args.key, args.num_heads, scaled=args.scale)


def _query_scaled_twice(args: SolverArguments) -> Array:
    """Return the query divided by sqrt(d), so that the scores are divided by d."""
    if not args.scale:
        raise SolverError("the scores are not scaled")
    width = _split_heads(args.query, "query", args.num_heads).shape[-1]
    rows = as_array(args.query, "query", ranks=(2,))
    return cast("Array", rows / math.sqrt(width))


def _untransposed_key(args: SolverArguments) -> Array:
    return as_array(args.key, "key", ranks=(2,)).T


def _weights_without_softmax(args: SolverArguments) -> Array:
    scores = _scores_from_args(args)
    return scores * _causal_mask(scores) if args.causal else scores


def _weights_without_exp(args: SolverArguments) -> Array:
    """Return the scores of each query divided by their sum."""
    scores = _weights_without_softmax(args)
    sums = scores.sum(axis=-1, keepdims=True)
    if not sums.all():
        raise SolverError("the scores add up to nothing")
    return cast("Array", scores / sums)


def _softmax_over_queries(args: SolverArguments) -> Array:
    """Return the softmax over each column of scores instead of each row."""
    scores = _scores_from_args(args)
    return softmax(_apply_causal_mask(scores) if args.causal else scores, -2)


def _weights_masked_after_softmax(args: SolverArguments) -> Array:
    """Return weights masked after the softmax, so that rows no longer sum to 1."""
    if not args.causal:
        raise SolverError("there is no mask")
    weights = softmax(_scores_from_args(args))
    return np.where(_causal_mask(weights), weights, 0)


def _weights_masked_with_zeros(args: SolverArguments) -> Array:
    """Return weights whose masked scores are 0, which the softmax makes positive."""
    if not args.causal:
        raise SolverError("there is no mask")
    scores = _scores_from_args(args)
    return softmax(np.where(_causal_mask(scores), scores, 0))


def _weights_with_reversed_mask(args: SolverArguments) -> Array:
    """Return weights in which a query attends to its own position and those after it."""
    if not args.causal:
        raise SolverError("there is no mask")
    scores = _scores_from_args(args)
    if scores.shape[-2] > scores.shape[-1]:
        raise SolverError("some query would see no key")
    return softmax(np.where(np.triu(np.ones_like(scores)), scores, -np.inf))


def _softmax_over_all_scores(args: SolverArguments) -> Array:
    """Return the softmax over all scores of a head at once."""
    scores = _scores_from_args(args)
    masked = _apply_causal_mask(scores) if args.causal else scores
    return softmax(masked.reshape(len(masked), -1)).reshape(masked.shape)


WRONG_WEIGHTS: Final[dict[str, WeightFormula]] = {
    "softmax_left_out": _weights_without_softmax,
    "softmax_without_powers": _weights_without_exp,
    "other_axis": _softmax_over_queries,
    "masked_after_softmax": _weights_masked_after_softmax,
    "masked_by_zeros": _weights_masked_with_zeros,
    "mask_reversed": _weights_with_reversed_mask,
    "softmax_over_all": _softmax_over_all_scores,
}


def _score_wrong_versions(solver: Solver) -> dict[str, Solver]:
    """Return the wrong versions shared by scores, weights and output."""
    return {
        "scale_left_out": replace_arguments(solver, scale=False),
        "scale_added": replace_arguments(solver, scale=True),
        "scaled_by_width": replace_arguments(solver, query=_query_scaled_twice),
        "key_not_transposed": replace_arguments(solver, key=_untransposed_key),
        "one_head": replace_arguments(solver, num_heads=1),
    }


def _weight_wrong_versions(
    solver: Solver, finish: Callable[[Array, SolverArguments], Array]
) -> dict[str, Solver]:
    """Return the wrong versions of *solver* that compute wrong scores or weights.

    *finish* turns the wrong weights into the solver's result.
    """

    def make_wrong_version(weight_formula: WeightFormula) -> Solver:
        return replace_formula(solver, lambda args: finish(weight_formula(args), args))

    wrong = {mistake: make_wrong_version(weigh) for mistake, weigh in WRONG_WEIGHTS.items()}
    return {
        **_score_wrong_versions(solver),
        **wrong,
        "mask_ignored": replace_arguments(solver, causal=False),
    }


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(attention_scores, _score_wrong_versions(attention_scores)),
    *build_wrong_versions(
        attention_weights,
        _weight_wrong_versions(attention_weights, lambda weights, _: _squeeze_single_head(weights)),
    ),
    *build_wrong_versions(
        attention,
        _weight_wrong_versions(
            attention, lambda weights, args: _attention_output(weights, args.value)
        ),
    ),
)
