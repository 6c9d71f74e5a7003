"""Gradients with respect to the input, the kernel and the biases of a convolution.

*dy* is the gradient with respect to the output. Integers give integers, exactly. Source: Dumoulin
and Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4, and the PyTorch
documentation of ``torch.nn.grad``.
"""

from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Final, cast

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, Shape, array, whole
from problems.solvers.convolution import conv2d
from problems.solvers.correlation import kernel_products
from problems.solvers.geometry import PerAxis
from problems.solvers.products import summed
from problems.solvers.transposed_values import conv_transpose2d
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.windows import Padding, borders_of, placing, sizes_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "conv2d_backward_bias",
    "conv2d_backward_input",
    "conv2d_backward_weight",
    "shared_weight_gradient",
]

MAPS: Final = (2, 3)
ANY: Final = (1, 2, 3, 4)


def conv2d_backward_input(
    dy: Grid,
    w: Grid,
    *,
    input_size: PerAxis | None = None,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the gradient with respect to the input *x* of `conv2d`: each place gives *w* times dy.

    ``dx[c,i*s+a*d-p,j*s+b*d-p] += w[o,c,a,b] * dy[o,i,j]``, which at stride 1 is the full
    convolution of *dy* with the rotated kernel. *dy* (H', W') with *w* (k, k) gives (H, W), with
    *w* (C, k, k) it gives (C, H, W); *dy* (O, H', W') with *w* (O, C/groups, k, k) gives (C, H, W).
    *input_size* names H and W where the stride left cells unused.

    >>> conv2d_backward_input([[1, 0], [0, 2]], [[1, 10], [0, 0]])
    array([[ 1, 10,  0],
           [ 0,  2, 20],
           [ 0,  0,  0]])
    """
    given = array(dy, "dy", ranks=MAPS)
    kernel = array(w, "w", ranks=(2, 3, 4))
    filters = kernel[np.newaxis] if kernel.ndim == 3 else kernel  # noqa: PLR2004 - (C, k, k)

    def spread(added: PerAxis) -> Array:
        return conv_transpose2d(
            given,
            filters,
            stride=stride,
            padding=padding,
            output_padding=added,
            dilation=dilation,
            groups=groups,
        )

    smallest = spread(0)
    if input_size is None:
        return smallest
    wanted = sizes_of(input_size, "input_size", 2)
    unused = tuple(size - least for size, least in zip(wanted, smallest.shape[-2:], strict=True))
    if min(unused) < 0:
        raise SolverError(f"an input of {wanted} does not give an output of {given.shape[-2:]}")
    return spread(unused) if any(unused) else smallest


def conv2d_backward_weight(
    x: Grid,
    dy: Grid,
    *,
    kernel_size: PerAxis | None = None,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the gradient with respect to the kernel *w* of `conv2d`: the sum over all places.

    ``dw[o,c,a,b] = sum over i, j of dy[o,i,j] * x[c, i*s + a*d - p, j*s + b*d - p]``. *x* (H, W)
    with *dy* (H', W') gives (k, k), *x* (C, H, W) with it (C, k, k), and with *dy* (O, H', W') it
    gives (O, C/groups, k, k). *kernel_size* must be named where the stride is not 1.

    >>> conv2d_backward_weight([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    array([[21, 32],
           [54, 65]])
    """
    cells, given = array(x, "x", ranks=MAPS), array(dy, "dy", ranks=MAPS)
    maps, back = cells.reshape(-1, *cells.shape[-2:]), given.reshape(-1, *given.shape[-2:])
    if len(maps) % whole(groups, "groups") or len(back) % groups:
        raise SolverError(f"{groups} groups do not divide the channels")
    kernel = (
        _kernel_between(maps.shape[1:], back.shape[1:], stride, padding, dilation)
        if kernel_size is None
        else sizes_of(kernel_size, "kernel_size", 2)
    )
    laid = placing(maps.shape, kernel, stride=stride, padding=padding, dilation=dilation)
    if laid.output != back.shape[1:]:
        raise SolverError(f"dy must have the sides {laid.output}, not {back.shape[1:]}")
    found = kernel_products(maps, back, laid=laid, groups=groups)
    if given.ndim == 3:  # noqa: PLR2004 - (O, H', W')
        return found
    return cast("Array", found[0] if cells.ndim == 3 else found[0, 0])  # noqa: PLR2004 - (C, H, W)


def _kernel_between(
    sizes: Shape, output: Shape, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> Shape:
    """Return the kernel that takes *sizes* to *output* at stride 1."""
    spread = sizes_of(dilation, "dilation", 2)
    if sizes_of(stride, "stride", 2) != (1, 1) or padding in {"same", "tf"}:
        raise SolverError("kernel_size must be given where stride or padding leave it open")
    borders = borders_of(padding, sizes, (1, 1), stride=(1, 1), dilation=spread)
    found = []
    for size, count, gap, ends in zip(sizes, output, spread, borders, strict=True):
        steps, rest = divmod(size + sum(ends) - count, gap)
        if steps < 0 or rest:
            raise SolverError(f"no kernel takes {size} cells to {count}")
        found.append(steps + 1)
    return tuple(found)


def conv2d_backward_bias(dy: Grid) -> Array:
    """Return the gradient with respect to the bias of each filter: the sum of *dy* over positions.

    (O, H', W') gives (O), a single map (H', W') gives one number.

    >>> conv2d_backward_bias([[[1, 2], [3, 4]], [[0, 0], [0, 5]]])
    array([10,  5])
    """
    return cast("Array", np.asarray(array(dy, "dy", ranks=MAPS).sum(axis=(-2, -1))))


def shared_weight_gradient(x: Grid, dy: Grid) -> Number:
    """Return the gradient with respect to one weight that is used several times: the sum over uses.

    ``dw = sum of x[i] * dy[i]``: the *i*-th use multiplies the weight by ``x[i]`` and gives an
    output whose gradient is ``dy[i]``.

    >>> shared_weight_gradient([1, 2, 3], [10, 0, -1])
    7
    """
    cells, given = _uses(x, dy)
    found = summed(np.multiply, cells, given, terms=cells.size, products=cells.size).sum()
    return cast("Number", found.item())


def _uses(x: Grid, dy: Grid) -> tuple[Array, Array]:
    cells, given = array(x, "x", ranks=ANY), array(dy, "dy", ranks=ANY)
    if cells.shape != given.shape:
        raise SolverError(f"x has the shape {cells.shape}, but dy has {given.shape}")
    return cells, given


# What students do instead.


def _rotated(given: SimpleNamespace) -> Array:
    return array(given.w, "w", ranks=(2, 3, 4))[..., ::-1, ::-1]


def _without_borders(given: SimpleNamespace) -> Array:
    """Return the convolution of *dy* with the rotated kernel where it lies inside of *dy*."""
    return conv2d(given.dy, array(given.w, "w", ranks=(2,)), flip=True)


def _mean_over_positions(given: SimpleNamespace) -> Array:
    return cast("Array", np.asarray(array(given.dy, "dy", ranks=MAPS).mean(axis=(-2, -1))))


def _of_sums(given: SimpleNamespace) -> object:
    cells, back = _uses(given.x, given.dy)
    return cells.sum().item() * back.sum().item()


def _turned(turn: Callable[[Array], Array]) -> Solver:
    """Return the gradient of the kernel after a *turn* of it."""
    return instead(
        conv2d_backward_weight, lambda given: turn(conv2d_backward_weight(**vars(given)))
    )


SOLVERS: Final[tuple[Solver, ...]] = (
    conv2d_backward_input,
    conv2d_backward_weight,
    conv2d_backward_bias,
    shared_weight_gradient,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        conv2d_backward_input,
        {
            "kernel_not_rotated": told(conv2d_backward_input, w=_rotated),
            "full_left_out": instead(conv2d_backward_input, _without_borders),
            "padding_left_out": told(conv2d_backward_input, padding=0, input_size=None),
            "stride_left_out": told(conv2d_backward_input, stride=1, input_size=None),
            "dilation_left_out": told(conv2d_backward_input, dilation=1, input_size=None),
        },
    ),
    *twins_of(
        conv2d_backward_weight,
        {
            "kernel_flipped": _turned(lambda found: found[..., ::-1, ::-1]),
            "transposed_output": _turned(lambda found: found.swapaxes(-1, -2)),
            "padding_left_out": told(conv2d_backward_weight, padding=0, kernel_size=None),
            "stride_left_out": told(conv2d_backward_weight, stride=1, kernel_size=None),
        },
    ),
    *twins_of(
        conv2d_backward_bias,
        {
            "positions_not_summed": instead(
                conv2d_backward_bias, lambda given: array(given.dy, "dy", ranks=MAPS)
            ),
            "mean_for_sum": instead(conv2d_backward_bias, _mean_over_positions),
        },
    ),
    *twins_of(
        shared_weight_gradient,
        {
            "mean_for_sum": instead(
                shared_weight_gradient,
                lambda given: (
                    Fraction(shared_weight_gradient(given.x, given.dy))
                    / array(given.x, "x", ranks=ANY).size
                ),
            ),
            "sums_multiplied": instead(shared_weight_gradient, _of_sums),
            "one_use_only": instead(
                shared_weight_gradient,
                lambda given: np.multiply(*_uses(given.x, given.dy)).ravel()[0].item(),
            ),
        },
    ),
)
