"""Receptive field: which input cells along one axis a cell of the last map depends on.

*layers* is a network, or a sequence with (kernel, stride), (kernel, stride, dilation)
or (kernel, stride, dilation, padding) for each layer. In a network, convolutions and
pooling count up to the first layer that sees the whole image; where paths join, the
largest field counts. A field that is not square raises `SolverError`, as does a layer
that enlarges its maps. Source: Araujo, Norris and Sim, Computing Receptive Fields of
Convolutional Neural Networks (2019).
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial, reduce
from itertools import accumulate
from math import ceil
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, Tensor, simplify_number, to_exact_number
from problems.network.counts import walk_network
from problems.network.graphs import Network
from problems.network.layers import Conv, Pool
from problems.network.receptive_fields import (
    AxisWindow,
    GrowthRule,
    ReceptiveField,
    grow_field,
    last_receptive_field,
    receptive_fields,
)
from problems.network.transforms import without_pools
from problems.solvers.bounds import as_integer
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

LAYER_FIELDS: Final = ("kernel", "stride", "dilation", "padding")
MAX_STEPS: Final = 1000

FieldLayers: TypeAlias = Sequence[tuple[int, ...]] | Network


def receptive_field(layers: FieldLayers) -> int:
    """Return the receptive field after *layers*, in input cells along one axis.

    A kernel has the extent ``dilation * (kernel - 1) + 1``. Starting from size 1 and
    jump 1, each layer applies ``size += (extent - 1) * jump``, then ``jump *= stride``.

    >>> receptive_field(((5, 2), (5, 2), (5, 2)))
    29
    """
    return _compute_field(layers, grow_field).size


def effective_stride(layers: FieldLayers) -> int:
    """Return the effective stride, or jump: the product of all strides.

    It is the distance in input cells between neighboring cells of the last map.

    >>> effective_stride(((7, 2), (3, 2), (3, 1)))
    4
    """
    return _compute_field(layers, grow_field).jump


def field_centre(layers: FieldLayers, index: int, *, first_centre: Number = 0) -> Number:
    """Return the center of the receptive field of cell *index* of the last map.

    The center is ``start + index * jump`` in input cells, where each layer moves the
    start by ``((extent - 1)/2 - padding) * jump``. Cells count from 0. *first_centre*
    is the center of the first input cell, 0 or 1/2.

    >>> field_centre(((3, 2, 1, 1), (3, 2, 1, 1)), 5)
    20
    """
    return _field_center(_compute_field(layers, grow_field), index, first_centre)


def field_range(layers: FieldLayers, index: int) -> tuple[int, int]:
    """Return the first and last input cell that cell *index* of the last map depends on.

    Cells count from 0. A negative cell, or one beyond the input, lies in the padding.

    >>> field_range(((3, 2, 1, 1), (3, 2, 1, 1)), 5)
    (17, 23)
    """
    return _input_range(_compute_field(layers, grow_field), index)


def receptive_field_trace(layers: FieldLayers) -> Tensor:
    """Return a row (size, jump, start) after each layer.

    For a network, there is a row for each convolution and pooling layer. The field size
    and the jump are in input cells. The start is the center of the first cell's field,
    relative to the center of the first input cell.

    >>> receptive_field_trace(((3, 1, 1, 1), (2, 2))).cells
    (3, 1, 0, 4, 2, Fraction(1, 2))
    """
    return _stack_fields(_compute_field_per_layer(layers, grow_field))


def _compute_field(layers: FieldLayers, grow: GrowthRule) -> ReceptiveField:
    """Return the receptive field after *layers*, which grows by the rule *grow*."""
    if not isinstance(layers, Network):
        return reduce(grow, _parse_windows(layers), ReceptiveField())
    return _require_square(*(last_receptive_field(layers, grow, axis=axis) for axis in (0, 1)))


def _compute_field_per_layer(layers: FieldLayers, grow: GrowthRule) -> list[ReceptiveField]:
    """Return the receptive field after each of *layers*."""
    if not isinstance(layers, Network):
        return list(accumulate(_parse_windows(layers), grow, initial=ReceptiveField()))[1:]
    both = [receptive_fields(layers, grow, axis=axis) for axis in (0, 1)]
    rows = zip(walk_network(layers).steps, *both, strict=True)
    return [
        _require_square(high, wide)
        for step, high, wide in rows
        if high and wide and isinstance(step.layer, (Conv, Pool))
    ]


def _parse_windows(layers: object) -> list[AxisWindow]:
    if not isinstance(layers, (tuple, list)) or not layers or len(layers) > MAX_STEPS:
        raise SolverError("layers must be a network or a tuple of (kernel, stride)")
    return [_parse_window(layer) for layer in layers]


def _parse_window(layer: object) -> AxisWindow:
    if not isinstance(layer, (tuple, list)) or not 1 < len(layer) <= len(LAYER_FIELDS):
        raise SolverError(
            "each layer is (kernel, stride), (kernel, stride, dilation) or "
            "(kernel, stride, dilation, padding)"
        )
    fields = zip(layer, LAYER_FIELDS, strict=False)
    return AxisWindow(
        *(as_integer(one, name, least=int(name != "padding")) for one, name in fields)
    )


def _require_square(high: ReceptiveField, wide: ReceptiveField) -> ReceptiveField:
    """Return the field that both axes share, or raise `SolverError` if they differ."""
    if high != wide:
        raise SolverError(f"the field is not square: {high.size} high, {wide.size} wide")
    return high


def _field_center(field: ReceptiveField, index: int, first_centre: Number) -> Number:
    offset = to_exact_number(first_centre)
    if offset not in {0, Fraction(1, 2)}:
        raise SolverError(f"first_centre must be 0 or 1/2, not {offset}")
    return simplify_number(
        Fraction(offset + field.start + as_integer(index, "index", least=0) * field.jump)
    )


def _input_range(field: ReceptiveField, index: int) -> tuple[int, int]:
    first = ceil(_field_center(field, index, 0) - Fraction(field.size - 1, 2))
    return first, first + field.size - 1


def _stack_fields(rows: list[ReceptiveField]) -> Tensor:
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


def _grow_with_own_stride(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    wider = field._replace(jump=field.jump * window.stride)
    return grow_field(wider, window._replace(stride=1))


def _grow_with_previous_stride(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    return grow_field(field, window)._replace(jump=window.stride)


def _grow_by_factor(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    return grow_field(field, window)._replace(size=field.size * (window.reach + 1))


# Wrong recursions.
WRONG_GROWTHS: Final[dict[str, GrowthRule]] = {
    "previous_stride": _grow_with_previous_stride,
    "strides_ignored": lambda field, window: grow_field(field, window._replace(stride=1)),
    "own_stride_included": _grow_with_own_stride,
    "kernels_multiplied": _grow_by_factor,
    "dilation_left_out": lambda field, window: grow_field(field, window._replace(dilation=1)),
    "padding_left_out": lambda field, window: grow_field(field, window._replace(padding=0)),
}
SIZE_MISTAKES: Final = (
    "previous_stride",
    "strides_ignored",
    "own_stride_included",
    "kernels_multiplied",
    "dilation_left_out",
)
POSITION_MISTAKES: Final = (*SIZE_MISTAKES[:2], "dilation_left_out", "padding_left_out")

FIELD_MEASURES: Final[dict[Solver, Callable[[GrowthRule, SolverArguments], object]]] = {
    receptive_field: lambda grow, args: _compute_field(args.layers, grow).size,
    effective_stride: lambda grow, args: _compute_field(args.layers, grow).jump,
    field_centre: lambda grow, args: _field_center(
        _compute_field(args.layers, grow), args.index, args.first_centre
    ),
    field_range: lambda grow, args: _input_range(_compute_field(args.layers, grow), args.index),
    receptive_field_trace: lambda grow, args: _stack_fields(
        _compute_field_per_layer(args.layers, grow)
    ),
}


def _growth_wrong_versions(solver: Solver, *mistakes: str) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of *solver* that use a wrong growth rule."""
    return build_wrong_versions(
        solver,
        {
            mistake: replace_formula(
                solver, partial(FIELD_MEASURES[solver], WRONG_GROWTHS[mistake])
            )
            for mistake in mistakes
        },
    )


def _drop_last_layer(args: SolverArguments) -> Sequence[tuple[int, ...]]:
    if isinstance(args.layers, Network) or len(args.layers) == 1:
        raise SolverError("there is no layer to leave out")
    shorter: Sequence[tuple[int, ...]] = args.layers[:-1]
    return shorter


def _drop_pooling(args: SolverArguments) -> Network:
    if not isinstance(args.layers, Network):
        raise SolverError("a list of kernels does not say which layers pool")
    return without_pools(args.layers)


def _field_of_whole_kernels(args: SolverArguments) -> int:
    """Return the field if each layer adds its whole extent, starting from size 0."""
    return _compute_field(args.layers, _grow_by_kernel).size - 1


def _grow_by_kernel(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    after = grow_field(field, window)
    return after._replace(size=after.size + field.jump)


def _sum_kernels(args: SolverArguments) -> int:
    """Return the sum of the extents of all kernels."""
    layers = args.layers
    if not isinstance(layers, Network) and all(one.stride == 1 for one in _parse_windows(layers)):
        raise SolverError("with strides of 1 it is the 1 of each layer that was forgotten")
    return _compute_field(args.layers, _grow_without_strides).size - 1


def _grow_without_strides(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    return _grow_by_kernel(field, window._replace(stride=1))


def _sum_strides(args: SolverArguments) -> int:
    if isinstance(args.layers, Network):
        raise SolverError("the strides of a network are many")
    return sum(window.stride for window in _parse_windows(args.layers))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *_growth_wrong_versions(receptive_field, *SIZE_MISTAKES),
    *_growth_wrong_versions(effective_stride, "previous_stride"),
    *_growth_wrong_versions(field_centre, *POSITION_MISTAKES),
    *_growth_wrong_versions(field_range, *POSITION_MISTAKES),
    *_growth_wrong_versions(receptive_field_trace, *WRONG_GROWTHS),
    *build_wrong_versions(
        receptive_field,
        {
            "layer_left_out": replace_arguments(receptive_field, layers=_drop_last_layer),
            "pooling_left_out": replace_arguments(receptive_field, layers=_drop_pooling),
            "forgot_minus_one": replace_formula(receptive_field, _field_of_whole_kernels),
            "kernels_added": replace_formula(receptive_field, _sum_kernels),
        },
    ),
    *build_wrong_versions(
        effective_stride,
        {
            "pooling_left_out": replace_arguments(effective_stride, layers=_drop_pooling),
            "strides_added": replace_formula(effective_stride, _sum_strides),
        },
    ),
)
