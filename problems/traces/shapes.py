"""The way to shapes: each axis by the formula of its size, then the axes together.

The letters of the axes are those of the layout; where the axes are laid alike and are equally long,
one formula stands for all.
"""

from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, formula
from problems.solvers.bounds import Shape
from problems.solvers.geometry import axes_of, per_axis, spatial_letters
from problems.solvers.pooling import pool_shape
from problems.solvers.resizing import (
    pixel_shuffle_shape,
    pixel_unshuffle_shape,
    transposed_shape,
    upsample_shape,
)
from problems.solvers.sizes import conv_shape, flatten_size
from problems.traces.axes import Axis, conv_axis, each_axis, pool_axis, transposed_axis
from problems.traces.sizes import DEFAULT_STRIDE, upsampled_side
from problems.traces.tracing import multiplied, tracers

__all__ = ["TRACERS", "together"]


def _axes(given: SimpleNamespace, axis: Axis, *names: str) -> Iterator[Step]:
    """Yield the steps of each axis of a shape; its geometry are the arguments of these *names*."""
    letters = spatial_letters(given.layout)
    sizes = axes_of(given.shape, given.layout)
    laid = {name: per_axis(getattr(given, name), name, len(letters)) for name in names}
    yield from each_axis(axis, {letter: sizes[letter] for letter in letters}, laid)


def together(shape: Shape, layout: str, *, channels: str) -> Formula:
    """Return the formula of a *shape* from its axes; *channels* is the letter of theirs.

    >>> together((28, 28, 6), "HWC", channels="C").value
    (28, 28, 6)
    """
    spatial = spatial_letters(layout)
    names = [
        f"{letter}_out" if letter in spatial else channels if letter == "C" else letter
        for letter in layout
    ]
    return formula("shape", f"({', '.join(names)})", **dict(zip(names, shape, strict=True)))


def _conv_shape(given: SimpleNamespace) -> Iterator[Step]:
    yield from _axes(given, conv_axis, "kernel_size", "stride", "padding", "dilation")
    yield Said(f"Each of the {given.out_channels} filters gives one channel.")
    yield together(given.result, given.layout, channels="C_out")


def _pool_shape(given: SimpleNamespace) -> Iterator[Step]:
    if given.stride is None:
        yield DEFAULT_STRIDE
    axis = partial(pool_axis, ceil_mode=given.ceil_mode)
    yield from _axes(given, axis, "kernel_size", "stride", "padding")
    yield Said("Each channel is pooled by itself, so that the channels stay.")
    yield together(given.result, given.layout, channels="C")


def _transposed_shape(given: SimpleNamespace) -> Iterator[Step]:
    names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
    yield from _axes(given, transposed_axis, *names)
    yield together(given.result, given.layout, channels="C_out")


def _upsample_shape(given: SimpleNamespace) -> Iterator[Step]:
    sizes = axes_of(given.shape, given.layout)
    for letter in spatial_letters(given.layout):
        yield upsampled_side(sizes[letter], given.scale_factor, axis=letter)
    yield together(given.result, given.layout, channels="C")


def _pixel_shuffle_shape(given: SimpleNamespace) -> Iterator[Step]:
    yield Said(
        "R² channels become one: their values lie beside each other as a square of R×R cells."
    )
    yield from _shuffled(given, given.upscale_factor, maps="{}*R", channels="C/R**2")


def _pixel_unshuffle_shape(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Each square of R×R cells becomes R² channels.")
    yield from _shuffled(given, given.downscale_factor, maps="{}/R", channels="C*R**2")


def _shuffled(given: SimpleNamespace, factor: int, *, maps: str, channels: str) -> Iterator[Step]:
    for letter, size in axes_of(given.shape, given.layout).items():
        source = channels if letter == "C" else maps.format(letter)
        if letter != "N":
            yield formula(f"{letter}_out", source, **{letter: size, "R": factor})
    yield together(given.result, given.layout, channels="C_out")


def _flatten_size(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("A flat input has one number for each value of the maps.")
    if len(given.shape) == len(given.layout):
        letters = dict(zip(given.layout, given.shape, strict=True))
        yield formula("n", "*".join(letters), **letters)
    else:
        yield multiplied("n", given.shape)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        conv_shape: _conv_shape,
        pool_shape: _pool_shape,
        transposed_shape: _transposed_shape,
        upsample_shape: _upsample_shape,
        pixel_shuffle_shape: _pixel_shuffle_shape,
        pixel_unshuffle_shape: _pixel_unshuffle_shape,
        flatten_size: _flatten_size,
    }
)
