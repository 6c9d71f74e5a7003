"""Numbers of learnable parameters of single layers and of a stack of fully connected ones.

Counts are exact integers. Source: the PyTorch documentation of ``Conv2d``, ``Linear`` and
``BatchNorm2d``; Howard et al., MobileNets (2017) for the separable convolution.
"""

import math
from itertools import pairwise
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Pair, Shape, flag, pair, shape_of, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "batch_norm_params",
    "conv_params",
    "linear_params",
    "mlp_params",
    "separable_params",
]


def conv_params(
    in_channels: int, out_channels: int, kernel_size: Pair, *, bias: bool = True, groups: int = 1
) -> int:
    """Return the parameters of a 2-D convolution.

    ``kh * kw * in_channels/groups * out_channels``, and *out_channels* biases. Groups must divide
    both numbers of channels.

    >>> conv_params(3, 16, 3)
    448
    """
    into, out = whole(in_channels, "in_channels"), whole(out_channels, "out_channels")
    if into % whole(groups, "groups") or out % groups:
        raise SolverError(f"{groups} groups do not divide {into} and {out} channels")
    weights = math.prod(pair(kernel_size, "kernel_size")) * (into // groups) * out
    return weights + (out if flag(bias, "bias") else 0)


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


def separable_params(
    in_channels: int, out_channels: int, kernel_size: Pair, *, bias: bool = False
) -> int:
    """Return the parameters of a depthwise convolution and the pointwise one after it.

    ``kh * kw * in_channels + in_channels * out_channels``; *bias* adds ``in + out``.

    >>> separable_params(64, 128, 5)
    9792
    """
    depthwise = conv_params(in_channels, in_channels, kernel_size, bias=bias, groups=in_channels)
    return depthwise + conv_params(in_channels, out_channels, 1, bias=bias)


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


SOLVERS: Final[tuple[Solver, ...]] = (
    conv_params,
    linear_params,
    mlp_params,
    separable_params,
    batch_norm_params,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        conv_params,
        {
            "no_bias": told(conv_params, bias=False),
            "one_bias": instead(
                conv_params, lambda g: conv_params(**{**vars(g), "bias": False}) + int(g.bias)
            ),
            "input_channels_left_out": told(conv_params, in_channels=lambda g: g.groups),
            "output_channels_left_out": told(conv_params, out_channels=lambda g: g.groups),
            "separable_for_standard": instead(
                conv_params,
                lambda g: separable_params(
                    g.in_channels, g.out_channels, g.kernel_size, bias=g.bias
                ),
            ),
        },
    ),
    *twins_of(
        linear_params,
        {
            "no_bias": told(linear_params, bias=False),
            "one_bias": instead(
                linear_params, lambda g: g.in_features * g.out_features + int(g.bias)
            ),
        },
    ),
    *twins_of(
        mlp_params,
        {
            "no_bias": told(mlp_params, bias=False),
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
        separable_params,
        {
            "no_bias": told(separable_params, bias=False),
            "depthwise_only": instead(
                separable_params,
                lambda g: conv_params(
                    g.in_channels, g.in_channels, g.kernel_size, bias=g.bias, groups=g.in_channels
                ),
            ),
            "pointwise_only": instead(
                separable_params,
                lambda g: conv_params(g.in_channels, g.out_channels, 1, bias=g.bias),
            ),
            "standard_for_separable": instead(
                separable_params,
                lambda g: conv_params(g.in_channels, g.out_channels, g.kernel_size, bias=g.bias),
            ),
        },
    ),
    *twins_of(
        batch_norm_params,
        {
            "batch_norm_all": told(batch_norm_params, count="all"),
            "batch_norm_learnable": told(batch_norm_params, count="learnable"),
        },
    ),
)
