"""Numbers of learnable parameters of convolutions: standard, transposed, unshared and separable.

Counts are exact integers. A kernel of one number is square; a tuple has its size along each of one
to three axes. Source: the PyTorch documentation of ``Conv2d`` and ``ConvTranspose2d``; Howard et
al., MobileNets (2017) for the separable convolution; the Keras documentation of
``LocallyConnected2D``.
"""

import math
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import along_axes, flag, whole
from problems.solvers.geometry import PerAxis
from problems.solvers.parameters import one_bias
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "conv_params",
    "conv_transpose_params",
    "locally_connected_params",
    "one_group",
    "separable_params",
    "side_of_kernel",
]


def conv_params(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, bias: bool = True, groups: int = 1
) -> int:
    """Return the parameters of a convolution.

    ``kh * kw * in_channels/groups * out_channels``, and *out_channels* biases. Groups must divide
    both numbers of channels. In one dimension *kernel_size* is ``(k,)``, in three ``(kd, kh, kw)``.

    >>> conv_params(3, 16, 3), conv_params(3, 16, (5, 3, 3))
    (448, 2176)
    """
    into, out = whole(in_channels, "in_channels"), whole(out_channels, "out_channels")
    if into % whole(groups, "groups") or out % groups:
        raise SolverError(f"{groups} groups do not divide {into} and {out} channels")
    weights = math.prod(along_axes(kernel_size, "kernel_size")) * (into // groups) * out
    return weights + (out if flag(bias, "bias") else 0)


def conv_transpose_params(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, bias: bool = True, groups: int = 1
) -> int:
    """Return the parameters of a transposed convolution.

    Its weights are those of the convolution that goes the other way:
    ``kh * kw * in_channels * out_channels/groups``, and *out_channels* biases.

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
    """Return the parameters of a convolution without weight sharing: own filters at each position.

    ``H' * W' * (kh * kw * in_channels * out_channels + out_channels)`` for the *output_size*
    (H', W'), which has as many axes as the kernel; with *shared_bias* all positions of an output
    channel have one bias.

    >>> locally_connected_params(3, 16, 3, 30)
    403200
    """
    axes = len(along_axes(kernel_size, "kernel_size"))
    positions = math.prod(along_axes(output_size, "output_size", axes=axes))
    weights = conv_params(in_channels, out_channels, kernel_size, bias=False)
    biases = out_channels if flag(bias, "bias") else 0
    return positions * weights + biases * (1 if flag(shared_bias, "shared_bias") else positions)


def separable_params(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, bias: bool = False
) -> int:
    """Return the parameters of a depthwise convolution and the pointwise one after it.

    ``kh * kw * in_channels + in_channels * out_channels``; *bias* adds ``in + out``.

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


def one_group(groups: int) -> None:
    """Guarantee that the layer has one group: of others nobody thinks of two steps.

    >>> one_group(1)
    """
    if groups != 1:
        raise SolverError("a convolution in groups is not taken for a separable one")


def side_of_kernel(given: SimpleNamespace) -> tuple[int, ...]:
    """Return the kernel with one side in the place of its area, or raise `SolverError`.

    >>> side_of_kernel(SimpleNamespace(kernel_size=3))
    (3, 1)
    """
    sizes = along_axes(given.kernel_size, "kernel_size")
    if len(sizes) == 1 or len(set(sizes)) > 1 or sizes[0] == 1:
        raise SolverError("no side of this kernel is taken for its area")
    return (sizes[0], *(1 for _ in sizes[1:]))


def _with_biases(given: SimpleNamespace, biases: int) -> int:
    """Return the parameters with so many biases, of a layer that has biases and not as many."""
    weights = conv_params(**{**vars(given), "bias": False})
    if not given.bias or biases == given.out_channels:
        raise SolverError("the layer has no biases, or as many")
    return weights + biases


def _separable(given: SimpleNamespace) -> int:
    one_group(given.groups)
    return separable_params(
        given.in_channels, given.out_channels, given.kernel_size, bias=given.bias
    )


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        conv_params,
        {
            "no_bias": told(conv_params, bias=False),
            "bias_added": told(conv_params, bias=True),
            "one_bias": one_bias(conv_params),
            "input_channels_left_out": told(conv_params, in_channels=lambda g: g.groups),
            "output_channels_left_out": told(conv_params, out_channels=lambda g: g.groups),
            "bias_per_input_channel": instead(
                conv_params, lambda g: _with_biases(g, g.in_channels)
            ),
            "bias_in_each_channel": instead(
                conv_params, lambda g: _with_biases(g, g.in_channels // g.groups * g.out_channels)
            ),
            "side_for_area": told(conv_params, kernel_size=side_of_kernel),
            "groups_left_out": told(conv_params, groups=1),
            "separable_for_standard": instead(conv_params, _separable),
        },
    ),
    *twins_of(
        conv_transpose_params,
        {
            "no_bias": told(conv_transpose_params, bias=False),
            "bias_added": told(conv_transpose_params, bias=True),
            "one_bias": one_bias(conv_transpose_params),
            "bias_per_input_channel": told(
                conv_transpose_params,
                in_channels=lambda g: g.out_channels,
                out_channels=lambda g: g.in_channels,
            ),
            "input_channels_left_out": told(conv_transpose_params, in_channels=lambda g: g.groups),
            "groups_left_out": told(conv_transpose_params, groups=1),
            "side_for_area": told(conv_transpose_params, kernel_size=side_of_kernel),
        },
    ),
    *twins_of(
        locally_connected_params,
        {
            "no_bias": told(locally_connected_params, bias=False),
            "weights_shared": told(locally_connected_params, output_size=1),
            "bias_per_filter": told(locally_connected_params, shared_bias=True),
            "input_channels_left_out": told(locally_connected_params, in_channels=1),
            "output_channels_left_out": told(locally_connected_params, out_channels=1),
            "side_for_area": told(locally_connected_params, kernel_size=side_of_kernel),
        },
    ),
    *twins_of(
        separable_params,
        {
            "no_bias": told(separable_params, bias=False),
            "bias_added": told(separable_params, bias=True),
            "side_for_area": told(separable_params, kernel_size=side_of_kernel),
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
)
