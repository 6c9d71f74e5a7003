"""Parameter counts of dense layers, embeddings and normalization layers.

Counts are exact integers. Source: the PyTorch documentation of ``Linear``,
``Embedding``, ``BatchNorm2d`` and ``LayerNorm``.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, WrongVersion
from problems.solvers.bounds import Shape, as_integer, as_shape, require_bool
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def linear_params(in_features: int, out_features: int, *, bias: bool = True) -> int:
    """Return the parameter count of a fully connected layer.

    It has ``in * out`` weights and ``out`` biases.

    >>> linear_params(192, 100)
    19300
    """
    out = as_integer(out_features, "out_features")
    return as_integer(in_features, "in_features") * out + (out if require_bool(bias, "bias") else 0)


def mlp_params(sizes: Shape, *, bias: bool = True) -> int:
    """Return the parameter count of fully connected layers between consecutive *sizes*.

    >>> mlp_params((784, 100, 10))
    79510
    """
    if len(as_shape(sizes, "sizes")) == 1:
        raise SolverError("sizes must name the input and at least one layer")
    return sum(linear_params(into, out, bias=bias) for into, out in pairwise(sizes))


def embedding_params(num_embeddings: int, embedding_dim: int) -> int:
    """Return the parameter count of an embedding: ``num_embeddings * embedding_dim``.

    >>> embedding_params(30522, 768)
    23440896
    """
    return linear_params(num_embeddings, embedding_dim, bias=False)


def batch_norm_params(num_features: int, *, count: str = "learnable") -> int:
    """Return the parameter count of batch normalization over *num_features* channels.

    *count* is ``learnable`` for the scale and shift, 2 per channel, or ``all`` to
    include the running mean and variance, 4 per channel.

    >>> batch_norm_params(64)
    128
    """
    if count not in {"learnable", "all"}:
        raise SolverError(f"count must be learnable or all, not {count}")
    return (2 if count == "learnable" else 4) * as_integer(num_features, "num_features")


def layer_norm_params(normalized_shape: int | Shape, *, bias: bool = True) -> int:
    """Return the parameter count of layer normalization: a scale and a shift per value.

    It is ``2 * prod(normalized_shape)``, and half of that without *bias*.

    >>> layer_norm_params(768)
    1536
    """
    whole_shape = isinstance(normalized_shape, (tuple, list))
    sizes = normalized_shape if whole_shape else (normalized_shape,)
    values = math.prod(as_shape(sizes, "normalized_shape"))
    return (2 if require_bool(bias, "bias") else 1) * values


SOLVERS: Final[tuple[Solver, ...]] = (
    linear_params,
    mlp_params,
    embedding_params,
    batch_norm_params,
    layer_norm_params,
)

# What students do instead.


def make_one_bias_version(solver: Callable[..., int]) -> Solver:
    """Return the wrong version of *solver* that counts one bias for the whole layer."""
    return replace_formula(solver, lambda g: solver(**{**vars(g), "bias": False}) + int(g.bias))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        linear_params,
        {
            "no_bias": replace_arguments(linear_params, bias=False),
            "bias_added": replace_arguments(linear_params, bias=True),
            "one_bias": make_one_bias_version(linear_params),
        },
    ),
    *build_wrong_versions(
        mlp_params,
        {
            "no_bias": replace_arguments(mlp_params, bias=False),
            "bias_added": replace_arguments(mlp_params, bias=True),
            "one_bias": replace_formula(
                mlp_params,
                lambda g: mlp_params(g.sizes, bias=False) + int(g.bias) * (len(g.sizes) - 1),
            ),
            "input_biased": replace_formula(
                mlp_params, lambda g: mlp_params(g.sizes, bias=g.bias) + int(g.bias) * g.sizes[0]
            ),
            "layer_left_out": replace_arguments(mlp_params, sizes=lambda g: g.sizes[:-1]),
        },
    ),
    *build_wrong_versions(
        embedding_params,
        {
            "embedding_biased": replace_formula(
                embedding_params, lambda g: embedding_params(**vars(g)) + g.embedding_dim
            )
        },
    ),
    *build_wrong_versions(
        batch_norm_params,
        {
            "batch_norm_all": replace_arguments(batch_norm_params, count="all"),
            "batch_norm_learnable": replace_arguments(batch_norm_params, count="learnable"),
        },
    ),
    *build_wrong_versions(
        layer_norm_params, {"no_bias": replace_arguments(layer_norm_params, bias=False)}
    ),
)
