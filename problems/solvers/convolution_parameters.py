"""Parameter counts of standard, transposed, unshared and separable convolutions.

Counts are exact integers. A single number as kernel size means a square kernel; a tuple
has one size per axis, for one to three axes. Source: the PyTorch documentation of
``Conv2d`` and ``ConvTranspose2d``; Howard et al., MobileNets (2017) for the separable
convolution; the Keras documentation of ``LocallyConnected2D``.
"""

import math
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import as_axis_sizes, as_integer, require_bool
from problems.solvers.geometry import PerAxis
from problems.solvers.parameters import make_one_bias_version
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def conv_params(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, bias: bool = True, groups: int = 1
) -> int:
    """Return the number of parameters of a convolution.

    ``kh * kw * in_channels/groups * out_channels``, plus *out_channels* biases.
    *groups* must divide both numbers of channels. *kernel_size* is ``(k,)`` in one
    dimension and ``(kd, kh, kw)`` in three.

    >>> conv_params(3, 16, 3), conv_params(3, 16, (5, 3, 3))
    (448, 2176)
    """
    into, out = as_integer(in_channels, "in_channels"), as_integer(out_channels, "out_channels")
    if into % as_integer(groups, "groups") or out % groups:
        raise SolverError(f"{groups} groups do not divide {into} and {out} channels")
    weights = math.prod(as_axis_sizes(kernel_size, "kernel_size")) * (into // groups) * out
    return weights + (out if require_bool(bias, "bias") else 0)


def conv_transpose_params(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, bias: bool = True, groups: int = 1
) -> int:
    """Return the number of parameters of a transposed convolution.

    It has the weights of the convolution in the opposite direction:
    ``kh * kw * in_channels * out_channels/groups``, plus *out_channels* biases.

    >>> conv_transpose_params(16, 3, 2)
    195
    """
    return conv_params(in_channels, out_channels, kernel_size, bias=bias, groups=groups)


def locally_connected_params(
    in_channels: int,
    out_channels: int,
    kernel_size: PerAxis,
    output_size: PerAxis,
    *,
    bias: bool = True,
    shared_bias: bool = False,
) -> int:
    """Return the number of parameters of a convolution without weight sharing.

    Each position has its own filters:
    ``H' * W' * (kh * kw * in_channels * out_channels + out_channels)``. *output_size*
    (H', W') has as many axes as the kernel. With *shared_bias*, all positions of an
    output channel share one bias.

    >>> locally_connected_params(3, 16, 3, 30)
    403200
    """
    axes = len(as_axis_sizes(kernel_size, "kernel_size"))
    positions = math.prod(as_axis_sizes(output_size, "output_size", axes=axes))
    weights = conv_params(in_channels, out_channels, kernel_size, bias=False)
    biases = out_channels if require_bool(bias, "bias") else 0
    return positions * weights + biases * (
        1 if require_bool(shared_bias, "shared_bias") else positions
    )


def separable_params(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, bias: bool = False
) -> int:
    """Return the parameters of a depthwise convolution followed by a pointwise one.

    ``kh * kw * in_channels + in_channels * out_channels``; *bias* adds
    ``in_channels + out_channels``.

    >>> separable_params(64, 128, 5)
    9792
    """
    depthwise = conv_params(in_channels, in_channels, kernel_size, bias=bias, groups=in_channels)
    return depthwise + conv_params(in_channels, out_channels, 1, bias=bias)


SOLVERS: Final[tuple[Solver, ...]] = (
    conv_params,
    conv_transpose_params,
    locally_connected_params,
    separable_params,
)

# What students do instead.


def require_one_group(groups: int) -> None:
    """Raise `SolverError` unless the layer has one group.

    Students do not mistake a grouped convolution for a separable one.

    >>> require_one_group(1)
    """
    if groups != 1:
        raise SolverError("a convolution in groups is not taken for a separable one")


def kernel_side_for_area(args: SolverArguments) -> tuple[int, ...]:
    """Return a kernel size whose area is one side of the actual kernel.

    Raise `SolverError` if the kernel has one axis, is not square, or has side 1.

    >>> kernel_side_for_area(SolverArguments(kernel_size=3))
    (3, 1)
    """
    sizes = as_axis_sizes(args.kernel_size, "kernel_size")
    if len(sizes) == 1 or len(set(sizes)) > 1 or sizes[0] == 1:
        raise SolverError("no side of this kernel is taken for its area")
    return (sizes[0], *(1 for _ in sizes[1:]))


def _count_with_biases(args: SolverArguments, biases: int) -> int:
    """Return the parameters with a wrong number of *biases*.

    Raise `SolverError` if the layer has no biases, or if that number is correct.
    """
    weights = conv_params(**{**vars(args), "bias": False})
    if not args.bias or biases == args.out_channels:
        raise SolverError("the layer has no biases, or as many")
    return weights + biases


def _count_separable_params(args: SolverArguments) -> int:
    require_one_group(args.groups)
    return separable_params(args.in_channels, args.out_channels, args.kernel_size, bias=args.bias)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        conv_params,
        {
            "no_bias": replace_arguments(conv_params, bias=False),
            "bias_added": replace_arguments(conv_params, bias=True),
            "one_bias": make_one_bias_version(conv_params),
            "input_channels_left_out": replace_arguments(
                conv_params, in_channels=lambda g: g.groups
            ),
            "output_channels_left_out": replace_arguments(
                conv_params, out_channels=lambda g: g.groups
            ),
            "bias_per_input_channel": replace_formula(
                conv_params, lambda g: _count_with_biases(g, g.in_channels)
            ),
            "bias_in_each_channel": replace_formula(
                conv_params,
                lambda g: _count_with_biases(g, g.in_channels // g.groups * g.out_channels),
            ),
            "side_for_area": replace_arguments(conv_params, kernel_size=kernel_side_for_area),
            "groups_left_out": replace_arguments(conv_params, groups=1),
            "separable_for_standard": replace_formula(conv_params, _count_separable_params),
        },
    ),
    *build_wrong_versions(
        conv_transpose_params,
        {
            "no_bias": replace_arguments(conv_transpose_params, bias=False),
            "bias_added": replace_arguments(conv_transpose_params, bias=True),
            "one_bias": make_one_bias_version(conv_transpose_params),
            "bias_per_input_channel": replace_arguments(
                conv_transpose_params,
                in_channels=lambda g: g.out_channels,
                out_channels=lambda g: g.in_channels,
            ),
            "input_channels_left_out": replace_arguments(
                conv_transpose_params, in_channels=lambda g: g.groups
            ),
            "groups_left_out": replace_arguments(conv_transpose_params, groups=1),
            "side_for_area": replace_arguments(
                conv_transpose_params, kernel_size=kernel_side_for_area
            ),
        },
    ),
    *build_wrong_versions(
        locally_connected_params,
        {
            "no_bias": replace_arguments(locally_connected_params, bias=False),
            "weights_shared": replace_arguments(locally_connected_params, output_size=1),
            "bias_per_filter": replace_arguments(locally_connected_params, shared_bias=True),
            "input_channels_left_out": replace_arguments(locally_connected_params, in_channels=1),
            "output_channels_left_out": replace_arguments(locally_connected_params, out_channels=1),
            "side_for_area": replace_arguments(
                locally_connected_params, kernel_size=kernel_side_for_area
            ),
        },
    ),
    *build_wrong_versions(
        separable_params,
        {
            "no_bias": replace_arguments(separable_params, bias=False),
            "bias_added": replace_arguments(separable_params, bias=True),
            "side_for_area": replace_arguments(separable_params, kernel_size=kernel_side_for_area),
            "depthwise_only": replace_formula(
                separable_params,
                lambda g: conv_params(
                    g.in_channels, g.in_channels, g.kernel_size, bias=g.bias, groups=g.in_channels
                ),
            ),
            "pointwise_only": replace_formula(
                separable_params,
                lambda g: conv_params(g.in_channels, g.out_channels, 1, bias=g.bias),
            ),
            "standard_for_separable": replace_formula(
                separable_params,
                lambda g: conv_params(g.in_channels, g.out_channels, g.kernel_size, bias=g.bias),
            ),
        },
    ),
)
