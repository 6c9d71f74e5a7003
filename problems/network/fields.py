"""Receptive fields, step by step: how many input cells along one axis a cell depends on.

Source: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks (2019).
"""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from grader.values import Number
from problems.network.counts import walk
from problems.network.graphs import Gate, Graph, Network
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
from problems.network.walk import INPUT

__all__ = ["Field", "Growth", "Window", "fields", "grown", "last_field", "square", "window_of"]

KEPT_FIELDS: Final = 128
WHOLE_IMAGE: Final = (AdaptiveAvgPool, Flatten, Linear)
ENLARGING: Final = (ConvTranspose, PixelShuffle, Upsample)
NO_FIELD: Final = (*WHOLE_IMAGE, *ENLARGING)


class Window(NamedTuple):
    """What a layer does along one axis, as far as it matters here."""

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0

    @property
    def reach(self) -> int:
        """The extent of the kernel less one."""
        return self.dilation * (self.kernel - 1)


class Field(NamedTuple):
    """The *size* of the field and the *jump* between neighbouring cells, both in input cells.

    *start* is the centre of the first cell's field, counted from the centre of the first input.
    """

    size: int = 1
    jump: int = 1
    start: Number = 0


INITIAL: Final = Field()

Growth: TypeAlias = Callable[[Field, Window], Field]


def grown(field: Field, window: Window) -> Field:
    """Return the field after a *window*: ``size += reach * jump``, then ``jump *= stride``.

    >>> grown(Field(5, 2, 0), Window(3, stride=2, padding=1))
    Field(size=9, jump=4, start=0)
    """
    halves = (window.reach - 2 * window.padding) * field.jump
    return Field(
        field.size + window.reach * field.jump,
        field.jump * window.stride,
        field.start + (Fraction(halves, 2) if halves % 2 else halves // 2),
    )


@lru_cache(maxsize=KEPT_FIELDS)
def fields(net: Network, grow: Growth = grown, *, axis: int = 0) -> tuple[Field | None, ...]:
    """Return the field after each step of the walk through *net*, along height (0) or width (1).

    Where paths join, the largest of their fields; what gates them does not count. None from the
    first layer on that sees the whole image, or that makes maps larger.
    """
    found: list[Field | None] = []
    for step in walk(net).steps:
        layer = step.layer
        if isinstance(layer, Graph):
            inputs = step.inputs[-1:] if isinstance(layer, Gate) else step.inputs
            found.append(_largest([_at(found, one) for one in inputs]))
        else:
            before = _at(found, step.inputs[0])
            window = window_of(layer, axis)
            if before is None or isinstance(layer, NO_FIELD):
                found.append(None)
            else:
                found.append(before if window is None else grow(before, window))
    return tuple(found)


def _at(found: list[Field | None], step: int) -> Field | None:
    return INITIAL if step == INPUT else found[step]


def _largest(ends: list[Field | None]) -> Field | None:
    """Return the largest of the fields that meet; None where one of them is unknown."""
    known = [field for field in ends if field is not None]
    return max(known, key=lambda field: field.size) if len(known) == len(ends) else None


def last_field(net: Network, grow: Growth = grown, *, axis: int = 0) -> Field:
    """Return the field where *net* ends, or before the first layer that sees the whole image.

    A layer that makes maps larger, on whatever path, is a `SolverError`.
    """
    steps = walk(net).steps
    for step in steps:
        if isinstance(step.layer, ENLARGING):
            raise SolverError(f"no receptive field through a {step.layer}")
    found = fields(net, grow, axis=axis)
    at = walk(net).outputs[-1]
    while at != INPUT:
        field = found[at]
        if field is not None:
            return field
        at = steps[at].inputs[0]
    return INITIAL


def square(net: Network) -> bool:
    """Tell whether every layer of *net* does the same along both axes."""
    layers = [step.layer for step in walk(net).steps]
    return all(window_of(layer, 0) == window_of(layer, 1) for layer in layers)


def window_of(layer: Layer, axis: int) -> Window | None:
    """Return what *layer* does along the *axis*, or None where it moves nothing."""
    match layer:
        case Conv(kernel_size=kernel, stride=stride, padding=padding, dilation=dilation):
            return Window(kernel[axis], stride[axis], dilation[axis], padding[axis])
        case Pool(kernel_size=kernel, stride=stride, padding=padding):
            return Window(kernel[axis], stride[axis], 1, padding[axis])
        case ZeroPad(padding=(left, _, top, _)):
            return Window(1, padding=left if axis else top)
        case _:
            return None
