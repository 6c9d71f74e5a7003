"""Tracers for forward passes: the output of each layer."""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import SolutionStep, TextStep, Tracer
from problems.network.forward import forward, iter_layer_outputs
from problems.traces.tracing import TracedArguments, build_tracers, show_array


def _trace_forward(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The values pass through the layers one after the other.")
    values = iter_layer_outputs(args.net, args.x, weights=args.weights, biases=args.biases)
    yield show_array("x", next(values)[1])
    for number, (layer, value) in enumerate(values, start=1):
        yield TextStep(f"Layer {number}: {layer}.")
        yield show_array(f"y_{number}", value)


TRACERS: Final[dict[str, Tracer]] = build_tracers({forward: _trace_forward})
