"""Tracers for attention: scores, weights and weighted values, one matrix per head.

Q, K and V are the queries, keys and values, S the scores, A the weights.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula
from grader.values import Array, Number
from problems.solvers.attention import attention, attention_scores, attention_weights
from problems.solvers.bounds import as_array
from problems.traces.reals import build_real_formula
from problems.traces.sums import dot_product_formula
from problems.traces.tracing import TracedArguments, build_tracers, show_array

MAX_SCORES: Final = 16
MAX_TERMS: Final = 8


def _trace_score_matrix(args: TracedArguments) -> Iterator[SolutionStep]:
    """Yield the steps to the scores; the last step shows all of them."""
    query, key = (as_array(one, "Q", ranks=(2,)) for one in (args.query, args.key))
    width: Number = query.shape[1]
    if args.num_heads > 1:
        share = build_formula("d_h", "d/h", d=width, h=args.num_heads)
        yield TextStep("Each head has its own columns; the first head has the first ones:")
        yield share
        width = share.number
    products = attention_scores(query, key, num_heads=args.num_heads, scale=False)
    yield TextStep("The score of a query and a key is their dot product.")
    if products.size <= MAX_SCORES and width <= MAX_TERMS and products.ndim == query.ndim:
        for row, column in np.ndindex(*products.shape):
            name = f"s_{row + 1}_{column + 1}"
            yield dot_product_formula(name, query[row].tolist(), key[column].tolist())
    yield show_array("P" if args.scale else "S", products)
    if args.scale:
        root = build_real_formula(
            "r", "sqrt(d)" if args.num_heads == 1 else "sqrt(d_h)", d=width, d_h=width
        )
        yield TextStep("The products P are divided by r, the square root of the width:")
        yield root
        yield show_array("S", attention_scores(query, key, num_heads=args.num_heads))


def _trace_attention_scores(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_score_matrix(args)


def _trace_attention_weights(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_score_matrix(args)
    if args.causal:
        yield TextStep(
            "A query does not attend to keys after its own position: their weights are 0."
        )
    yield TextStep(
        "The softmax turns each row of scores into weights: powers of e divided by their sum."
    )
    yield show_array("A", _compute_attention_weights(args))


def _compute_attention_weights(args: TracedArguments) -> Array:
    known = {"num_heads": args.num_heads, "scale": args.scale, "causal": args.causal}
    return attention_weights(args.query, args.key, **known)


def _trace_attention(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_attention_weights(args)
    yield TextStep("Each row of the output is the weighted sum of the rows of V.")
    if args.num_heads > 1:
        values = as_array(args.value, "V", ranks=(2,))
        parts = np.split(values, args.num_heads, axis=1)
        heads = [
            weights @ part
            for weights, part in zip(_compute_attention_weights(args), parts, strict=True)
        ]
        yield show_array("O_h", np.array(heads))
        yield TextStep("The outputs of the heads are concatenated:")
    yield show_array("O", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        attention_scores: _trace_attention_scores,
        attention_weights: _trace_attention_weights,
        attention: _trace_attention,
    }
)
