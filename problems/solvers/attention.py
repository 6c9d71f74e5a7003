"""Values of scaled dot-product attention: the scores, the weights, the output.

Scores without scaling are exact for integers, all else are doubles. Source: Vaswani et al.,
Attention Is All You Need (2017), section 3.2, and the PyTorch documentation of
``scaled_dot_product_attention``.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, TypeAlias, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.activations import softmax
from problems.solvers.bounds import Grid, array, fitting, flag, whole
from problems.solvers.probabilities import moderate
from problems.solvers.products import matrix_product
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "attention", "attention_scores", "attention_weights"]

MAX_CELLS: Final = 4096

Weigh: TypeAlias = Callable[[SimpleNamespace], Array]


def attention_scores(query: Grid, key: Grid, *, num_heads: int = 1, scale: bool = True) -> Array:
    """Return the scores ``Q @ K.T / sqrt(d)``, one row for each query.

    Without *scale* they are ``Q @ K.T``. *query* is (n, d), *key* (m, d), the scores are (n, m).
    Several heads share the d columns, the first head the first ones; then d is the width of a head,
    and the scores are (heads, n, m).

    >>> attention_scores([[1, 0], [1, 2]], [[3, 4], [5, 6], [7, 8]], scale=False)
    array([[ 3,  5,  7],
           [11, 17, 23]])
    """
    return _shown(_scores(query, key, num_heads, scaled=scale))


def attention_weights(
    query: Grid, key: Grid, *, num_heads: int = 1, scale: bool = True, causal: bool = False
) -> Array:
    """Return the weights: the softmax of each row of `attention_scores`.

    Where they are *causal*, a query sees its own position and those before it alone.

    >>> attention_weights([[0], [1]], [[2], [5]], causal=True).round(4)
    array([[1.    , 0.    ],
           [0.0474, 0.9526]])
    """
    scores = _scores(query, key, num_heads, scaled=scale)
    return _shown(softmax(_masked(scores) if flag(causal, "causal") else scores))


def attention(
    query: Grid,
    key: Grid,
    value: Grid,
    *,
    num_heads: int = 1,
    scale: bool = True,
    causal: bool = False,
) -> Array:
    """Return the output of attention: the rows of *value* (m, e), weighted for each query (n, e).

    The weights are `attention_weights`; several heads share the columns of *value* too, and their
    outputs stand side by side.

    >>> attention([[0], [1]], [[2], [5]], [[1, 0], [0, 1]]).round(4)
    array([[0.5   , 0.5   ],
           [0.0474, 0.9526]])
    """
    scores = _scores(query, key, num_heads, scaled=scale)
    return _joined(softmax(_masked(scores) if flag(causal, "causal") else scores), value)


def _scores(query: Grid, key: Grid, num_heads: int, *, scaled: bool) -> Array:
    """Return the scores of each head (heads, n, m)."""
    queries, keys = _split(query, "query", num_heads), _split(key, "key", num_heads)
    if queries.shape[-1] != keys.shape[-1]:
        raise SolverError("the rows of query and key have different lengths")
    fitting((*queries.shape[:2], keys.shape[1]), "the scores", most=MAX_CELLS)
    products = matrix_product(queries, keys.swapaxes(-1, -2))
    return products / math.sqrt(queries.shape[-1]) if flag(scaled, "scale") else products


def _split(matrix: Grid, what: str, num_heads: int) -> Array:
    """Return a matrix (n, d) as that of each head (heads, n, d / heads)."""
    rows = array(matrix, what, ranks=(2,))
    fitting(rows.shape, what, most=MAX_CELLS)
    moderate(rows, what)
    heads = whole(num_heads, "num_heads")
    if rows.shape[1] % heads:
        raise SolverError(
            f"{heads} heads do not share the {rows.shape[1]} columns of {what} evenly"
        )
    return rows.reshape(len(rows), heads, -1).swapaxes(0, 1)


def _masked(scores: Array) -> Array:
    """Return *scores* with minus infinity where a key comes after the query."""
    return np.where(_seen(scores), scores, -np.inf)


def _seen(scores: Array) -> Array:
    return np.tri(*scores.shape[-2:], dtype=np.int64)


def _joined(weights: Array, value: Grid) -> Array:
    """Return the weighted values of all heads side by side (n, e)."""
    values = _split(value, "value", len(weights))
    if values.shape[1] != weights.shape[-1]:
        raise SolverError(f"there are {weights.shape[-1]} keys, but {values.shape[1]} values")
    heads = matrix_product(weights, values)
    return heads.swapaxes(0, 1).reshape(weights.shape[1], -1)


def _shown(heads: Array) -> Array:
    """Return what the heads have, without an axis for them where there is one."""
    return heads[0] if len(heads) == 1 else heads


SOLVERS: Final[tuple[Solver, ...]] = (attention_scores, attention_weights, attention)

# What students do instead.


def _given_scores(given: SimpleNamespace) -> Array:
    return _scores(given.query, given.key, given.num_heads, scaled=given.scale)


def _unscaled_query(given: SimpleNamespace) -> Array:
    """Return the query by which the scores are divided by d, not by its root."""
    if not given.scale:
        raise SolverError("the scores are not scaled")
    width = _split(given.query, "query", given.num_heads).shape[-1]
    rows = array(given.query, "query", ranks=(2,))
    return cast("Array", rows / math.sqrt(width))


def _key_as_it_stands(given: SimpleNamespace) -> Array:
    return array(given.key, "key", ranks=(2,)).T


def _raw(given: SimpleNamespace) -> Array:
    scores = _given_scores(given)
    return scores * _seen(scores) if given.causal else scores


def _shares(given: SimpleNamespace) -> Array:
    """Return the scores of each query divided by their sum."""
    scores = _raw(given)
    sums = scores.sum(axis=-1, keepdims=True)
    if not sums.all():
        raise SolverError("the scores add up to nothing")
    return cast("Array", scores / sums)


def _over_queries(given: SimpleNamespace) -> Array:
    """Return the softmax of each column."""
    scores = _given_scores(given)
    return softmax(_masked(scores) if given.causal else scores, -2)


def _masked_late(given: SimpleNamespace) -> Array:
    """Return weights of which some are set to 0, so that the others do not add up to 1."""
    if not given.causal:
        raise SolverError("there is no mask")
    weights = softmax(_given_scores(given))
    return np.where(_seen(weights), weights, 0)


def _masked_by_zeros(given: SimpleNamespace) -> Array:
    """Return weights whose masked scores were set to 0, which the softmax makes positive."""
    if not given.causal:
        raise SolverError("there is no mask")
    scores = _given_scores(given)
    return softmax(np.where(_seen(scores), scores, 0))


def _backwards(given: SimpleNamespace) -> Array:
    """Return weights where a query sees its own position and those after it."""
    if not given.causal:
        raise SolverError("there is no mask")
    scores = _given_scores(given)
    if scores.shape[-2] > scores.shape[-1]:
        raise SolverError("some query would see no key")
    return softmax(np.where(np.triu(np.ones_like(scores)), scores, -np.inf))


def _over_all(given: SimpleNamespace) -> Array:
    """Return the softmax of all scores of a head together."""
    scores = _given_scores(given)
    seen = _masked(scores) if given.causal else scores
    return softmax(seen.reshape(len(seen), -1)).reshape(seen.shape)


WRONG_WEIGHTS: Final[dict[str, Weigh]] = {
    "softmax_left_out": _raw,
    "softmax_without_powers": _shares,
    "other_axis": _over_queries,
    "masked_after_softmax": _masked_late,
    "masked_by_zeros": _masked_by_zeros,
    "mask_reversed": _backwards,
    "softmax_over_all": _over_all,
}


def _common(solver: Solver) -> dict[str, Solver]:
    """Return the twins that scores, weights and output have."""
    return {
        "scale_left_out": told(solver, scale=False),
        "scale_added": told(solver, scale=True),
        "scaled_by_width": told(solver, query=_unscaled_query),
        "key_not_transposed": told(solver, key=_key_as_it_stands),
        "one_head": told(solver, num_heads=1),
    }


def _weighed(
    solver: Solver, finish: Callable[[Array, SimpleNamespace], Array]
) -> dict[str, Solver]:
    """Return the twins of *solver* whose weights are wrong."""

    def twin(weigh: Weigh) -> Solver:
        return instead(solver, lambda given: finish(weigh(given), given))

    wrong = {mistake: twin(weigh) for mistake, weigh in WRONG_WEIGHTS.items()}
    return {**_common(solver), **wrong, "mask_ignored": told(solver, causal=False)}


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(attention_scores, _common(attention_scores)),
    *twins_of(attention_weights, _weighed(attention_weights, lambda weights, _: _shown(weights))),
    *twins_of(attention, _weighed(attention, lambda weights, given: _joined(weights, given.value))),
)
