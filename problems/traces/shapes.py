"""Tracers for shapes: the size of each axis, then all axes together.

The letters of the axes come from the layout. Axes with the same size and geometry share
one formula.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.bounds import Shape
from problems.solvers.geometry import axis_sizes, expand_per_axis, spatial_axes
from problems.solvers.pooling import pool_shape
from problems.solvers.resizing import (
    pixel_shuffle_shape,
    pixel_unshuffle_shape,
    transposed_shape,
    upsample_shape,
)
from problems.solvers.sizes import conv_shape, flatten_size
from problems.traces.axes import (
    AxisTracer,
    trace_axes,
    trace_conv_axis,
    trace_pool_axis,
    trace_transposed_axis,
)
from problems.traces.sizes import DEFAULT_STRIDE, SAME_PADDING, upsampled_size_formula
from problems.traces.tracing import TracedArguments, build_tracers, product_formula


def _trace_shape_axes(
    args: TracedArguments, axis: AxisTracer, *names: str
) -> Iterator[SolutionStep]:
    """Yield the steps of each axis of a shape; *names* are its geometry arguments."""
    letters = spatial_axes(args.layout)
    sizes = axis_sizes(args.shape, args.layout)
    geometries = {name: expand_per_axis(getattr(args, name), name, len(letters)) for name in names}
    yield from trace_axes(axis, {letter: sizes[letter] for letter in letters}, geometries)


def shape_formula(shape: Shape, layout: str, *, channels: str) -> Formula:
    """Return the formula of a *shape* from its axes; *channels* is the channel letter.

    >>> shape_formula((28, 28, 6), "HWC", channels="C").value
    (28, 28, 6)
    """
    spatial = spatial_axes(layout)
    names = [
        f"{letter}_out" if letter in spatial else channels if letter == "C" else letter
        for letter in layout
    ]
    return build_formula("shape", f"({', '.join(names)})", **dict(zip(names, shape, strict=True)))


def _trace_conv_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    if args.padding == "same":
        yield SAME_PADDING
    yield from _trace_shape_axes(
        args, trace_conv_axis, "kernel_size", "stride", "padding", "dilation"
    )
    yield TextStep(f"Each of the {args.out_channels} filters produces one channel.")
    yield shape_formula(args.result, args.layout, channels="C_out")


def _trace_pool_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    if args.stride is None:
        yield DEFAULT_STRIDE
    axis = partial(trace_pool_axis, ceil_mode=args.ceil_mode)
    yield from _trace_shape_axes(args, axis, "kernel_size", "stride", "padding")
    yield TextStep("Each channel is pooled separately, so the number of channels does not change.")
    yield shape_formula(args.result, args.layout, channels="C")


def _trace_transposed_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
    yield from _trace_shape_axes(args, trace_transposed_axis, *names)
    yield shape_formula(args.result, args.layout, channels="C_out")


def _trace_upsample_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    sizes = axis_sizes(args.shape, args.layout)
    for letter in spatial_axes(args.layout):
        yield upsampled_size_formula(sizes[letter], args.scale_factor, axis=letter)
    yield shape_formula(args.result, args.layout, channels="C")


def _trace_pixel_shuffle_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(
        "R² channels become one: their values at one position form a square of R×R cells."
    )
    yield from _trace_rearranged_axes(args, args.upscale_factor, maps="{}*R", channels="C/R**2")


def _trace_pixel_unshuffle_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each square of R×R cells becomes R² channels.")
    yield from _trace_rearranged_axes(args, args.downscale_factor, maps="{}/R", channels="C*R**2")


def _trace_rearranged_axes(
    args: TracedArguments, factor: int, *, maps: str, channels: str
) -> Iterator[SolutionStep]:
    for letter, size in axis_sizes(args.shape, args.layout).items():
        source = channels if letter == "C" else maps.format(letter)
        if letter != "N":
            yield build_formula(f"{letter}_out", source, **{letter: size, "R": factor})
    yield shape_formula(args.result, args.layout, channels="C_out")


def _trace_flatten_size(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("A flat input has one number for each value of the maps.")
    if len(args.shape) == len(args.layout):
        letters = dict(zip(args.layout, args.shape, strict=True))
        yield build_formula("n", "*".join(letters), **letters)
    else:
        yield product_formula("n", args.shape)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv_shape: _trace_conv_shape,
        pool_shape: _trace_pool_shape,
        transposed_shape: _trace_transposed_shape,
        upsample_shape: _trace_upsample_shape,
        pixel_shuffle_shape: _trace_pixel_shuffle_shape,
        pixel_unshuffle_shape: _trace_pixel_unshuffle_shape,
        flatten_size: _trace_flatten_size,
    }
)
