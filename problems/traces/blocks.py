"""Tracers for block parameters: a table of the convolutions, then the sum."""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Rows, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.blocks import (
    basic_block_params,
    bottleneck_params,
    inception_channels,
    inception_params,
)
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.parameters import batch_norm_params
from problems.traces.tracing import TracedArguments, build_tracers, sum_formula

ConvSpec = tuple[str, int, int, int, int]
"""A convolution of a block: name, input and output channels, kernel size, groups."""


def _trace_convs(args: TracedArguments, convs: list[ConvSpec]) -> Iterator[SolutionStep]:
    """Yield the table of convolutions, with their normalization, and the sum."""
    rows = []
    for name, into, out, kernel, groups in convs:
        weights = conv_params(into, out, kernel, bias=args.bias, groups=groups)
        norm = batch_norm_params(out, count=args.count) if args.batch_norm else 0
        param_counts = (weights, norm) if args.batch_norm else (weights,)
        rows.append((name, f"{kernel}×{kernel}", into // groups, out, *param_counts))
    normed = ("batch norm",) if args.batch_norm else ()
    yield TextStep(
        f"{'Weights and biases' if args.bias else 'Weights'}: kernel times input times output."
    )
    yield Rows(("convolution", "kernel", "in", "out", "parameters", *normed), tuple(rows))
    yield sum_formula("N", [count for row in rows for count in row[4:]])


def _build_shortcut_convs(args: TracedArguments) -> list[ConvSpec]:
    """Return the projection of a residual block, or an empty list if it has none."""
    channels_change = args.in_channels != args.out_channels
    if channels_change if args.projection is None else args.projection:
        return [("shortcut", args.in_channels, args.out_channels, 1, 1)]
    return []


def _trace_basic_block_params(args: TracedArguments) -> Iterator[SolutionStep]:
    into, out = args.in_channels, args.out_channels
    main = [("first", into, out, 3, 1), ("second", out, out, 3, 1)]
    yield from _trace_convs(args, main + _build_shortcut_convs(args))


def _trace_bottleneck_params(args: TracedArguments) -> Iterator[SolutionStep]:
    into, width, out = args.in_channels, args.width, args.out_channels
    main = [
        ("reduce", into, width, 1, 1),
        ("middle", width, width, 3, args.groups),
        ("expand", width, out, 1, 1),
    ]
    yield from _trace_convs(args, main + _build_shortcut_convs(args))


def _trace_inception_params(args: TracedArguments) -> Iterator[SolutionStep]:
    single, reduced, three, squeezed, five, pooled = args.widths
    kernel, into = args.kernel_size, args.in_channels
    yield from _trace_convs(
        args,
        [
            ("1×1", into, single, 1, 1),
            ("3×3 reduce", into, reduced, 1, 1),
            ("3×3", reduced, three, 3, 1),
            (f"{kernel}×{kernel} reduce", into, squeezed, 1, 1),
            (f"{kernel}×{kernel}", squeezed, five, kernel, 1),
            ("pool projection", into, pooled, 1, 1),
        ],
    )


def _trace_inception_channels(args: TracedArguments) -> Iterator[SolutionStep]:
    single, _, three, _, five, pooled = args.widths
    yield TextStep(
        "The outputs of the four branches are concatenated; a reduction is inside a branch."
    )
    yield build_formula("C", "C_1 + C_3 + C_5 + C_P", C_1=single, C_3=three, C_5=five, C_P=pooled)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        basic_block_params: _trace_basic_block_params,
        bottleneck_params: _trace_bottleneck_params,
        inception_params: _trace_inception_params,
        inception_channels: _trace_inception_channels,
    }
)
