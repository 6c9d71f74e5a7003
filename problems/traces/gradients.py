"""Tracers for gradients of convolutions, pooling, dense layers and shared weights.

dy is the gradient with respect to the output, dx to the input, dw and db to the weights
and biases.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from grader.display.steps import Array as ArrayStep
from grader.display.steps import SolutionStep, TextStep, Tracer, Window, build_value_step
from grader.values import Array, Value, to_exact_number
from problems.solvers.bounds import as_array
from problems.solvers.dense import (
    dense_backward_bias,
    dense_backward_input,
    dense_backward_weight,
)
from problems.solvers.gradients import (
    conv2d_backward_bias,
    conv2d_backward_input,
    conv2d_backward_weight,
    shared_weight_gradient,
)
from problems.solvers.pool_gradients import pool2d_backward
from problems.solvers.transposed_values import conv_transpose2d
from problems.solvers.windows import pad, place_windows
from problems.traces import transposed_values
from problems.traces.dense import trace_dot_products
from problems.traces.sums import dot_product_formula
from problems.traces.tracing import (
    TracedArguments,
    build_table,
    build_tracers,
    show_array,
    sum_formula,
    to_tensor,
)
from problems.traces.windows import MAX_WINDOWS, describe_remaining_cells

ROW_RANKS: Final = (1, 2)
MAP_RANKS: Final = (2, 3)
ARRAY_RANKS: Final = (1, 2, 3, 4)
MAX_PATCH: Final = 256
MAX_POOLED: Final = 1024
MAX_SUMMED: Final = 1024
SINGLE_MAP_RANK: Final = 2
POOL_COLUMNS: Final = ("window", "dy", "given to", "each gets")
POOL_RULES: Final = {
    "max": "Each window passes its gradient to its largest cell, or to the first of several.",
    "avg": "Each window distributes its gradient equally over its cells.",
}


def _trace_conv2d_backward_input(args: TracedArguments) -> Iterator[SolutionStep]:
    kernel = as_array(args.w, "w", ranks=(2, 3, 4))
    filters = kernel[np.newaxis] if kernel.ndim == 3 else kernel  # noqa: PLR2004 - (C, k, k)
    geometry = {
        "stride": args.stride,
        "padding": args.padding,
        "dilation": args.dilation,
        "groups": args.groups,
    }
    yield TextStep("The transposed convolution of dy: each cell adds the kernel at its window.")
    least = conv_transpose2d(args.dy, filters, **geometry).shape[-2:]
    unused = tuple(size - used for size, used in zip(args.result.shape[-2:], least, strict=True))
    steps = transposed_values.TRACERS["conv_transpose2d"](
        args.dy, filters, output_padding=unused, **geometry
    )
    yield from (step for step in steps if not isinstance(step, ArrayStep) or step.name != "Y")
    yield show_array("dx", args.result)


def _trace_conv2d_backward_weight(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, dy = as_array(args.x, "x", ranks=MAP_RANKS), as_array(args.dy, "dy", ranks=MAP_RANKS)
    maps, dy_maps = cells.reshape(-1, *cells.shape[-2:]), dy.reshape(-1, *dy.shape[-2:])
    placement = place_windows(
        maps.shape,
        args.result.shape[-2:],
        stride=args.stride,
        padding=args.padding,
        dilation=args.dilation,
    )
    bordered = pad(maps, placement.borders)
    if any(map(any, placement.borders)):
        yield TextStep("The zero-padded input:")
        yield show_array("x_P", bordered if cells.ndim > SINGLE_MAP_RANK else bordered[0])
    yield TextStep("Each weight: the sum of the input cells under it times the gradients there.")
    if dy_maps[0].size > MAX_PATCH:
        yield TextStep(f"Each cell of dw is the sum of {dy_maps[0].size} products.")
    else:
        yield from _trace_weight_windows(
            args, bordered, dy_maps, placement.stride, placement.dilation
        )
    yield show_array("dw", args.result)


def _trace_weight_windows(
    args: TracedArguments,
    maps: Array,
    dy_maps: Array,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Iterator[SolutionStep]:
    """Yield the cells of dw one by one: the strided patch that a weight meets, times dy."""
    full = (len(dy_maps), len(maps) // args.groups, *args.result.shape[-2:])
    positions = list(islice(np.ndindex(full), MAX_WINDOWS))
    axes = args.result.ndim
    for out, channel, *position in positions:
        group = out // (len(dy_maps) // args.groups)
        corner = tuple(at * gap for at, gap in zip(position, dilation, strict=True))
        slices = tuple(
            slice(first, first + (count - 1) * step + 1, step)
            for first, count, step in zip(corner, dy_maps.shape[1:], stride, strict=True)
        )
        patch = to_tensor(maps[(group * full[1] + channel, *slices)])
        kernel = to_tensor(dy_maps[out])
        products = zip(patch.cells, kernel.cells, strict=True)
        total = sum(product * two for product, two in products)
        index = (out, channel, *position)[4 - axes :]
        yield Window(index, corner, patch, kernel, 0, total, stride)
    yield from describe_remaining_cells(args.result.size - len(positions))


def _trace_conv2d_backward_bias(args: TracedArguments) -> Iterator[SolutionStep]:
    dy = as_array(args.dy, "dy", ranks=MAP_RANKS)
    yield TextStep(
        "A bias is added at each position of its map, so its gradient is the sum over them."
    )
    maps = dy.reshape(-1, dy.shape[-2] * dy.shape[-1])
    if dy.ndim > SINGLE_MAP_RANK:
        yield from _trace_bias_sums(maps)
        yield show_array("db", args.result)
    elif dy.size <= MAX_SUMMED:
        yield sum_formula("db", map(to_exact_number, maps[0].tolist()))
    else:
        yield show_array("db", args.result)


def _trace_bias_sums(rows: Array) -> Iterator[SolutionStep]:
    """Yield db as the sum of each of the first *rows*, unless the rows are long."""
    if rows.shape[1] > MAX_SUMMED:
        return
    for index, row in enumerate(rows[:MAX_WINDOWS], start=1):
        yield sum_formula(f"db_{index}", map(to_exact_number, row.tolist()))
    yield from describe_remaining_cells(len(rows[MAX_WINDOWS:]))


def _trace_dense_backward_input(args: TracedArguments) -> Iterator[SolutionStep]:
    dy, weight = (
        as_array(args.dy, "dy", ranks=ROW_RANKS),
        as_array(args.weight, "weight", ranks=(2,)),
    )
    yield TextStep("Each input affects all outputs: the sum of its weights times their gradients.")
    yield from trace_dot_products(dy, weight, shape=args.result.shape)
    yield show_array("dx", args.result)


def _trace_dense_backward_weight(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, dy = as_array(args.x, "x", ranks=ROW_RANKS), as_array(args.dy, "dy", ranks=ROW_RANKS)
    left, right = dy.reshape(-1, dy.shape[-1]).T, cells.reshape(-1, cells.shape[-1])
    summed = ", summed over the batch" if cells.ndim > 1 else ""
    yield TextStep(f"Each weight: the gradient of its output times its input{summed}.")
    yield from trace_dot_products(left, right, shape=args.result.shape)
    yield show_array("dw", args.result)


def _trace_dense_backward_bias(args: TracedArguments) -> Iterator[SolutionStep]:
    dy = as_array(args.dy, "dy", ranks=ROW_RANKS)
    yield TextStep("A bias is added once for each example, so its gradient is the sum over them.")
    yield from _trace_bias_sums(dy.reshape(-1, dy.shape[-1]).T)
    yield show_array("db", args.result)


def _trace_shared_weight_gradient(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, dy = as_array(args.x, "x", ranks=ARRAY_RANKS), as_array(args.dy, "dy", ranks=ARRAY_RANKS)
    yield TextStep("Each use of the weight adds its input times the gradient of its output.")
    if cells.size <= MAX_SUMMED:
        yield dot_product_formula("dw", cells.ravel().tolist(), dy.ravel().tolist())
    else:
        yield build_value_step("dw", to_exact_number(args.result))


def _trace_pool2d_backward(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, dy = as_array(args.x, "x", ranks=MAP_RANKS), as_array(args.dy, "dy", ranks=MAP_RANKS)
    yield TextStep(POOL_RULES[args.mode])
    if cells.size <= MAX_POOLED:
        positions = list(islice(np.ndindex(dy.shape), MAX_WINDOWS))
        rows = [_build_pool_row(args, cells, dy, place) for place in positions]
        yield build_table(POOL_COLUMNS, rows)
        yield from describe_remaining_cells(dy.size - len(positions))
    yield TextStep("Where windows overlap, their contributions add up.")
    yield show_array("dx", args.result)


def _build_pool_row(
    args: TracedArguments, cells: Array, dy: Array, position: tuple[int, ...]
) -> tuple[Value, ...]:
    """Return the row of one window: its position, its dy, the receivers, their share."""
    unit_gradient = np.zeros(dy.shape)
    unit_gradient[position] = 1
    options = {
        name: getattr(args, name)
        for name in ("mode", "stride", "padding", "ceil_mode", "count_include_pad")
    }
    gradient = pool2d_backward(cells, unit_gradient, args.kernel_size, **options)
    receivers = np.argwhere(gradient)
    share = (
        to_exact_number(float(gradient[tuple(receivers[0])]) * float(dy[position]))
        if len(receivers)
        else 0
    )
    to = _format_position(receivers[0]) if len(receivers) == 1 else f"{len(receivers)} cells"
    return (_format_position(position), to_exact_number(dy[position]), to, share)


def _format_position(position: object) -> str:
    return f"({', '.join(str(at + 1) for at in np.asarray(position).tolist())})"


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv2d_backward_input: _trace_conv2d_backward_input,
        conv2d_backward_weight: _trace_conv2d_backward_weight,
        conv2d_backward_bias: _trace_conv2d_backward_bias,
        dense_backward_input: _trace_dense_backward_input,
        dense_backward_weight: _trace_dense_backward_weight,
        dense_backward_bias: _trace_dense_backward_bias,
        shared_weight_gradient: _trace_shared_weight_gradient,
        pool2d_backward: _trace_pool2d_backward,
    }
)
