"""The way to the output of attention: scores, weights, weighted values; a matrix for each head.

Q, K and V are the queries, keys and values, S the scores, A the weights.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer, formula
from grader.values import Array, Number
from problems.solvers.attention import attention, attention_scores, attention_weights
from problems.solvers.bounds import array
from problems.traces.reals import real
from problems.traces.sums import dotted
from problems.traces.tracing import shown, tracers

__all__ = ["TRACERS"]

MAX_SCORES: Final = 16
MAX_TERMS: Final = 8


def _scores(given: SimpleNamespace) -> Iterator[Step]:
    """Yield the steps to the scores; the last of them shows them all."""
    query, key = (array(one, "Q", ranks=(2,)) for one in (given.query, given.key))
    width: Number = query.shape[1]
    if given.num_heads > 1:
        share = formula("d_h", "d/h", d=width, h=given.num_heads)
        yield Said("Each head has columns of its own, the first head the first ones:")
        yield share
        width = share.number
    products = attention_scores(query, key, num_heads=given.num_heads, scale=False)
    yield Said("The score of a query and a key is their product, feature by feature, summed.")
    if products.size <= MAX_SCORES and width <= MAX_TERMS and products.ndim == query.ndim:
        for row, column in np.ndindex(*products.shape):
            name = f"s_{row + 1}_{column + 1}"
            yield dotted(name, query[row].tolist(), key[column].tolist())
    yield shown("P" if given.scale else "S", products)
    if given.scale:
        root = real("r", "sqrt(d)" if given.num_heads == 1 else "sqrt(d_h)", d=width, d_h=width)
        yield Said("The products P are divided by the root r of the width:")
        yield root
        yield shown("S", attention_scores(query, key, num_heads=given.num_heads))


def _attention_scores(given: SimpleNamespace) -> Iterator[Step]:
    yield from _scores(given)


def _attention_weights(given: SimpleNamespace) -> Iterator[Step]:
    yield from _scores(given)
    if given.causal:
        yield Said("A query sees no key after its own position: there the weight is 0.")
    yield Said("The softmax makes weights of each row of scores: powers of e over their sum.")
    yield shown("A", _weights(given))


def _weights(given: SimpleNamespace) -> Array:
    known = {"num_heads": given.num_heads, "scale": given.scale, "causal": given.causal}
    return attention_weights(given.query, given.key, **known)


def _attention(given: SimpleNamespace) -> Iterator[Step]:
    yield from _attention_weights(given)
    yield Said("Each row of the output is the rows of V, weighted and added up.")
    if given.num_heads > 1:
        values = array(given.value, "V", ranks=(2,))
        parts = np.split(values, given.num_heads, axis=1)
        heads = [weights @ part for weights, part in zip(_weights(given), parts, strict=True)]
        yield shown("O_h", np.array(heads))
        yield Said("The outputs of the heads stand side by side:")
    yield shown("O", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        attention_scores: _attention_scores,
        attention_weights: _attention_weights,
        attention: _attention,
    }
)
