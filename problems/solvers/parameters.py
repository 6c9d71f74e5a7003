"""Numbers of learnable parameters of dense layers, embeddings and normalization.

Counts are exact integers. Source: the PyTorch documentation of ``Linear``, ``Embedding``,
``BatchNorm2d`` and ``LayerNorm``.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Shape, flag, shape_of, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "batch_norm_params",
    "embedding_params",
    "layer_norm_params",
    "linear_params",
    "mlp_params",
    "one_bias",
]


def linear_params(in_features: int, out_features: int, *, bias: bool = True) -> int:
    """Return the parameters of a fully connected layer: ``in * out``, and *out* biases.

    >>> linear_params(192, 100)
    19300
    """
    out = whole(out_features, "out_features")
    return whole(in_features, "in_features") * out + (out if flag(bias, "bias") else 0)


def mlp_params(sizes: Shape, *, bias: bool = True) -> int:
    """Return the parameters of fully connected layers between consecutive *sizes*.

    >>> mlp_params((784, 100, 10))
    79510
    """
    if len(shape_of(sizes, "sizes")) == 1:
        raise SolverError("sizes must name the input and at least one layer")
    return sum(linear_params(into, out, bias=bias) for into, out in pairwise(sizes))


def embedding_params(num_embeddings: int, embedding_dim: int) -> int:
    """Return the parameters of an embedding table: ``num_embeddings * embedding_dim``.

    >>> embedding_params(30522, 768)
    23440896
    """
    return linear_params(num_embeddings, embedding_dim, bias=False)


def batch_norm_params(num_features: int, *, count: str = "learnable") -> int:
    """Return the parameters of batch normalisation over *num_features* channels.

    ``learnable``: a scale and a shift each, 2 a channel; ``all``: the running mean and variance
    too, 4 a channel.

    >>> batch_norm_params(64)
    128
    """
    if count not in {"learnable", "all"}:
        raise SolverError(f"count must be learnable or all, not {count}")
    return (2 if count == "learnable" else 4) * whole(num_features, "num_features")


def layer_norm_params(normalized_shape: int | Shape, *, bias: bool = True) -> int:
    """Return the parameters of layer normalisation: a scale and a shift for each value.

    ``2 * prod(normalized_shape)``; half of it without *bias*.

    >>> layer_norm_params(768)
    1536
    """
    whole_shape = isinstance(normalized_shape, (tuple, list))
    sizes = normalized_shape if whole_shape else (normalized_shape,)
    values = math.prod(shape_of(sizes, "normalized_shape"))
    return (2 if flag(bias, "bias") else 1) * values


SOLVERS: Final[tuple[Solver, ...]] = (
    linear_params,
    mlp_params,
    embedding_params,
    batch_norm_params,
    layer_norm_params,
)

# What students do instead.


def one_bias(solver: Callable[..., int]) -> Solver:
    """Return the twin of *solver* that counts one bias for the whole layer."""
    return instead(solver, lambda g: solver(**{**vars(g), "bias": False}) + int(g.bias))


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        linear_params,
        {
            "no_bias": told(linear_params, bias=False),
            "bias_added": told(linear_params, bias=True),
            "one_bias": one_bias(linear_params),
        },
    ),
    *twins_of(
        mlp_params,
        {
            "no_bias": told(mlp_params, bias=False),
            "bias_added": told(mlp_params, bias=True),
            "one_bias": instead(
                mlp_params,
                lambda g: mlp_params(g.sizes, bias=False) + int(g.bias) * (len(g.sizes) - 1),
            ),
            "input_biased": instead(
                mlp_params, lambda g: mlp_params(g.sizes, bias=g.bias) + int(g.bias) * g.sizes[0]
            ),
            "layer_left_out": told(mlp_params, sizes=lambda g: g.sizes[:-1]),
        },
    ),
    *twins_of(
        embedding_params,
        {
            "embedding_biased": instead(
                embedding_params, lambda g: embedding_params(**vars(g)) + g.embedding_dim
            )
        },
    ),
    *twins_of(
        batch_norm_params,
        {
            "batch_norm_all": told(batch_norm_params, count="all"),
            "batch_norm_learnable": told(batch_norm_params, count="learnable"),
        },
    ),
    *twins_of(layer_norm_params, {"no_bias": told(layer_norm_params, bias=False)}),
)
