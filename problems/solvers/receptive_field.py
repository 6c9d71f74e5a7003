"""The receptive field: which input cells along one axis a cell of the last map depends on.

*layers* are a network, or for each layer (kernel, stride), (kernel, stride, dilation) or (kernel,
stride, dilation, padding). Of a network, convolutions and pooling count up to the first layer that
sees the whole image, and where paths join, the largest field; a field that is not square is a
`SolverError`, as is a layer that makes maps larger. Source: Araujo, Norris and Sim, Computing
Receptive Fields of Convolutional Neural Networks (2019).
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial, reduce
from itertools import accumulate
from math import ceil
from types import SimpleNamespace
from typing import Final, TypeAlias

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, Tensor, exact, simplest
from problems.network.changes import without_pools
from problems.network.counts import walk
from problems.network.fields import Field, Growth, Window, fields, grown, last_field
from problems.network.graphs import Network
from problems.network.layers import Conv, Pool
from problems.solvers.bounds import whole
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "GROWTHS",
    "SOLVERS",
    "TWINS",
    "effective_stride",
    "field_centre",
    "field_range",
    "receptive_field",
    "receptive_field_trace",
]

NAMES: Final = ("kernel", "stride", "dilation", "padding")
MAX_STEPS: Final = 1000

Steps: TypeAlias = Sequence[tuple[int, ...]] | Network


def receptive_field(layers: Steps) -> int:
    """Return the receptive field after *layers*, in input cells along one axis.

    A kernel has the extent ``dilation * (kernel - 1) + 1``. From size 1 and jump 1:
    ``size += (extent - 1) * jump``, then ``jump *= stride``.

    >>> receptive_field(((5, 2), (5, 2), (5, 2)))
    29
    """
    return _field(layers, grown).size


def effective_stride(layers: Steps) -> int:
    """Return how many input cells lie between neighbouring cells of the last map: the jump.

    It is the product of all strides.

    >>> effective_stride(((7, 2), (3, 2), (3, 1)))
    4
    """
    return _field(layers, grown).jump


def field_centre(layers: Steps, index: int, *, first_centre: Number = 0) -> Number:
    """Return the input place on which the field of cell *index* of the last map is centred.

    ``start + index * jump``, where every layer moves the start by
    ``((extent - 1)/2 - padding) * jump``. Cells count from 0; *first_centre* is the centre of the
    first input cell, 0 or 1/2.

    >>> field_centre(((3, 2, 1, 1), (3, 2, 1, 1)), 5)
    20
    """
    return _centre(_field(layers, grown), index, first_centre)


def field_range(layers: Steps, index: int) -> tuple[int, int]:
    """Return the first and the last input cell that cell *index* of the last map depends on.

    Cells count from 0; a negative one, or one beyond the input, lies in the padding.

    >>> field_range(((3, 2, 1, 1), (3, 2, 1, 1)), 5)
    (17, 23)
    """
    return _range(_field(layers, grown), index)


def receptive_field_trace(layers: Steps) -> Tensor:
    """Return a row (size, jump, start) after each layer; of a network, each convolution and pool.

    The size of the field and the jump are in input cells; the start is the centre of the first
    cell's field, counted from the centre of the first input cell.

    >>> receptive_field_trace(((3, 1, 1, 1), (2, 2))).cells
    (3, 1, 0, 4, 2, Fraction(1, 2))
    """
    return _table(_trace(layers, grown))


def _field(layers: object, grow: Growth) -> Field:
    """Return the field after *layers*, each of which makes it *grow*."""
    if not isinstance(layers, Network):
        return reduce(grow, _windows(layers), Field())
    return _square(*(last_field(layers, grow, axis=axis) for axis in (0, 1)))


def _trace(layers: object, grow: Growth) -> list[Field]:
    """Return the field after each of *layers*."""
    if not isinstance(layers, Network):
        return list(accumulate(_windows(layers), grow, initial=Field()))[1:]
    both = [fields(layers, grow, axis=axis) for axis in (0, 1)]
    rows = zip(walk(layers).steps, *both, strict=True)
    return [
        _square(high, wide)
        for step, high, wide in rows
        if high and wide and isinstance(step.layer, (Conv, Pool))
    ]


def _windows(layers: object) -> list[Window]:
    if not isinstance(layers, (tuple, list)) or not layers or len(layers) > MAX_STEPS:
        raise SolverError("layers must be a network or a tuple of (kernel, stride)")
    return [_window(layer) for layer in layers]


def _window(layer: object) -> Window:
    if not isinstance(layer, (tuple, list)) or not 1 < len(layer) <= len(NAMES):
        raise SolverError(
            "each layer is (kernel, stride), (kernel, stride, dilation) or "
            "(kernel, stride, dilation, padding)"
        )
    return Window(
        *(
            whole(value, name, least=int(name != "padding"))
            for value, name in zip(layer, NAMES, strict=False)
        )
    )


def _square(high: Field, wide: Field) -> Field:
    """Return the field of both axes, which must be the same."""
    if high != wide:
        raise SolverError(f"the field is not square: {high.size} high, {wide.size} wide")
    return high


def _centre(field: Field, index: int, first_centre: Number) -> Number:
    offset = exact(first_centre)
    if offset not in {0, Fraction(1, 2)}:
        raise SolverError(f"first_centre must be 0 or 1/2, not {offset}")
    return simplest(Fraction(offset + field.start + whole(index, "index", least=0) * field.jump))


def _range(field: Field, index: int) -> tuple[int, int]:
    first = ceil(_centre(field, index, 0) - Fraction(field.size - 1, 2))
    return first, first + field.size - 1


def _table(rows: list[Field]) -> Tensor:
    if not rows:
        raise SolverError("no layer has a field")
    return Tensor((len(rows), 3), tuple(cell for row in rows for cell in row))


SOLVERS: Final[tuple[Solver, ...]] = (
    receptive_field,
    effective_stride,
    field_centre,
    field_range,
    receptive_field_trace,
)


# What students do instead.


def _own_stride(field: Field, window: Window) -> Field:
    wider = field._replace(jump=field.jump * window.stride)
    return grown(wider, window._replace(stride=1))


def _previous_stride(field: Field, window: Window) -> Field:
    return grown(field, window)._replace(jump=window.stride)


def _times_kernel(field: Field, window: Window) -> Field:
    return grown(field, window)._replace(size=field.size * (window.reach + 1))


# Wrong recursions.
GROWTHS: Final[dict[str, Growth]] = {
    "previous_stride": _previous_stride,
    "strides_ignored": lambda field, window: grown(field, window._replace(stride=1)),
    "own_stride_included": _own_stride,
    "kernels_multiplied": _times_kernel,
    "dilation_left_out": lambda field, window: grown(field, window._replace(dilation=1)),
    "padding_left_out": lambda field, window: grown(field, window._replace(padding=0)),
}
OF_SIZES: Final = (
    "previous_stride",
    "strides_ignored",
    "own_stride_included",
    "kernels_multiplied",
    "dilation_left_out",
)
OF_PLACES: Final = ("previous_stride", "strides_ignored", "dilation_left_out", "padding_left_out")

MEASURES: Final[dict[Solver, Callable[[Growth, SimpleNamespace], object]]] = {
    receptive_field: lambda grow, given: _field(given.layers, grow).size,
    effective_stride: lambda grow, given: _field(given.layers, grow).jump,
    field_centre: lambda grow, given: _centre(
        _field(given.layers, grow), given.index, given.first_centre
    ),
    field_range: lambda grow, given: _range(_field(given.layers, grow), given.index),
    receptive_field_trace: lambda grow, given: _table(_trace(given.layers, grow)),
}


def _by(solver: Solver, *mistakes: str) -> tuple[Twin, ...]:
    """Return the twins of *solver* that let the field grow wrongly."""
    return twins_of(
        solver,
        {
            mistake: instead(solver, partial(MEASURES[solver], GROWTHS[mistake]))
            for mistake in mistakes
        },
    )


def _without_last(given: SimpleNamespace) -> Sequence[tuple[int, ...]]:
    if isinstance(given.layers, Network) or len(given.layers) == 1:
        raise SolverError("there is no layer to leave out")
    shorter: Sequence[tuple[int, ...]] = given.layers[:-1]
    return shorter


def _without_pooling(given: SimpleNamespace) -> Network:
    if not isinstance(given.layers, Network):
        raise SolverError("a list of kernels does not say which layers pool")
    return without_pools(given.layers)


def _whole_kernels(given: SimpleNamespace) -> int:
    """Return the field if each layer added its whole kernel, from nothing on."""
    return _field(given.layers, _growing_by_kernel).size - 1


def _growing_by_kernel(field: Field, window: Window) -> Field:
    after = grown(field, window)
    return after._replace(size=after.size + field.jump)


def _kernels_added(given: SimpleNamespace) -> int:
    """Return the sum of the sizes of all kernels."""
    layers = given.layers
    if not isinstance(layers, Network) and all(one.stride == 1 for one in _windows(layers)):
        raise SolverError("with strides of 1 it is the 1 of each layer that was forgotten")
    return _field(given.layers, _growing_from_nothing).size - 1


def _growing_from_nothing(field: Field, window: Window) -> Field:
    return _growing_by_kernel(field, window._replace(stride=1))


def _strides_added(given: SimpleNamespace) -> int:
    if isinstance(given.layers, Network):
        raise SolverError("the strides of a network are many")
    return sum(window.stride for window in _windows(given.layers))


TWINS: Final[tuple[Twin, ...]] = (
    *_by(receptive_field, *OF_SIZES),
    *_by(effective_stride, "previous_stride"),
    *_by(field_centre, *OF_PLACES),
    *_by(field_range, *OF_PLACES),
    *_by(receptive_field_trace, *GROWTHS),
    *twins_of(
        receptive_field,
        {
            "layer_left_out": told(receptive_field, layers=_without_last),
            "pooling_left_out": told(receptive_field, layers=_without_pooling),
            "forgot_minus_one": instead(receptive_field, _whole_kernels),
            "kernels_added": instead(receptive_field, _kernels_added),
        },
    ),
    *twins_of(
        effective_stride,
        {
            "pooling_left_out": told(effective_stride, layers=_without_pooling),
            "strides_added": instead(effective_stride, _strides_added),
        },
    ),
)
