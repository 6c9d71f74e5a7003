"""Tracers for the shapes of weights: the channels of a group, then all axes."""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula, build_value_step
from problems.solvers.weight_shapes import conv_transpose_weight_shape, conv_weight_shape
from problems.traces.tracing import TracedArguments, build_tracers


def _trace_conv_weight_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(f"The first axis is the number of filters: {args.out_channels}.")
    yield from _trace_group_channels(args, "A filter sees the input channels of its group.", "C_in")
    yield build_value_step("shape", args.result)


def _trace_conv_transpose_weight_shape(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(f"The first axis is the number of input channels: {args.in_channels}.")
    yield from _trace_group_channels(
        args, "An input channel contributes to the outputs of its group.", "C_out"
    )
    yield build_value_step("shape", args.result)


def _trace_group_channels(
    args: TracedArguments, sentence: str, letter: str
) -> Iterator[SolutionStep]:
    """Yield the number of channels of one group, for the second axis."""
    channels = args.in_channels if letter == "C_in" else args.out_channels
    yield TextStep(sentence)
    yield build_formula("C_G", f"{letter}/G", **{letter: channels, "G": args.groups})


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv_weight_shape: _trace_conv_weight_shape,
        conv_transpose_weight_shape: _trace_conv_transpose_weight_shape,
    }
)
