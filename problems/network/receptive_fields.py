"""Receptive fields: the number of input cells along one axis that a cell depends on.

Source: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural
Networks (2019).
"""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from grader.values import Number
from problems.network.counts import walk_network
from problems.network.graphs import CompositeLayer, Gate, Network
from problems.network.layers import (
    AdaptiveAvgPool,
    Conv,
    ConvTranspose,
    Flatten,
    Layer,
    Linear,
    PixelShuffle,
    Pool,
    Upsample,
    ZeroPad,
)
from problems.network.traversal import INPUT

MAX_CACHED_FIELDS: Final = 128
WHOLE_IMAGE_LAYERS: Final = (AdaptiveAvgPool, Flatten, Linear)
ENLARGING_LAYERS: Final = (ConvTranspose, PixelShuffle, Upsample)
LAYERS_WITHOUT_FIELD: Final = (*WHOLE_IMAGE_LAYERS, *ENLARGING_LAYERS)


class AxisWindow(NamedTuple):
    """The window of a layer along one axis."""

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0

    @property
    def reach(self) -> int:
        """The extent of the dilated kernel, minus one."""
        return self.dilation * (self.kernel - 1)


class ReceptiveField(NamedTuple):
    """The *size* of a field and the *jump* between neighboring cells, in input cells.

    *start* is the center of the first cell's field, relative to the center of the first
    input cell.
    """

    size: int = 1
    jump: int = 1
    start: Number = 0


INITIAL_FIELD: Final = ReceptiveField()

GrowthRule: TypeAlias = Callable[[ReceptiveField, AxisWindow], ReceptiveField]


def grow_field(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    """Return the field after a *window*.

    ``size += reach * jump``, then ``jump *= stride``; the start moves by half of
    ``reach - 2 * padding`` jumps.

    >>> grow_field(ReceptiveField(5, 2, 0), AxisWindow(3, stride=2, padding=1))
    ReceptiveField(size=9, jump=4, start=0)
    """
    halves = (window.reach - 2 * window.padding) * field.jump
    return ReceptiveField(
        field.size + window.reach * field.jump,
        field.jump * window.stride,
        field.start + (Fraction(halves, 2) if halves % 2 else halves // 2),
    )


@lru_cache(maxsize=MAX_CACHED_FIELDS)
def receptive_fields(
    net: Network, grow: GrowthRule = grow_field, *, axis: int = 0
) -> tuple[ReceptiveField | None, ...]:
    """Return the field after each step of *net*, along height (0) or width (1).

    Where paths join, the largest field counts; the path that computes a gate does not.
    The field is None from the first layer on that sees the whole image or enlarges the
    maps.
    """
    result: list[ReceptiveField | None] = []
    for step in walk_network(net).steps:
        layer = step.layer
        if isinstance(layer, CompositeLayer):
            inputs = step.inputs[-1:] if isinstance(layer, Gate) else step.inputs
            result.append(_largest_field([_get_field_after(result, one) for one in inputs]))
        else:
            before = _get_field_after(result, step.inputs[0])
            window = layer_window(layer, axis)
            if before is None or isinstance(layer, LAYERS_WITHOUT_FIELD):
                result.append(None)
            else:
                result.append(before if window is None else grow(before, window))
    return tuple(result)


def _get_field_after(fields: list[ReceptiveField | None], step: int) -> ReceptiveField | None:
    return INITIAL_FIELD if step == INPUT else fields[step]


def _largest_field(fields: list[ReceptiveField | None]) -> ReceptiveField | None:
    """Return the largest of the joining fields, or None if one of them is unknown."""
    known = [field for field in fields if field is not None]
    return max(known, key=lambda field: field.size) if len(known) == len(fields) else None


def last_receptive_field(
    net: Network, grow: GrowthRule = grow_field, *, axis: int = 0
) -> ReceptiveField:
    """Return the field at the end of *net*, or before the first whole-image layer.

    Raises `SolverError` if a layer on any path enlarges the maps.
    """
    steps = walk_network(net).steps
    for step in steps:
        if isinstance(step.layer, ENLARGING_LAYERS):
            raise SolverError(f"no receptive field through a {step.layer}")
    fields = receptive_fields(net, grow, axis=axis)
    index = walk_network(net).outputs[-1]
    while index != INPUT:
        field = fields[index]
        if field is not None:
            return field
        index = steps[index].inputs[0]
    return INITIAL_FIELD


def has_square_windows(net: Network) -> bool:
    """Return whether every layer of *net* has the same window along both axes."""
    layers = [step.layer for step in walk_network(net).steps]
    return all(layer_window(layer, 0) == layer_window(layer, 1) for layer in layers)


def layer_window(layer: Layer, axis: int) -> AxisWindow | None:
    """Return the window of *layer* along the *axis*, or None if it has no window."""
    match layer:
        case Conv(kernel_size=kernel, stride=stride, padding=padding, dilation=dilation):
            return AxisWindow(kernel[axis], stride[axis], dilation[axis], padding[axis])
        case Pool(kernel_size=kernel, stride=stride, padding=padding):
            return AxisWindow(kernel[axis], stride[axis], 1, padding[axis])
        case ZeroPad(padding=(left, _, top, _)):
            return AxisWindow(1, padding=left if axis else top)
        case _:
            return None
