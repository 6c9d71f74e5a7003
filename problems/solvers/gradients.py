"""Gradients of a convolution with respect to its input, kernel and biases.

*dy* is the gradient with respect to the output. Integer input gives exact integers.
Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016),
chapter 4, and the PyTorch documentation of ``torch.nn.grad``.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Final, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, Shape, as_array, as_integer
from problems.solvers.convolution import conv2d
from problems.solvers.correlation import sum_kernel_products
from problems.solvers.geometry import Padding, PerAxis
from problems.solvers.products import sum_products
from problems.solvers.transposed_values import conv_transpose2d
from problems.solvers.windows import as_sizes, compute_borders, place_windows
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAP_RANKS: Final = (2, 3)
ANY_RANK: Final = (1, 2, 3, 4)


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
    """Return the gradient with respect to the input *x* of `conv2d`.

    ``dx[c,i*s+a*d-p,j*s+b*d-p] += w[o,c,a,b] * dy[o,i,j]``: each position adds *w*
    times its dy. At stride 1 this is the full convolution of *dy* with the rotated
    kernel. *dy* (H', W') with *w* (k, k) gives (H, W), and with *w* (C, k, k) it gives
    (C, H, W); *dy* (O, H', W') with *w* (O, C/groups, k, k) gives (C, H, W). Set
    *input_size* (H, W) if the stride left cells unused.

    >>> conv2d_backward_input([[1, 0], [0, 2]], [[1, 10], [0, 0]])
    array([[ 1, 10,  0],
           [ 0,  2, 20],
           [ 0,  0,  0]])
    """
    upstream = as_array(dy, "dy", ranks=MAP_RANKS)
    kernel = as_array(w, "w", ranks=(2, 3, 4))
    filters = kernel[np.newaxis] if kernel.ndim == 3 else kernel  # noqa: PLR2004 - (C, k, k)
    convolve_transposed = partial(
        conv_transpose2d,
        upstream,
        filters,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    smallest = convolve_transposed()
    if input_size is None:
        return smallest
    wanted = as_sizes(input_size, "input_size", 2)
    unused = tuple(size - least for size, least in zip(wanted, smallest.shape[-2:], strict=True))
    if min(unused) < 0:
        raise SolverError(f"an input of {wanted} does not give an output of {upstream.shape[-2:]}")
    return convolve_transposed(output_padding=unused) if any(unused) else smallest


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
    """Return the gradient with respect to the kernel *w* of `conv2d`.

    ``dw[o,c,a,b] = sum over i, j of dy[o,i,j] * x[c, i*s + a*d - p, j*s + b*d - p]``.
    *x* (H, W) with *dy* (H', W') gives (k, k), *x* (C, H, W) with *dy* (H', W') gives
    (C, k, k), and with *dy* (O, H', W') it gives (O, C/groups, k, k). *kernel_size* is
    required if the stride is not 1 or the padding is ``same`` or ``tf``.

    >>> conv2d_backward_weight([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    array([[21, 32],
           [54, 65]])
    """
    cells, upstream = as_array(x, "x", ranks=MAP_RANKS), as_array(dy, "dy", ranks=MAP_RANKS)
    maps, back = cells.reshape(-1, *cells.shape[-2:]), upstream.reshape(-1, *upstream.shape[-2:])
    if len(maps) % as_integer(groups, "groups") or len(back) % groups:
        raise SolverError(f"{groups} groups do not divide the channels")
    kernel = (
        _infer_kernel_size(maps.shape[1:], back.shape[1:], stride, padding, dilation)
        if kernel_size is None
        else as_sizes(kernel_size, "kernel_size", 2)
    )
    placement = place_windows(maps.shape, kernel, stride=stride, padding=padding, dilation=dilation)
    if placement.output != back.shape[1:]:
        raise SolverError(f"dy must have the sides {placement.output}, not {back.shape[1:]}")
    gradient = sum_kernel_products(maps, back, placement=placement, groups=groups)
    if upstream.ndim == 3:  # noqa: PLR2004 - (O, H', W')
        return gradient
    return cast("Array", gradient[0] if cells.ndim == 3 else gradient[0, 0])  # noqa: PLR2004 - (C, H, W)


def _infer_kernel_size(
    sizes: Shape, output: Shape, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> Shape:
    """Return the kernel size that maps *sizes* to *output* at stride 1."""
    spread = as_sizes(dilation, "dilation", 2)
    if as_sizes(stride, "stride", 2) != (1, 1) or padding in {"same", "tf"}:
        raise SolverError("kernel_size must be given where stride or padding leave it open")
    borders = compute_borders(padding, sizes, (1, 1), stride=(1, 1), dilation=spread)
    kernel = []
    for size, count, gap, ends in zip(sizes, output, spread, borders, strict=True):
        steps, rest = divmod(size + sum(ends) - count, gap)
        if steps < 0 or rest:
            raise SolverError(f"no kernel takes {size} cells to {count}")
        kernel.append(steps + 1)
    return tuple(kernel)


def conv2d_backward_bias(dy: Grid) -> Array:
    """Return the gradient with respect to the biases: the sum of *dy* over positions.

    *dy* (O, H', W') gives (O), and a single map (H', W') gives one number.

    >>> conv2d_backward_bias([[[1, 2], [3, 4]], [[0, 0], [0, 5]]])
    array([10,  5])
    """
    return cast("Array", np.asarray(as_array(dy, "dy", ranks=MAP_RANKS).sum(axis=(-2, -1))))


def shared_weight_gradient(x: Grid, dy: Grid) -> Number:
    """Return the gradient with respect to a shared weight: the sum over its uses.

    ``dw = sum of x[i] * dy[i]``: the *i*-th use multiplies the weight by ``x[i]``, and
    its output has the gradient ``dy[i]``.

    >>> shared_weight_gradient([1, 2, 3], [10, 0, -1])
    7
    """
    cells, upstream = _parse_weight_uses(x, dy)
    gradient = sum_products(
        np.multiply, cells, upstream, terms=cells.size, products=cells.size
    ).sum()
    return cast("Number", gradient.item())


def _parse_weight_uses(x: Grid, dy: Grid) -> tuple[Array, Array]:
    cells, upstream = as_array(x, "x", ranks=ANY_RANK), as_array(dy, "dy", ranks=ANY_RANK)
    if cells.shape != upstream.shape:
        raise SolverError(f"x has the shape {cells.shape}, but dy has {upstream.shape}")
    return cells, upstream


# What students do instead.


def _rotate_kernel(args: SolverArguments) -> Array:
    return as_array(args.w, "w", ranks=(2, 3, 4))[..., ::-1, ::-1]


def _input_gradient_by_valid_convolution(args: SolverArguments) -> Array:
    """Return the valid instead of the full convolution of *dy* with the rotated kernel."""
    return conv2d(args.dy, as_array(args.w, "w", ranks=(2,)), flip=True)


def _average_gradient_over_positions(args: SolverArguments) -> Array:
    return cast("Array", np.asarray(as_array(args.dy, "dy", ranks=MAP_RANKS).mean(axis=(-2, -1))))


def _product_of_sums(args: SolverArguments) -> object:
    cells, back = _parse_weight_uses(args.x, args.dy)
    return cells.sum().item() * back.sum().item()


def _transform_weight_gradient(transform: Callable[[Array], Array]) -> Solver:
    """Return `conv2d_backward_weight` with *transform* applied to its result."""
    return replace_formula(
        conv2d_backward_weight, lambda args: transform(conv2d_backward_weight(**vars(args)))
    )


SOLVERS: Final[tuple[Solver, ...]] = (
    conv2d_backward_input,
    conv2d_backward_weight,
    conv2d_backward_bias,
    shared_weight_gradient,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        conv2d_backward_input,
        {
            "kernel_not_rotated": replace_arguments(conv2d_backward_input, w=_rotate_kernel),
            "full_left_out": replace_formula(
                conv2d_backward_input, _input_gradient_by_valid_convolution
            ),
            "padding_left_out": replace_arguments(
                conv2d_backward_input, padding=0, input_size=None
            ),
            "stride_left_out": replace_arguments(conv2d_backward_input, stride=1, input_size=None),
            "dilation_left_out": replace_arguments(
                conv2d_backward_input, dilation=1, input_size=None
            ),
        },
    ),
    *build_wrong_versions(
        conv2d_backward_weight,
        {
            "kernel_flipped": _transform_weight_gradient(
                lambda gradient: gradient[..., ::-1, ::-1]
            ),
            "transposed_output": _transform_weight_gradient(
                lambda gradient: gradient.swapaxes(-1, -2)
            ),
            "padding_left_out": replace_arguments(
                conv2d_backward_weight, padding=0, kernel_size=None
            ),
            "stride_left_out": replace_arguments(
                conv2d_backward_weight, stride=1, kernel_size=None
            ),
        },
    ),
    *build_wrong_versions(
        conv2d_backward_bias,
        {
            "positions_not_summed": replace_formula(
                conv2d_backward_bias, lambda args: as_array(args.dy, "dy", ranks=MAP_RANKS)
            ),
            "mean_for_sum": replace_formula(conv2d_backward_bias, _average_gradient_over_positions),
        },
    ),
    *build_wrong_versions(
        shared_weight_gradient,
        {
            "mean_for_sum": replace_formula(
                shared_weight_gradient,
                lambda args: (
                    Fraction(shared_weight_gradient(args.x, args.dy))
                    / as_array(args.x, "x", ranks=ANY_RANK).size
                ),
            ),
            "sums_multiplied": replace_formula(shared_weight_gradient, _product_of_sums),
            "one_use_only": replace_formula(
                shared_weight_gradient,
                lambda args: np.multiply(*_parse_weight_uses(args.x, args.dy)).ravel()[0].item(),
            ),
        },
    ),
)
