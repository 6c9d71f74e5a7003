"""Multiply-accumulate operations (MACs) of layers, and savings of cheaper layers.

One MAC is a multiplication and an addition: two FLOPs. Biases are not counted. Source:
Howard et al., MobileNets (2017), section 3.1.
"""

import math
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, is_number, simplify_number
from problems.solvers.bounds import Shape, as_axis_sizes, as_integer
from problems.solvers.convolution_parameters import (
    conv_params,
    kernel_side_for_area,
    require_one_group,
    separable_params,
)
from problems.solvers.geometry import PerAxis
from problems.solvers.parameters import linear_params, mlp_params
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def conv_macs(
    in_channels: int,
    out_channels: int,
    kernel_size: PerAxis,
    output_size: PerAxis,
    *,
    groups: int = 1,
) -> int:
    """Return the MACs of a convolution whose output has *output_size* (H', W').

    ``H' * W' * kh * kw * in_channels/groups * out_channels``. Kernel and output have
    the same number of axes: two, unless *kernel_size* is ``(k,)`` or ``(kd, kh, kw)``.
    A single number as *output_size* sets every axis.

    >>> conv_macs(3, 64, 5, 64), conv_macs(1, 16, (80,), 5481)
    (19660800, 7015680)
    """
    weights = conv_params(in_channels, out_channels, kernel_size, bias=False, groups=groups)
    return _count_positions(kernel_size, output_size) * weights


def _count_positions(kernel_size: PerAxis, output_size: PerAxis) -> int:
    """Return the number of output positions; the output has as many axes as the kernel."""
    axes = len(as_axis_sizes(kernel_size, "kernel_size"))
    return math.prod(as_axis_sizes(output_size, "output_size", axes=axes))


def separable_macs(
    in_channels: int, out_channels: int, kernel_size: PerAxis, output_size: PerAxis
) -> int:
    """Return the MACs of a depthwise convolution followed by a pointwise one.

    ``H' * W' * (kh * kw * in_channels + in_channels * out_channels)``.

    >>> separable_macs(64, 128, 5, 32)
    10027008
    """
    weights = separable_params(in_channels, out_channels, kernel_size)
    return _count_positions(kernel_size, output_size) * weights


def linear_macs(in_features: int, out_features: int) -> int:
    """Return the MACs of a fully connected layer: ``in_features * out_features``.

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
    """Return the floating-point operations in *macs* MACs: ``2 * macs``.

    >>> flops(4_089_184_256)
    8178368512
    """
    return 2 * as_integer(macs, "macs", least=0)


def separable_ratio(out_channels: int, kernel_size: PerAxis) -> Number:
    """Return the cost ratio of separable to standard convolution: ``1/N + 1/k**2``.

    N is *out_channels* and ``k**2`` the number of cells in the kernel. The ratio holds
    for MACs, and for weights without biases.

    >>> separable_ratio(64, 3)
    Fraction(73, 576)
    """
    depthwise, pointwise = _relative_step_costs(out_channels, kernel_size)
    return simplify_number(depthwise + pointwise)


def _relative_step_costs(out_channels: int, kernel_size: PerAxis) -> tuple[Fraction, Fraction]:
    """Return the cost of the depthwise and the pointwise step relative to a standard one."""
    cells = math.prod(as_axis_sizes(kernel_size, "kernel_size"))
    return Fraction(1, as_integer(out_channels, "out_channels")), Fraction(1, cells)


def saving_percent(standard: Number, reduced: Number) -> Number:
    """Return how much *reduced* saves, in percent: ``100 * (1 - reduced/standard)``.

    >>> saving_percent(204800, 9792)
    Fraction(3047, 32)
    """
    if not (is_number(standard) and is_number(reduced) and standard > 0):
        raise SolverError("a saving is between two numbers, the standard one positive")
    return simplify_number(100 * (1 - Fraction(reduced) / standard))


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


def _separable_conv_macs(args: SolverArguments) -> int:
    require_one_group(args.groups)
    return separable_macs(args.in_channels, args.out_channels, args.kernel_size, args.output_size)


def _macs_with_biases(args: SolverArguments) -> int:
    biases: int = args.out_channels * _count_positions(args.kernel_size, args.output_size)
    return conv_macs(**vars(args)) + biases


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        conv_macs,
        {
            "input_channels_left_out": replace_arguments(conv_macs, in_channels=lambda g: g.groups),
            "output_channels_left_out": replace_arguments(
                conv_macs, out_channels=lambda g: g.groups
            ),
            "groups_left_out": replace_arguments(conv_macs, groups=1),
            "separable_for_standard": replace_formula(conv_macs, _separable_conv_macs),
            "flops_for_macs": replace_formula(conv_macs, lambda g: 2 * conv_macs(**vars(g))),
            "positions_left_out": replace_arguments(conv_macs, output_size=1),
            "side_for_area": replace_arguments(conv_macs, kernel_size=kernel_side_for_area),
            "bias_counted": replace_formula(conv_macs, _macs_with_biases),
        },
    ),
    *build_wrong_versions(
        separable_macs,
        {
            "depthwise_only": replace_formula(
                separable_macs,
                lambda g: conv_macs(
                    g.in_channels,
                    g.in_channels,
                    g.kernel_size,
                    g.output_size,
                    groups=g.in_channels,
                ),
            ),
            "pointwise_only": replace_formula(
                separable_macs, lambda g: conv_macs(g.in_channels, g.out_channels, 1, g.output_size)
            ),
            "standard_for_separable": replace_formula(
                separable_macs, lambda g: conv_macs(**vars(g))
            ),
            "flops_for_macs": replace_formula(
                separable_macs, lambda g: 2 * separable_macs(**vars(g))
            ),
            "positions_left_out": replace_arguments(separable_macs, output_size=1),
            "side_for_area": replace_arguments(separable_macs, kernel_size=kernel_side_for_area),
        },
    ),
    *build_wrong_versions(
        linear_macs,
        {
            "flops_for_macs": replace_formula(linear_macs, lambda g: 2 * linear_macs(**vars(g))),
            "bias_counted": replace_formula(
                linear_macs, lambda g: linear_macs(**vars(g)) + g.out_features
            ),
        },
    ),
    *build_wrong_versions(
        mlp_macs,
        {
            "flops_for_macs": replace_formula(mlp_macs, lambda g: 2 * mlp_macs(**vars(g))),
            "bias_counted": replace_formula(mlp_macs, lambda g: mlp_params(**vars(g))),
            "layer_left_out": replace_arguments(mlp_macs, sizes=lambda g: g.sizes[:-1]),
        },
    ),
    *build_wrong_versions(
        flops,
        {
            "macs_for_flops": replace_formula(flops, lambda g: g.macs),
            "macs_halved": replace_formula(flops, lambda g: Fraction(g.macs, 2)),
        },
    ),
    *build_wrong_versions(
        separable_ratio,
        {
            "ratio_inverted": replace_formula(
                separable_ratio, lambda g: Fraction(1) / separable_ratio(**vars(g))
            ),
            "depthwise_only": replace_formula(
                separable_ratio, lambda g: _relative_step_costs(**vars(g))[0]
            ),
            "pointwise_only": replace_formula(
                separable_ratio, lambda g: _relative_step_costs(**vars(g))[1]
            ),
            "side_for_area": replace_arguments(separable_ratio, kernel_size=kernel_side_for_area),
        },
    ),
    *build_wrong_versions(
        saving_percent,
        {
            "remaining_for_saved": replace_formula(
                saving_percent, lambda g: Fraction(100 * g.reduced) / g.standard
            ),
            "percent_of_the_smaller": replace_formula(
                saving_percent, lambda g: 100 * (Fraction(g.standard) / g.reduced - 1)
            ),
        },
    ),
)
