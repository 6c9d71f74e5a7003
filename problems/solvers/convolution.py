"""Values of a convolution, as deep learning defines it: cross-correlation with zero padding.

Source: the PyTorch documentation of ``conv1d``, ``conv2d`` and ``conv3d``. Integers give integers,
exactly. The padding is one number, one for each axis, both ends of every axis as ``ZeroPad2d``
takes them (left, right, top, bottom), or a word: ``valid`` adds none; ``same`` keeps the size at
stride 1, an odd cell at the end; ``tf`` gives ``ceil(size / stride)``, as TensorFlow's SAME does.
"""

from collections.abc import Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Final, Unpack

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array, flag, whole
from problems.solvers.correlation import correlated
from problems.solvers.geometry import PerAxis
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import Laid, Padding, at_one_end, placing

__all__ = ["SOLVERS", "TWINS", "biased", "conv1d", "conv2d", "conv3d", "filters_of"]


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
    """Return the convolution of the sequence *x* with *w*, without rotating it unless *flip*.

    ``y[o,i] = bias[o] + sum over c, a of w[o,c,a] * x[c, i*s + a*d - p]``, with zeros outside of
    *x*. *x* (L) with *w* (k), or *x* (C, L) with *w* (C, k), or with *w* (k) for every channel,
    gives (L'); filters *w* (O, C/groups, k) give (O, L'). What does not fit is a `SolverError`.

    >>> conv1d([1, 2, 3, 4], [1, 10], stride=2)
    array([21, 43])
    """
    laid = Laid(stride=stride, padding=padding, dilation=dilation)
    return _convolved(x, w, axes=1, bias=bias, groups=groups, flip=flip, **laid)


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
    """Return the convolution of *x* with *w*, without rotating the kernel unless *flip*.

    ``y[o,i,j] = bias[o] + sum over c, a, b of w[o,c,a,b] * x[c, i*s + a*d - p, j*s + b*d - p]``,
    with zeros outside of *x*. One kernel gives one map (H', W'): *x* (H, W) with *w* (k, k), *x*
    (C, H, W) with *w* (C, k, k), or with *w* (k, k), the same kernel on every channel. Filters *w*
    (O, C/groups, k, k) give (O, H', W'). What does not fit together is a `SolverError`.

    >>> conv2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]])
    array([[-4, -4],
           [-4, -4]])
    """
    laid = Laid(stride=stride, padding=padding, dilation=dilation)
    return _convolved(x, w, axes=2, bias=bias, groups=groups, flip=flip, **laid)


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
    """Return the convolution of the volume *x* with *w*, without rotating it unless *flip*.

    As `conv2d` with one axis more: *x* (D, H, W) with *w* (k, k, k), *x* (C, D, H, W) with *w*
    (C, k, k, k), or with filters *w* (O, C/groups, k, k, k), which give (O, D', H', W').

    >>> conv3d([[[1, 2]], [[3, 4]]], [[[1]], [[10]]])
    array([[[31, 42]]])
    """
    laid = Laid(stride=stride, padding=padding, dilation=dilation)
    return _convolved(x, w, axes=3, bias=bias, groups=groups, flip=flip, **laid)


def _convolved(
    x: Grid,
    w: Grid,
    *,
    axes: int,
    bias: Number | Grid,
    groups: int,
    flip: bool,
    **geometry: Unpack[Laid],
) -> Array:
    """Return the convolution along the last *axes* of *x*."""
    cells = array(x, "x", ranks=(axes, axes + 1))
    kernel = array(w, "w", ranks=(axes, axes + 1, axes + 2))
    cells = cells.reshape(-1, *cells.shape[cells.ndim - axes :])
    filters = filters_of(kernel, axes, channels=len(cells), groups=whole(groups, "groups"))
    if flag(flip, "flip"):
        filters = np.flip(filters, tuple(range(2, filters.ndim)))
    laid = placing(cells.shape, filters.shape[2:], **geometry)
    maps = biased(correlated(cells, filters, laid=laid, groups=groups), bias)
    return maps if kernel.ndim == axes + 2 else maps[0]


def filters_of(kernel: Array, axes: int, *, channels: int, groups: int) -> Array:
    """Return *kernel* as filters (O, channels/groups, ...) that fit *channels* in *groups*.

    A kernel without channels serves every channel.

    >>> filters_of(np.array([[1, 2]]), 2, channels=3, groups=1).shape
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


def biased(maps: Array, bias: Number | Grid) -> Array:
    """Return *maps* (O, ...) with *bias* added: one number for each map, or one for all.

    >>> biased(np.array([[1, 2], [3, 4]]), (10, 20))
    array([[11, 12],
           [23, 24]])
    """
    if isinstance(bias, int) and not bias:
        return maps
    numbers = (bias,) if isinstance(bias, (int, Fraction)) else bias
    found = array(numbers, "bias", ranks=(1,))
    if len(found) not in {1, len(maps)}:
        raise SolverError(f"bias has {len(found)} numbers for {len(maps)} filters")
    total: Array = np.add(maps, found.reshape(-1, *(1,) * (maps.ndim - 1)))
    return total


# What students do instead.


def _channels(given: SimpleNamespace, axes: int) -> tuple[Array, Array]:
    """Return the input and the kernel where the kernel has several channels of its own."""
    cells = array(given.x, "x", ranks=(axes + 1,))
    kernel = array(given.w, "w", ranks=(axes + 1, axes + 2))
    if kernel.shape[-axes - 1] == 1 or given.groups != 1:
        raise SolverError("each filter has one channel")
    return cells, kernel


def _one_channel(given: SimpleNamespace, axes: int, solver: Solver) -> object:
    cells, kernel = _channels(given, axes)
    first = kernel.take([0], axis=kernel.ndim - axes - 1)
    return solver(**{**vars(given), "x": cells[:1], "w": first})


def _averaged(given: SimpleNamespace, axes: int, solver: Solver) -> object:
    """Return the mean over the channels, with the bias added after it."""
    cells, _ = _channels(given, axes)
    found = np.asarray(solver(**{**vars(given), "bias": 0})) / len(cells)
    return biased(found.reshape(-1, *found.shape[-axes:]), given.bias).reshape(found.shape)


def _kernel_transposed(given: SimpleNamespace) -> Array:
    kernel = array(given.w, "w", ranks=(2, 3, 4))
    if kernel.shape[-1] != kernel.shape[-2]:
        raise SolverError("the kernel is not square")
    return kernel.swapaxes(-1, -2)


def _mistakes(solver: Solver, axes: int) -> Mapping[str, Solver]:
    """Return the twins that convolutions along any number of axes have."""
    return {
        "kernel_flipped": told(solver, flip=lambda given: not given.flip),
        "padding_left_out": told(solver, padding=0),
        "padding_once": told(solver, padding=lambda given: at_one_end(given.padding, axes)),
        "stride_left_out": told(solver, stride=1),
        "dilation_left_out": told(solver, dilation=1),
        "no_bias": told(solver, bias=0),
        "one_channel": instead(solver, lambda given: _one_channel(given, axes, solver)),
        "channels_averaged": instead(solver, lambda given: _averaged(given, axes, solver)),
    }


SOLVERS: Final[tuple[Solver, ...]] = (conv1d, conv2d, conv3d)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(conv1d, _mistakes(conv1d, 1)),
    *twins_of(conv2d, _mistakes(conv2d, 2)),
    *twins_of(conv3d, _mistakes(conv3d, 3)),
    *twins_of(
        conv2d,
        {
            "kernel_transposed": told(conv2d, w=_kernel_transposed),
            "transposed_output": instead(
                conv2d, lambda given: conv2d(**vars(given)).swapaxes(-1, -2)
            ),
        },
    ),
)
