"""Tracers for upsampling without weights: repeated cells, channels as blocks."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer
from grader.display.text import to_text
from grader.values import to_exact_number
from problems.solvers.upsampling import pixel_shuffle_values, upsample_nearest2d
from problems.traces.tracing import TracedArguments, build_tracers, show_array

MAX_BLOCKS: Final = 4


def _trace_upsample_nearest2d(args: TracedArguments) -> Iterator[SolutionStep]:
    factor = to_exact_number(args.scale_factor)
    if isinstance(factor, int):
        yield TextStep(
            f"Each value is repeated {factor} times in its row, and each row {factor} times."
        )
    else:
        yield TextStep(
            f"Row i is row floor(i/R) of the input, column j its column floor(j/R), with "
            f"R = {to_text(factor)} and counted from 0."
        )
    yield show_array("Y", args.result)


def _trace_pixel_shuffle_values(args: TracedArguments) -> Iterator[SolutionStep]:
    """Yield the blocks at the first positions, then the maps."""
    factor = args.upscale_factor
    yield TextStep(
        f"{factor**2} channels make one: their values at one place become a block of "
        f"{factor}×{factor} cells, row by row in the order of the channels."
    )
    channels, height, width = args.result.shape
    places = np.ndindex(channels, height // factor, width // factor)
    for channel, row, column in islice(places, MAX_BLOCKS):
        top, left = row * factor, column * factor
        block = args.result[channel, top : top + factor, left : left + factor]
        yield show_array(f"block of channel {channel + 1} at ({row + 1}, {column + 1})", block)
    yield show_array("Y", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        upsample_nearest2d: _trace_upsample_nearest2d,
        pixel_shuffle_values: _trace_pixel_shuffle_values,
    }
)
