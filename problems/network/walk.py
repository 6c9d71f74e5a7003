"""A network walked once: its graph as a list of steps, shapes flowing through.

Whatever is asked of a network is one loop over its steps. A step names the steps that it takes, so
that paths, receptive fields and what must be held in memory can be followed too. Shapes are
(C, H, W), or (features,) after a flatten. A twin walks by other rules, so that a mistake runs
through a whole network as a student makes it. Walks are kept for networks that come again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import CountOnly, Graph, Network, SideOutput
from problems.network.layers import Identity, Layer
from problems.solvers.bounds import LARGEST, Shape

__all__ = ["INPUT", "Rule", "Rules", "Step", "Walk", "count", "not_ordered", "total", "walk_by"]

INPUT: Final = -1
KEPT_WALKS: Final = 64
KEPT_TOTALS: Final = 2048

Rule: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """One small rule for each type of layer; a type without one keeps its shape, or counts zero.

    A rule for shapes takes the layer and the shapes that come in: one, or those that a graph joins.
    A rule that counts takes the layer and its step. Rules are equal to themselves alone.
    """

    table: Mapping[type[Layer], Rule]

    def but(self, table: Mapping[type[Layer], Rule]) -> "Rules":
        """Return the rules with some of them replaced."""
        return Rules({**self.table, **table})


class Step(NamedTuple):
    """A layer at its place, or the join of a graph: the concatenation, addition or product.

    *path* is the place counted from 1, ``5.2.1`` the first layer of the second part of layer 5;
    *inputs* are the steps that it takes, `INPUT` for what comes into the network; *before* is the
    shape of the first of them, *after* that of the result, None where no shape is known.
    """

    layer: Layer
    path: str
    inputs: tuple[int, ...]
    before: Shape | None
    after: Shape | None


class Walk(NamedTuple):
    """The *steps* in the order of computation, and the *outputs*: side outputs, then the main one.

    An output is the number of a step, or `INPUT` where nothing is computed.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    shape: Shape | None

    def after(self, step: int) -> Shape | None:
        """Return the shape after the *step*."""
        return self.shape if step == INPUT else self.steps[step].after


@lru_cache(maxsize=KEPT_WALKS)
def walk_by(rules: Rules, network: Network, shape: Shape | None) -> Walk:
    """Return the walk through *network*, its shapes by *rules*; without a *shape* it has none."""
    walker = _Walker(rules, shape)
    end = walker.through(network, INPUT, "")
    return Walk(tuple(walker.steps), (*walker.sides, end), shape)


def count(walk: Walk, rules: Rules) -> int:
    """Return the sum of what *rules* count for the steps of *walk*."""
    table = rules.table
    found = 0
    for step in walk.steps:
        rule = table.get(type(step.layer))
        if rule is not None:
            found += rule(step.layer, step)
    return found


@lru_cache(maxsize=KEPT_TOTALS)
def total(rules: Rules, shapes: Rules, network: Network, shape: Shape | None) -> int:
    """Return what *rules* count in the whole *network*, its shapes by *shapes*."""
    return count(walk_by(shapes, network, shape), rules)


def not_ordered(module: CountOnly) -> SolverError:
    """Return the error of what needs the order in a *module* without one."""
    return SolverError(f"{module.reason}; only total_params without a shape can be computed")


class _Walker:
    """Collects the steps of a network."""

    def __init__(self, rules: Rules, shape: Shape | None) -> None:
        self.steps: list[Step] = []
        self.sides: list[int] = []
        self._table = rules.table
        self._shape = shape

    def through(self, network: Network, start: int, prefix: str) -> int:
        """Return the step that ends *network*, which takes the step *start*."""
        for number, layer in enumerate(network.layers, start=1):
            if isinstance(layer, Graph):
                start = self._graph(layer, start, f"{prefix}{number}")
            elif not isinstance(layer, Identity):
                start = self._step(layer, f"{prefix}{number}", (start,))
        return start

    def _graph(self, graph: Graph, start: int, path: str) -> int:
        if isinstance(graph, CountOnly):
            return self._counted(graph, start, path)
        ends = tuple(
            self.through(part, start, f"{path}.{number}.")
            for number, part in enumerate(graph.parts, start=1)
        )
        if isinstance(graph, SideOutput):
            self.sides.append(ends[0])
            return start
        return self._step(graph, path, ends)

    def _counted(self, module: CountOnly, start: int, path: str) -> int:
        """Walk the parts of *module* one after the other, where no shape is asked for."""
        if self._shape is not None:
            raise not_ordered(module)
        for number, part in enumerate(module.parts, start=1):
            start = self.through(part, start, f"{path}.{number}.")
        return self._step(module, path, (start,)) if module.own_params else start

    def _step(self, layer: Layer, path: str, inputs: tuple[int, ...]) -> int:
        before = after = self._shape
        if before is not None:
            steps = self.steps
            shapes = [before if at == INPUT else steps[at].after for at in inputs]
            rule = self._table.get(type(layer))
            before = after = shapes[0]
            if rule is not None:
                after = rule(layer, *shapes)
                if max(after) > LARGEST:
                    raise SolverError(f"the shape after layer {path} is too large")
        self.steps.append(Step(layer, path, inputs, before, after))
        return len(self.steps) - 1
