"""The way through a network: what each layer makes of what comes in."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Said, Step, Tracer
from problems.network.forward import along, forward
from problems.traces.tracing import shown, tracers

__all__ = ["TRACERS"]


def _forward(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("The values pass one layer after the other.")
    values = along(given.net, given.x, weights=given.weights, biases=given.biases)
    yield shown("x", next(values)[1])
    for number, (layer, value) in enumerate(values, start=1):
        yield Said(f"Layer {number}: {layer}.")
        yield shown(f"y_{number}", value)


TRACERS: Final[dict[str, Tracer]] = tracers({forward: _forward})
