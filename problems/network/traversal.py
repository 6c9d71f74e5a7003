"""Network traversal: the graph as a list of steps, with the shapes between them.

Every network solver is one loop over these steps. A step lists its input steps, so that
paths, receptive fields and live memory can be followed too. Shapes are (C, H, W), or
(features,) after a flatten. A wrong version walks with other rules, so that a mistake
propagates through a whole network, as it does for a student. Walks are cached, because
networks recur.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import CompositeLayer, CountOnly, Network, SideOutput
from problems.network.layers import Identity, Layer
from problems.solvers.bounds import MAX_INTEGER, Shape

INPUT: Final = -1
MAX_CACHED_WALKS: Final = 64
MAX_CACHED_TOTALS: Final = 2048

LayerRule: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class LayerRules:
    """Rules by layer type; a type without a rule keeps its shape, or counts zero.

    A shape rule takes the layer and its input shapes: one, or one per joined path. A
    count rule takes the layer and its step. Rules compare by identity.
    """

    table: Mapping[type[Layer], LayerRule]

    def with_rules(self, table: Mapping[type[Layer], LayerRule]) -> "LayerRules":
        """Return a copy in which the rules of *table* replace the existing ones."""
        return LayerRules({**self.table, **table})


class NetworkStep(NamedTuple):
    """A layer at its position in the network, or a join of paths.

    A join is a concatenation, addition or product. *path* is the position, counted from
    1: ``5.2.1`` is the first layer of the second part of layer 5. *inputs* are the
    indices of the input steps, or `INPUT` for the network's input. *before* is the
    shape of the first input and *after* the shape of the result; both are None if no
    shape is known.
    """

    layer: Layer
    path: str
    inputs: tuple[int, ...]
    before: Shape | None
    after: Shape | None


class NetworkWalk(NamedTuple):
    """*steps* in order of computation, and *outputs*: side outputs, then the main one.

    An output is the index of a step, or `INPUT` if nothing is computed.
    """

    steps: tuple[NetworkStep, ...]
    outputs: tuple[int, ...]
    shape: Shape | None

    def shape_after(self, step: int) -> Shape | None:
        """Return the shape after *step*, which is an index or `INPUT`."""
        return self.shape if step == INPUT else self.steps[step].after


@lru_cache(maxsize=MAX_CACHED_WALKS)
def walk_with_rules(rules: LayerRules, network: Network, shape: Shape | None) -> NetworkWalk:
    """Return the walk through *network*, with shapes that follow *rules*.

    Without a *shape*, the steps have no shapes. Results are cached.
    """
    walker = _Walker(rules, shape)
    end = walker.walk_layers(network, INPUT, "")
    return NetworkWalk(tuple(walker.steps), (*walker.side_outputs, end), shape)


def sum_step_counts(walk: NetworkWalk, rules: LayerRules) -> int:
    """Return the sum of the count *rules* over the steps of *walk*."""
    table = rules.table
    result = 0
    for step in walk.steps:
        rule = table.get(type(step.layer))
        if rule is not None:
            result += rule(step.layer, step)
    return result


@lru_cache(maxsize=MAX_CACHED_TOTALS)
def total_count(
    rules: LayerRules, shapes: LayerRules, network: Network, shape: Shape | None
) -> int:
    """Return the sum of the count *rules* over *network*, with *shapes* as shape rules."""
    return sum_step_counts(walk_with_rules(shapes, network, shape), rules)


def unordered_module_error(module: CountOnly) -> SolverError:
    """Return the error for a computation that needs the layer order in *module*."""
    return SolverError(f"{module.reason}; only total_params without a shape can be computed")


class _Walker:
    """Collector of the steps and side outputs of a network."""

    def __init__(self, rules: LayerRules, shape: Shape | None) -> None:
        self.steps: list[NetworkStep] = []
        self.side_outputs: list[int] = []
        self._table = rules.table
        self._shape = shape

    def walk_layers(self, network: Network, start: int, prefix: str) -> int:
        """Walk *network* from the step *start*; return the index of its last step."""
        for number, layer in enumerate(network.layers, start=1):
            if isinstance(layer, CompositeLayer):
                start = self._walk_composite(layer, start, f"{prefix}{number}")
            elif not isinstance(layer, Identity):
                start = self._add_step(layer, f"{prefix}{number}", (start,))
        return start

    def _walk_composite(self, composite: CompositeLayer, start: int, path: str) -> int:
        if isinstance(composite, CountOnly):
            return self._walk_count_only(composite, start, path)
        ends = tuple(
            self.walk_layers(part, start, f"{path}.{number}.")
            for number, part in enumerate(composite.parts, start=1)
        )
        if isinstance(composite, SideOutput):
            self.side_outputs.append(ends[0])
            return start
        return self._add_step(composite, path, ends)

    def _walk_count_only(self, module: CountOnly, start: int, path: str) -> int:
        """Walk the parts of *module* in sequence; raise `SolverError` if a shape is given."""
        if self._shape is not None:
            raise unordered_module_error(module)
        for number, part in enumerate(module.parts, start=1):
            start = self.walk_layers(part, start, f"{path}.{number}.")
        return self._add_step(module, path, (start,)) if module.own_params else start

    def _add_step(self, layer: Layer, path: str, inputs: tuple[int, ...]) -> int:
        before = after = self._shape
        if before is not None:
            steps = self.steps
            shapes = [before if at == INPUT else steps[at].after for at in inputs]
            rule = self._table.get(type(layer))
            before = after = shapes[0]
            if rule is not None:
                after = rule(layer, *shapes)
                if max(after) > MAX_INTEGER:
                    raise SolverError(f"the shape after layer {path} is too large")
        self.steps.append(NetworkStep(layer, path, inputs, before, after))
        return len(self.steps) - 1
