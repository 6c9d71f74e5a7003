"""A network as a table: a row for each layer, and for each place where paths meet."""

import math
from fractions import Fraction
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from grader.values import Number, Record, Value, simplest
from problems.network.count_rules import EVERYTHING, MACS, PARAMS
from problems.network.counts import walk
from problems.network.fields import Field, fields, square
from problems.network.graphs import Graph, Network
from problems.network.layers import BatchNorm
from problems.network.walk import Rules, Step
from problems.solvers.bounds import Shape, shape_of
from problems.solvers.units import bytes_of

__all__ = ["SOLVERS", "layer_table"]


def layer_table(net: Network, shape: Shape, *, dtype: str = "float32") -> tuple[Record, ...]:
    """Return a row for each layer of *net*, in the order of computation, with *shape* coming in.

    A row has the fields ``name`` (the layer in words), ``path`` (its place: ``5.2.1`` is the first
    layer of the second part of layer 5), ``layer``, ``before`` and ``shape`` (what comes in and
    out), ``params`` (trainable) and ``all_params``, ``macs``, ``values`` and ``bytes`` (what comes
    out, in numbers of the *dtype*), ``field`` and ``jump``: the receptive field and the distance of
    neighbouring outputs in input cells, pairs where height and width differ, absent from the first
    layer on that sees the whole image or makes maps larger. Where paths meet, the row is their
    concatenation, addition or multiplication, and ``before`` the shape of the first path. The
    columns add up to `total_params`, `total_macs` and `activation_values`.

    >>> from problems.network.build import conv, flatten, linear, network
    >>> rows = layer_table(network(conv(8, 3), flatten(), linear(10)), (3, 6, 6))
    >>> [(row.field("shape"), row.field("params")) for row in rows]
    [((8, 4, 4), 224), ((128,), 0), ((10,), 1290)]
    """
    steps = walk(net, shape_of(shape)).steps
    high = fields(net, axis=0)
    ends = zip(high, high if square(net) else fields(net, axis=1), strict=True)
    size = bytes_of(dtype)
    return tuple(
        Record(_row(step, size) | _seen(*seen)) for step, seen in zip(steps, ends, strict=True)
    )


def _row(step: Step, size: Number) -> dict[str, Value]:
    layer, before, after = step.layer, step.before, step.after
    if before is None or after is None:
        raise SolverError("a table needs the shape that comes in")
    values, params = math.prod(after), _count(PARAMS, step)
    return {
        "name": layer.join if isinstance(layer, Graph) else str(layer),
        "path": step.path,
        "layer": layer,
        "before": before,
        "shape": after,
        "params": params,
        "all_params": _count(EVERYTHING, step) if isinstance(layer, BatchNorm) else params,
        "macs": _count(MACS, step),
        "values": values,
        "bytes": simplest(Fraction(values * size)),
    }


def _count(rules: Rules, step: Step) -> int:
    rule = rules.table.get(type(step.layer))
    return 0 if rule is None else int(rule(step.layer, step))


def _seen(high: Field | None, wide: Field | None) -> dict[str, Value]:
    """Return the receptive field and the jump, if there are any."""
    if high is None or wide is None:
        return {}
    return {
        "field": high.size if high.size == wide.size else (high.size, wide.size),
        "jump": high.jump if high.jump == wide.jump else (high.jump, wide.jump),
    }


SOLVERS: Final[tuple[Solver, ...]] = (layer_table,)
