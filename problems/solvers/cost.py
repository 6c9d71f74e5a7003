"""Multiply-accumulate operations (MACs) of single layers, and what a cheaper layer saves.

One MAC is a multiplication and an addition: two FLOPs. Biases are not counted. Source: Howard et
al., MobileNets (2017), section 3.1.
"""

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, is_number, simplest
from problems.solvers.bounds import Shape, along_axes, whole
from problems.solvers.convolution_parameters import (
    conv_params,
    one_group,
    separable_params,
    side_of_kernel,
)
from problems.solvers.geometry import PerAxis
from problems.solvers.parameters import linear_params, mlp_params
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "conv_macs",
    "flops",
    "linear_macs",
    "mlp_macs",
    "saving_percent",
    "separable_macs",
    "separable_ratio",
]


def conv_macs(
    in_channels: int,
    out_channels: int,
    kernel_size: PerAxis,
    output_size: PerAxis,
    *,
    groups: int = 1,
) -> int:
    """Return the MACs of a convolution whose output has *output_size* (H', W').

    ``H' * W' * kh * kw * in_channels/groups * out_channels``. Kernel and output have as many axes:
    two, unless *kernel_size* is ``(k,)`` or ``(kd, kh, kw)``; one *output_size* stands for all.

    >>> conv_macs(3, 64, 5, 64), conv_macs(1, 16, (80,), 5481)
    (19660800, 7015680)
    """
    weights = conv_params(in_channels, out_channels, kernel_size, bias=False, groups=groups)
    return _positions(kernel_size, output_size) * weights


def _positions(kernel_size: PerAxis, output_size: PerAxis) -> int:
    """Return how many places an output has, whose axes are those of the kernel."""
    axes = len(along_axes(kernel_size, "kernel_size"))
    return math.prod(along_axes(output_size, "output_size", axes=axes))


def separable_macs(
    in_channels: int, out_channels: int, kernel_size: PerAxis, output_size: PerAxis
) -> int:
    """Return the MACs of a depthwise convolution and the pointwise one after it.

    ``H' * W' * (kh * kw * in_channels + in_channels * out_channels)``.

    >>> separable_macs(64, 128, 5, 32)
    10027008
    """
    weights = separable_params(in_channels, out_channels, kernel_size)
    return _positions(kernel_size, output_size) * weights


def linear_macs(in_features: int, out_features: int) -> int:
    """Return the MACs of a fully connected layer: ``in * out``.

    >>> linear_macs(192, 100)
    19200
    """
    return linear_params(in_features, out_features, bias=False)


def mlp_macs(sizes: Shape) -> int:
    """Return the MACs of fully connected layers between consecutive *sizes*.

    >>> mlp_macs((784, 100, 10))
    79400
    """
    return mlp_params(sizes, bias=False)


def flops(macs: int) -> int:
    """Return the floating-point operations of so many MACs: ``2 * macs``.

    >>> flops(4_089_184_256)
    8178368512
    """
    return 2 * whole(macs, "macs", least=0)


def separable_ratio(out_channels: int, kernel_size: PerAxis) -> Number:
    """Return the cost of a separable convolution as a share of a standard one: ``1/N + 1/k**2``.

    It holds for MACs, and for weights without biases; *out_channels* is N, ``k**2`` the cells of
    the kernel.

    >>> separable_ratio(64, 3)
    Fraction(73, 576)
    """
    depthwise, pointwise = _shares(out_channels, kernel_size)
    return simplest(depthwise + pointwise)


def _shares(out_channels: int, kernel_size: PerAxis) -> tuple[Fraction, Fraction]:
    """Return the shares of the depthwise and of the pointwise step."""
    cells = math.prod(along_axes(kernel_size, "kernel_size"))
    return Fraction(1, whole(out_channels, "out_channels")), Fraction(1, cells)


def saving_percent(standard: Number, reduced: Number) -> Number:
    """Return what *reduced* saves of *standard*, in percent: ``100 * (1 - reduced/standard)``.

    >>> saving_percent(204800, 9792)
    Fraction(3047, 32)
    """
    if not (is_number(standard) and is_number(reduced) and standard > 0):
        raise SolverError("a saving is between two numbers, the standard one positive")
    return simplest(100 * (1 - Fraction(reduced) / standard))


SOLVERS: Final[tuple[Solver, ...]] = (
    conv_macs,
    separable_macs,
    linear_macs,
    mlp_macs,
    flops,
    separable_ratio,
    saving_percent,
)


# What students do instead.


def _separable(given: SimpleNamespace) -> int:
    one_group(given.groups)
    return separable_macs(
        given.in_channels, given.out_channels, given.kernel_size, given.output_size
    )


def _with_biases(given: SimpleNamespace) -> int:
    biases: int = given.out_channels * _positions(given.kernel_size, given.output_size)
    return conv_macs(**vars(given)) + biases


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        conv_macs,
        {
            "input_channels_left_out": told(conv_macs, in_channels=lambda g: g.groups),
            "output_channels_left_out": told(conv_macs, out_channels=lambda g: g.groups),
            "groups_left_out": told(conv_macs, groups=1),
            "separable_for_standard": instead(conv_macs, _separable),
            "flops_for_macs": instead(conv_macs, lambda g: 2 * conv_macs(**vars(g))),
            "positions_left_out": told(conv_macs, output_size=1),
            "side_for_area": told(conv_macs, kernel_size=side_of_kernel),
            "bias_counted": instead(conv_macs, _with_biases),
        },
    ),
    *twins_of(
        separable_macs,
        {
            "depthwise_only": instead(
                separable_macs,
                lambda g: conv_macs(
                    g.in_channels,
                    g.in_channels,
                    g.kernel_size,
                    g.output_size,
                    groups=g.in_channels,
                ),
            ),
            "pointwise_only": instead(
                separable_macs, lambda g: conv_macs(g.in_channels, g.out_channels, 1, g.output_size)
            ),
            "standard_for_separable": instead(separable_macs, lambda g: conv_macs(**vars(g))),
            "flops_for_macs": instead(separable_macs, lambda g: 2 * separable_macs(**vars(g))),
            "positions_left_out": told(separable_macs, output_size=1),
            "side_for_area": told(separable_macs, kernel_size=side_of_kernel),
        },
    ),
    *twins_of(
        linear_macs,
        {
            "flops_for_macs": instead(linear_macs, lambda g: 2 * linear_macs(**vars(g))),
            "bias_counted": instead(linear_macs, lambda g: linear_macs(**vars(g)) + g.out_features),
        },
    ),
    *twins_of(
        mlp_macs,
        {
            "flops_for_macs": instead(mlp_macs, lambda g: 2 * mlp_macs(**vars(g))),
            "bias_counted": instead(mlp_macs, lambda g: mlp_params(**vars(g))),
            "layer_left_out": told(mlp_macs, sizes=lambda g: g.sizes[:-1]),
        },
    ),
    *twins_of(flops, {"macs_for_flops": instead(flops, lambda g: g.macs)}),
    *twins_of(
        separable_ratio,
        {
            "ratio_inverted": instead(
                separable_ratio, lambda g: Fraction(1) / separable_ratio(**vars(g))
            ),
            "depthwise_only": instead(separable_ratio, lambda g: _shares(**vars(g))[0]),
            "pointwise_only": instead(separable_ratio, lambda g: _shares(**vars(g))[1]),
            "side_for_area": told(separable_ratio, kernel_size=side_of_kernel),
        },
    ),
    *twins_of(
        saving_percent,
        {
            "remaining_for_saved": instead(
                saving_percent, lambda g: Fraction(100 * g.reduced) / g.standard
            ),
            "percent_of_the_smaller": instead(
                saving_percent, lambda g: 100 * (Fraction(g.standard) / g.reduced - 1)
            ),
        },
    ),
)
