"""Values of a transposed convolution: each input cell adds a scaled kernel.

Source: Dumoulin and Visin (2016), chapter 4, and the PyTorch documentation of
``conv_transpose2d``. Integers give exact integers.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypedDict, Unpack, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, Shape, as_array, as_integer, check_cell_count
from problems.solvers.convolution import add_bias
from problems.solvers.correlation import correlate_transposed
from problems.solvers.geometry import Padding, PerAxis, expand_per_axis
from problems.solvers.transposed import transposed_size
from problems.solvers.windows import WindowPlacement, as_sizes, compute_borders
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_STAMPS: Final = 10_000


def conv_transpose1d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the transposed convolution of the sequence *x* with *w*.

    Like `conv_transpose2d` with one axis fewer: *x* (L) with *w* (k) gives (L'), *x*
    (C, L) with *w* (C, O/groups, k) gives (O, L').

    >>> conv_transpose1d([1, 2, 3], [1, 10], stride=2)
    array([ 1, 10,  2, 20,  3, 30])
    """
    window_options = _TransposedArguments(
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation
    )
    return _convolve_transposed(x, w, axes=1, bias=bias, groups=groups, **window_options)


def conv_transpose2d(
    x: Grid,
    w: Grid,
    *,
    bias: Number | Grid = 0,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the transposed convolution of *x* with *w*: the adjoint of `conv2d`.

    Cell ``x[c,i,j]`` adds ``x[c,i,j] * w[c,o]`` to map o, starting at row ``i*stride``
    and column ``j*stride``. Then *padding* cells are cropped, and *output_padding* rows
    and columns remain at the end. *x* (H, W) with *w* (k, k) gives (H', W'), *x*
    (C, H, W) with *w* (C, O/groups, k, k) gives (O, H', W'). The output size follows
    `transposed_size`. The padding ``tf`` gives ``size * stride``, as TensorFlow does;
    ``same`` gives ``(size-1)*stride + 1``.

    >>> conv_transpose2d([[1, 2]], [[1, 10]], stride=2)
    array([[ 1, 10,  2, 20]])
    >>> conv_transpose2d([[1, 2]], [[1, 10]], stride=2, padding="same")
    array([[ 1, 10,  2]])
    """
    window_options = _TransposedArguments(
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation
    )
    return _convolve_transposed(x, w, axes=2, bias=bias, groups=groups, **window_options)


class _TransposedArguments(TypedDict):
    stride: PerAxis
    padding: Padding
    output_padding: PerAxis
    dilation: PerAxis


def _convolve_transposed(
    x: Grid,
    w: Grid,
    *,
    axes: int,
    bias: Number | Grid,
    groups: int,
    **window_options: Unpack[_TransposedArguments],
) -> Array:
    """Return the transposed convolution over the last *axes* axes of *x*."""
    cells = as_array(x, "x", ranks=(axes, axes + 1))
    kernel = as_array(w, "w", ranks=(axes, axes + 2))
    cells = cells.reshape(-1, *cells.shape[cells.ndim - axes :])
    filters = kernel.reshape(1, 1, *kernel.shape) if kernel.ndim == axes else kernel
    if len(filters) != len(cells):
        raise SolverError(f"w takes {len(filters)} channels, but x has {len(cells)}")
    if len(cells) % as_integer(groups, "groups"):
        raise SolverError(f"{groups} groups do not divide the channels")
    placement, sizes = _place_kernels(cells.shape[1:], filters.shape[2:], **window_options)
    maps = add_bias(
        correlate_transposed(cells, filters, placement=placement, sizes=sizes, groups=groups), bias
    )
    return maps if kernel.ndim > axes else maps[0]


def _place_kernels(
    sizes: Shape, kernel: Shape, **window_options: Unpack[_TransposedArguments]
) -> tuple[WindowPlacement, Shape]:
    """Return the placement of the kernel on the output, and the output sizes."""
    axes = len(sizes)
    stride = as_sizes(window_options["stride"], "stride", axes)
    dilation = as_sizes(window_options["dilation"], "dilation", axes)
    added = cast("Shape", expand_per_axis(window_options["output_padding"], "output_padding", axes))
    for extra, step, spread in zip(added, stride, dilation, strict=True):
        if extra >= max(step, spread) and extra:
            raise SolverError(f"output_padding {extra} is not smaller than the stride {step}")
    full = tuple(
        transposed_size(size, k, stride=step, output_padding=extra, dilation=spread)
        for size, k, step, extra, spread in zip(sizes, kernel, stride, added, dilation, strict=True)
    )
    target = _target_sizes(window_options["padding"], sizes, stride)
    if target and any(added):
        raise SolverError("output_padding goes with a padding in numbers only")
    borders = compute_borders(
        window_options["padding"], target or full, kernel, stride=stride, dilation=dilation
    )
    cropped = tuple(size - sum(ends) for size, ends in zip(full, borders, strict=True))
    if min(cropped) < 1:
        raise SolverError(f"a padding of {window_options['padding']} crops everything away")
    return WindowPlacement(kernel, stride, dilation, borders, sizes), target or cropped


def _target_sizes(padding: Padding, sizes: Shape, stride: Shape) -> Shape | None:
    """Return the output sizes for the *padding* ``tf`` or ``same``, otherwise None."""
    if padding == "tf":
        return tuple(size * step for size, step in zip(sizes, stride, strict=True))
    if padding == "same":
        return tuple((size - 1) * step + 1 for size, step in zip(sizes, stride, strict=True))
    return None


def transposed_running_sum(x: Grid, w: Grid, *, after: int, stride: int = 1) -> Array:
    """Return the output after the first *after* cells of *x* have contributed, row by row.

    Cells count from 1, and nothing is cropped. If *after* is the number of cells, the
    result is `conv_transpose2d` without padding. Raise `SolverError` if it is larger.

    >>> transposed_running_sum([[1, 2]], [[1, 10]], after=1, stride=2)
    array([[ 1, 10,  0,  0]])
    """
    return conv_transpose2d(_zero_cells_after(x, after), w, stride=stride)


def _zero_cells_after(x: Grid, after: int) -> Array:
    """Return *x* with zeros after its first *after* cells."""
    cells = as_array(x, "x", ranks=(2,))
    if as_integer(after, "after", least=0) > cells.size:
        raise SolverError(f"x has {cells.size} cells, not {after}")
    return np.where(np.arange(cells.size) < after, cells.ravel(), 0).reshape(cells.shape)


# What students do instead.


def _rotate_kernel(args: SolverArguments) -> Array:
    kernel = as_array(args.w, "w", ranks=(1, 2, 3, 4))
    axes = kernel.ndim if kernel.ndim < 3 else kernel.ndim - 2  # noqa: PLR2004 - (k), (k, k), (C, O, k)
    return np.flip(kernel, tuple(range(kernel.ndim - axes, kernel.ndim)))


def _crop_to_stride(x: Grid, args: SolverArguments) -> Array:
    """Return the output cropped to ``size * stride``, like TensorFlow's ``same`` padding."""
    kernel = as_array(args.w, "w", ranks=(2, 4))
    if min(kernel.shape[-2:]) < max(as_sizes(args.stride, "stride", 2)):
        raise SolverError("there is nothing to crop")
    values = {name: value for name, value in vars(args).items() if name not in {"x", "after"}}
    return conv_transpose2d(x, **{**values, "padding": "tf", "output_padding": 0})


def _output_with_overwritten_kernels(args: SolverArguments, count: int | None = None) -> Array:
    """Return the output if the first *count* scaled kernels overwrite each other."""
    cells, kernel = as_array(args.x, "x", ranks=(2,)), as_array(args.w, "w", ranks=(2,))
    check_cell_count(cells.shape, "x", most=MAX_STAMPS)
    added = vars(args).get("output_padding", 0)
    output = conv_transpose2d(cells * 0, kernel * 0, stride=args.stride, output_padding=added)
    rows, columns = as_sizes(args.stride, "stride", 2)
    for row, column in list(np.ndindex(cells.shape))[:count]:
        top, left = row * rows, column * columns
        output[top : top + len(kernel), left : left + kernel.shape[1]] = cells[row, column] * kernel
    return output


def _cropped_output_with_overwritten_kernels(args: SolverArguments) -> Array:
    if args.dilation != 1:
        raise SolverError("stamps with gaps overlap otherwise")
    output = _output_with_overwritten_kernels(args)
    crop = as_integer(args.padding, "padding", least=0)
    cropped = output[crop : len(output) - crop, crop : output.shape[1] - crop]
    return cast("Array", add_bias(cropped[np.newaxis], args.bias)[0])


def _scaled_kernel_of_last_cell(args: SolverArguments) -> Array:
    """Return the scaled kernel of the last cell alone, without the sum so far."""
    before = SolverArguments(**{**vars(args), "after": args.after - 1})
    return transposed_running_sum(**vars(args)) - transposed_running_sum(**vars(before))


def _transpose_result(solver: Callable[..., Array]) -> Solver:
    return replace_formula(solver, lambda args: solver(**vars(args)).swapaxes(-1, -2))


def _transposed_wrong_versions(solver: Solver) -> Mapping[str, Solver]:
    """Return the wrong versions common to 1-D and 2-D transposed convolutions."""
    return {
        "kernel_flipped": replace_arguments(solver, w=_rotate_kernel),
        "padding_left_out": replace_arguments(solver, padding=0),
        "stride_left_out": replace_arguments(solver, stride=1, output_padding=0),
        "dilation_left_out": replace_arguments(solver, dilation=1),
        "output_padding_left_out": replace_arguments(solver, output_padding=0),
        "no_bias": replace_arguments(solver, bias=0),
    }


SOLVERS: Final[tuple[Solver, ...]] = (conv_transpose1d, conv_transpose2d, transposed_running_sum)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(conv_transpose1d, _transposed_wrong_versions(conv_transpose1d)),
    *build_wrong_versions(conv_transpose2d, _transposed_wrong_versions(conv_transpose2d)),
    *build_wrong_versions(
        conv_transpose2d,
        {
            "overlap_overwritten": replace_formula(
                conv_transpose2d, _cropped_output_with_overwritten_kernels
            ),
            "transposed_cropped": replace_formula(
                conv_transpose2d, lambda args: _crop_to_stride(args.x, args)
            ),
            "transposed_output": _transpose_result(conv_transpose2d),
        },
    ),
    *build_wrong_versions(
        transposed_running_sum,
        {
            "kernel_flipped": replace_arguments(transposed_running_sum, w=_rotate_kernel),
            "last_stamp_only": replace_formula(transposed_running_sum, _scaled_kernel_of_last_cell),
            "overlap_overwritten": replace_formula(
                transposed_running_sum,
                lambda args: _output_with_overwritten_kernels(args, args.after),
            ),
            "stride_left_out": replace_arguments(transposed_running_sum, stride=1),
            "transposed_cropped": replace_formula(
                transposed_running_sum,
                lambda args: _crop_to_stride(_zero_cells_after(args.x, args.after), args),
            ),
            "transposed_output": _transpose_result(transposed_running_sum),
        },
    ),
)
