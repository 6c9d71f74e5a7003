"""A network as a table: one row per layer, and one per join of paths."""

import math
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver
from grader.values import Number, Record, Value, simplify_number
from problems.network.count_rules import ALL_PARAMS, MACS, PARAMS
from problems.network.counts import walk_network
from problems.network.graphs import CompositeLayer, Network
from problems.network.layers import BatchNorm
from problems.network.receptive_fields import ReceptiveField, has_square_windows, receptive_fields
from problems.network.traversal import LayerRules, NetworkStep
from problems.solvers.bounds import Shape, as_shape
from problems.solvers.units import bytes_of


def layer_table(net: Network, shape: Shape, *, dtype: str = "float32") -> tuple[Record, ...]:
    """Return one row per layer of *net* for an input *shape*, in order of computation.

    The fields of a row are ``name`` (the layer in words), ``path`` (its position:
    ``5.2.1`` is the first layer of the second part of layer 5), ``layer``, ``before``
    and ``shape`` (the input and output shapes), ``params`` (trainable) and
    ``all_params``, ``macs``, ``values`` and ``bytes`` (the size of the output, with
    numbers of *dtype*), ``field`` and ``jump``: the receptive field and the distance
    between neighboring outputs, in input cells. These two are pairs if height and width
    differ, and are absent from the first layer on that sees the whole image or enlarges
    the maps. A join of paths has a row too, for its concatenation, addition or
    multiplication; its ``before`` is the shape of the first path. The columns add up to
    `total_params`, `total_macs` and `activation_values`.

    >>> from problems.network.constructors.all_constructors import conv, flatten, linear, network
    >>> rows = layer_table(network(conv(8, 3), flatten(), linear(10)), (3, 6, 6))
    >>> [(row.get_field("shape"), row.get_field("params")) for row in rows]
    [((8, 4, 4), 224), ((128,), 0), ((10,), 1290)]
    """
    steps = walk_network(net, as_shape(shape)).steps
    height_fields = receptive_fields(net, axis=0)
    field_pairs = zip(
        height_fields,
        height_fields if has_square_windows(net) else receptive_fields(net, axis=1),
        strict=True,
    )
    size = bytes_of(dtype)
    return tuple(
        Record(_build_row(step, size) | _receptive_field_columns(*seen))
        for step, seen in zip(steps, field_pairs, strict=True)
    )


def _build_row(step: NetworkStep, bytes_per_value: Number) -> dict[str, Value]:
    layer, before, after = step.layer, step.before, step.after
    if before is None or after is None:
        raise SolverError("a table needs the shape that comes in")
    values, params = math.prod(after), _count_step(PARAMS, step)
    return {
        "name": layer.join if isinstance(layer, CompositeLayer) else str(layer),
        "path": step.path,
        "layer": layer,
        "before": before,
        "shape": after,
        "params": params,
        "all_params": _count_step(ALL_PARAMS, step) if isinstance(layer, BatchNorm) else params,
        "macs": _count_step(MACS, step),
        "values": values,
        "bytes": simplify_number(Fraction(values * bytes_per_value)),
    }


def _count_step(rules: LayerRules, step: NetworkStep) -> int:
    rule = rules.table.get(type(step.layer))
    return 0 if rule is None else int(rule(step.layer, step))


def _receptive_field_columns(
    height_field: ReceptiveField | None, width_field: ReceptiveField | None
) -> dict[str, Value]:
    """Return the columns ``field`` and ``jump``; empty without a receptive field."""
    if height_field is None or width_field is None:
        return {}
    return {
        "field": height_field.size
        if height_field.size == width_field.size
        else (height_field.size, width_field.size),
        "jump": height_field.jump
        if height_field.jump == width_field.jump
        else (height_field.jump, width_field.jump),
    }


SOLVERS: Final[tuple[Solver, ...]] = (layer_table,)
