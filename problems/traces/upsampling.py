"""The way to maps that grow without weights: which cells repeat, which channels make a block."""

from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer
from grader.display.text import show
from grader.values import exact
from problems.solvers.upsampling import pixel_shuffle_values, upsample_nearest2d
from problems.traces.tracing import shown, tracers

__all__ = ["TRACERS"]

MAX_BLOCKS: Final = 4


def _upsample_nearest2d(given: SimpleNamespace) -> Iterator[Step]:
    factor = exact(given.scale_factor)
    if isinstance(factor, int):
        yield Said(
            f"Each value is repeated {factor} times in its row, and each row {factor} times."
        )
    else:
        yield Said(
            f"Row i is row floor(i/R) of the input, column j its column floor(j/R), with "
            f"R = {show(factor)} and counted from 0."
        )
    yield shown("Y", given.result)


def _pixel_shuffle(given: SimpleNamespace) -> Iterator[Step]:
    """Yield the blocks at the first places, then the maps."""
    factor = given.upscale_factor
    yield Said(
        f"{factor**2} channels make one: their values at one place become a block of "
        f"{factor}×{factor} cells, row by row in the order of the channels."
    )
    channels, height, width = given.result.shape
    places = np.ndindex(channels, height // factor, width // factor)
    for channel, row, column in islice(places, MAX_BLOCKS):
        top, left = row * factor, column * factor
        block = given.result[channel, top : top + factor, left : left + factor]
        yield shown(f"block of channel {channel + 1} at ({row + 1}, {column + 1})", block)
    yield shown("Y", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {upsample_nearest2d: _upsample_nearest2d, pixel_shuffle_values: _pixel_shuffle}
)
