"""The receptive field: how many input cells along one axis a cell of the last map depends on.

Source: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks (2019).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from types import SimpleNamespace
from typing import Final, TypeAlias

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.network.layers import (
    Branches,
    Conv,
    ConvTranspose,
    Flatten,
    GlobalAvgPool,
    Layer,
    Linear,
    Network,
    Pool,
    Residual,
)
from problems.solvers.bounds import whole
from problems.solvers.twins import instead, twins_of

__all__ = ["SOLVERS", "TWINS", "receptive_field"]

KERNEL_AND_STRIDE: Final = 2
WITH_DILATION: Final = 3
WHOLE_IMAGE: Final = (Flatten, GlobalAvgPool, Linear)

Steps: TypeAlias = Sequence[tuple[int, ...]] | Network


@dataclass(frozen=True, slots=True)
class Field:
    """The *size* of the field and the *jump*: input cells between neighbouring output cells."""

    size: int = 1
    jump: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One layer, as far as it matters here."""

    kernel: int
    stride: int
    dilation: int = 1

    @property
    def reach(self) -> int:
        """The extent of the kernel less one."""
        return self.dilation * (self.kernel - 1)


Growth: TypeAlias = Callable[[Field, "Step"], Field]


def receptive_field(layers: Steps) -> int:
    """Return the receptive field after *layers*, in input cells along one axis.

    Each layer is ``(kernel, stride)`` or ``(kernel, stride, dilation)``; its kernel has the extent
    ``dilation * (kernel - 1) + 1``. From size 1 and jump 1: ``size += (extent - 1) * jump``, then
    ``jump *= stride``. Of a network, convolutions and pooling count up to the first layer that sees
    the whole image; among branches, the largest field. A kernel that is not square is a
    `SolverError`, as is a transposed convolution.

    >>> receptive_field(((5, 2), (5, 2), (5, 2)))
    29
    """
    return _field(layers, _grown)


def _grown(field: Field, step: Step) -> Field:
    return Field(field.size + step.reach * field.jump, field.jump * step.stride)


def _field(layers: Steps, grow: Growth) -> int:
    """Return the size of the field after *layers*, each of which makes it *grow*."""
    if isinstance(layers, Network):
        return _through(layers, Field(), grow).size
    return reduce(grow, map(_step, _listed(layers)), Field()).size


def _listed(layers: object) -> Sequence[object]:
    if not isinstance(layers, (tuple, list)) or not layers:
        raise SolverError("layers must be a network or a tuple of (kernel, stride)")
    return layers


def _step(layer: object) -> Step:
    if not isinstance(layer, (tuple, list)) or len(layer) not in {KERNEL_AND_STRIDE, WITH_DILATION}:
        raise SolverError("each layer is (kernel, stride) or (kernel, stride, dilation)")
    names = ("kernel", "stride", "dilation")
    return Step(*(whole(value, name) for value, name in zip(layer, names, strict=False)))


def _through(network: Network, field: Field, grow: Growth) -> Field:
    """Return the field after *network*, up to the first layer that sees the whole image."""
    for layer in network.layers:
        if isinstance(layer, WHOLE_IMAGE):
            break
        field = _after(layer, field, grow)
    return field


def _after(layer: Layer, field: Field, grow: Growth) -> Field:
    match layer:
        case Conv():
            return grow(field, _squared(layer, layer.kernel_size, layer.stride, layer.dilation))
        case Pool():
            return grow(field, _squared(layer, layer.kernel_size, layer.stride))
        case Branches(networks):
            return max((_through(way, field, grow) for way in networks), key=lambda end: end.size)
        case Residual(main, shortcut):
            ways = (main, shortcut) if shortcut else (main,)
            return max((_through(way, field, grow) for way in ways), key=lambda end: end.size)
        case ConvTranspose():
            raise SolverError(f"no receptive field through a {layer}")
        case _:
            return field


def _squared(layer: Layer, *pairs: tuple[int, int]) -> Step:
    """Return the step of a layer whose kernel, stride and dilation are given for both axes."""
    if any(height != width for height, width in pairs):
        raise SolverError(f"{layer} is not square")
    return Step(*(height for height, _ in pairs))


SOLVERS: Final[tuple[Solver, ...]] = (receptive_field,)

# Wrong recursions.
GROWTHS: Final[dict[str, Growth]] = {
    "previous_stride": lambda field, step: Field(field.size + step.reach * field.jump, step.stride),
    "strides_ignored": lambda field, step: Field(field.size + step.reach),
    "own_stride_included": lambda field, step: Field(
        field.size + step.reach * field.jump * step.stride, field.jump * step.stride
    ),
    "dilation_left_out": lambda field, step: _grown(field, Step(step.kernel, step.stride)),
}


def _grown_by(grow: Growth, given: SimpleNamespace) -> int:
    return _field(given.layers, grow)


def _without_last(layers: Steps) -> int:
    if isinstance(layers, Network) or len(layers) == 1:
        raise SolverError("there is no layer to leave out")
    return receptive_field(layers[:-1])


def _without_pooling(layers: Steps) -> int:
    if not isinstance(layers, Network):
        raise SolverError("a list of kernels does not say which layers pool")
    return receptive_field(Network(tuple(item for item in layers.layers if type(item) is not Pool)))


TWINS: Final[tuple[Twin, ...]] = twins_of(
    receptive_field,
    {
        **{
            mistake: instead(receptive_field, partial(_grown_by, grow))
            for mistake, grow in GROWTHS.items()
        },
        "layer_left_out": instead(receptive_field, lambda given: _without_last(given.layers)),
        "pooling_left_out": instead(receptive_field, lambda given: _without_pooling(given.layers)),
    },
)
