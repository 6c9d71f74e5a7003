"""Convolution as in deep learning: cross-correlation with zero padding.

Source: the PyTorch documentation of ``conv1d``, ``conv2d`` and ``conv3d``. Integer
input gives exact integers. The padding is one number, one number per axis, both ends of
every axis in the order of ``ZeroPad2d`` (left, right, top, bottom), or a word:
``valid`` adds none; ``same`` keeps the size at stride 1 and puts an odd cell at the
end; ``tf`` gives ``ceil(size / stride)``, like TensorFlow's SAME.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Unpack

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array, as_integer, require_bool
from problems.solvers.correlation import correlate_exactly
from problems.solvers.geometry import Padding, PerAxis
from problems.solvers.windows import WindowArguments, drop_end_padding, place_windows
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def conv1d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    flip: bool = False,
) -> Array:
    """Return the convolution of a sequence *x* with *w*; *flip* rotates the kernel first.

    ``y[o,i] = bias[o] + sum over c, a of w[o,c,a] * x[c, i*s + a*d - p]``, with zeros
    outside *x*. *x* (L) with *w* (k), or *x* (C, L) with *w* (C, k), or with *w* (k)
    for every channel, gives (L'); filters *w* (O, C/groups, k) give (O, L'). Raise
    `SolverError` if the shapes do not match.

    >>> conv1d([1, 2, 3, 4], [1, 10], stride=2)
    array([21, 43])
    """
    options = WindowArguments(stride=stride, padding=padding, dilation=dilation)
    return _convolve(x, w, axes=1, bias=bias, groups=groups, flip=flip, **options)


def conv2d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    flip: bool = False,
) -> Array:
    """Return the convolution of *x* with *w*; *flip* rotates the kernel first.

    ``y[o,i,j] = bias[o] + sum over c, a, b of w[o,c,a,b] * x[c,i*s+a*d-p,j*s+b*d-p]``,
    with zeros outside *x*. One kernel gives one map (H', W'): *x* (H, W) with *w*
    (k, k), *x* (C, H, W) with *w* (C, k, k), or with *w* (k, k), which applies the same
    kernel to every channel. Filters *w* (O, C/groups, k, k) give (O, H', W'). Raise
    `SolverError` if the shapes do not match.

    >>> conv2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]])
    array([[-4, -4],
           [-4, -4]])
    """
    options = WindowArguments(stride=stride, padding=padding, dilation=dilation)
    return _convolve(x, w, axes=2, bias=bias, groups=groups, flip=flip, **options)


def conv3d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    flip: bool = False,
) -> Array:
    """Return the convolution of a volume *x* with *w*; *flip* rotates the kernel first.

    Like `conv2d` with one more axis: *x* (D, H, W) with *w* (k, k, k), *x* (C, D, H, W)
    with *w* (C, k, k, k), or with filters *w* (O, C/groups, k, k, k), which give
    (O, D', H', W').

    >>> conv3d([[[1, 2]], [[3, 4]]], [[[1]], [[10]]])
    array([[[31, 42]]])
    """
    options = WindowArguments(stride=stride, padding=padding, dilation=dilation)
    return _convolve(x, w, axes=3, bias=bias, groups=groups, flip=flip, **options)


def _convolve(
    x: Grid,
    w: Grid,
    *,
    axes: int,
    bias: Number | Grid,
    groups: int,
    flip: bool,
    **geometry: Unpack[WindowArguments],
) -> Array:
    """Return the convolution over the last *axes* axes of *x*."""
    cells = as_array(x, "x", ranks=(axes, axes + 1))
    kernel = as_array(w, "w", ranks=(axes, axes + 1, axes + 2))
    cells = cells.reshape(-1, *cells.shape[cells.ndim - axes :])
    filters = as_filters(kernel, axes, channels=len(cells), groups=as_integer(groups, "groups"))
    if require_bool(flip, "flip"):
        filters = np.flip(filters, tuple(range(2, filters.ndim)))
    placement = place_windows(cells.shape, filters.shape[2:], **geometry)
    maps = add_bias(correlate_exactly(cells, filters, placement=placement, groups=groups), bias)
    return maps if kernel.ndim == axes + 2 else maps[0]


def as_filters(kernel: Array, axes: int, *, channels: int, groups: int) -> Array:
    """Return *kernel* as filters (O, channels/groups, ...).

    A kernel without a channel axis is repeated for every channel. Raise `SolverError`
    if the filters do not match *channels* and *groups*.

    >>> as_filters(np.array([[1, 2]]), 2, channels=3, groups=1).shape
    (1, 3, 1, 2)
    """
    filters = kernel
    if kernel.ndim == axes:
        filters = kernel.reshape(1, 1, *kernel.shape).repeat(channels, axis=1)
    elif kernel.ndim == axes + 1:
        filters = kernel.reshape(1, *kernel.shape)
    if channels % groups or len(filters) % groups:
        raise SolverError(f"{groups} groups do not divide the channels")
    if filters.shape[1] != channels // groups:
        raise SolverError(
            f"w takes {filters.shape[1]} channels, but x has {channels} in {groups} group(s)"
        )
    return filters


def add_bias(maps: Array, bias: Number | Grid) -> Array:
    """Return *maps* (O, ...) plus *bias*, which is one number per map or one for all.

    >>> add_bias(np.array([[1, 2], [3, 4]]), (10, 20))
    array([[11, 12],
           [23, 24]])
    """
    if isinstance(bias, int) and not bias:
        return maps
    numbers = (bias,) if isinstance(bias, (int, Fraction)) else bias
    biases = as_array(numbers, "bias", ranks=(1,))
    if len(biases) not in {1, len(maps)}:
        raise SolverError(f"bias has {len(biases)} numbers for {len(maps)} filters")
    total: Array = np.add(maps, biases.reshape(-1, *(1,) * (maps.ndim - 1)))
    return total


# What students do instead.


def _multichannel_inputs(args: SolverArguments, axes: int) -> tuple[Array, Array]:
    """Return the input and the kernel of a convolution over several channels.

    Raise `SolverError` if each filter has one channel or there are groups.
    """
    cells = as_array(args.x, "x", ranks=(axes + 1,))
    kernel = as_array(args.w, "w", ranks=(axes + 1, axes + 2))
    if kernel.shape[-axes - 1] == 1 or args.groups != 1:
        raise SolverError("each filter has one channel")
    return cells, kernel


def _convolve_first_channel(args: SolverArguments, axes: int, solver: Solver) -> object:
    cells, kernel = _multichannel_inputs(args, axes)
    first = kernel.take([0], axis=kernel.ndim - axes - 1)
    return solver(**{**vars(args), "x": cells[:1], "w": first})


def _convolve_channel_mean(args: SolverArguments, axes: int, solver: Solver) -> object:
    """Return the mean over the channels instead of the sum; the bias is added after it."""
    cells, _ = _multichannel_inputs(args, axes)
    means = np.asarray(solver(**{**vars(args), "bias": 0})) / len(cells)
    return add_bias(means.reshape(-1, *means.shape[-axes:]), args.bias).reshape(means.shape)


def _transpose_kernel(args: SolverArguments) -> Array:
    kernel = as_array(args.w, "w", ranks=(2, 3, 4))
    if kernel.shape[-1] != kernel.shape[-2]:
        raise SolverError("the kernel is not square")
    return kernel.swapaxes(-1, -2)


def _conv_wrong_versions(solver: Solver, axes: int) -> Mapping[str, Solver]:
    """Return the wrong versions shared by convolutions over any number of axes."""
    return {
        "kernel_flipped": replace_arguments(solver, flip=lambda args: not args.flip),
        "padding_left_out": replace_arguments(solver, padding=0),
        "padding_once": replace_arguments(
            solver, padding=lambda args: drop_end_padding(args.padding, axes)
        ),
        "stride_left_out": replace_arguments(solver, stride=1),
        "dilation_left_out": replace_arguments(solver, dilation=1),
        "no_bias": replace_arguments(solver, bias=0),
        "one_channel": replace_formula(
            solver, lambda args: _convolve_first_channel(args, axes, solver)
        ),
        "channels_averaged": replace_formula(
            solver, lambda args: _convolve_channel_mean(args, axes, solver)
        ),
    }


SOLVERS: Final[tuple[Solver, ...]] = (conv1d, conv2d, conv3d)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(conv1d, _conv_wrong_versions(conv1d, 1)),
    *build_wrong_versions(conv2d, _conv_wrong_versions(conv2d, 2)),
    *build_wrong_versions(conv3d, _conv_wrong_versions(conv3d, 3)),
    *build_wrong_versions(
        conv2d,
        {
            "kernel_transposed": replace_arguments(conv2d, w=_transpose_kernel),
            "transposed_output": replace_formula(
                conv2d, lambda args: conv2d(**vars(args)).swapaxes(-1, -2)
            ),
        },
    ),
)
