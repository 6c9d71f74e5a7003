"""Tracers for operation counts: the number of uses of each weight. M is the MACs."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.cost import (
    conv_macs,
    flops,
    linear_macs,
    mlp_macs,
    saving_percent,
    separable_macs,
    separable_ratio,
)
from problems.solvers.geometry import PerAxis
from problems.traces.parameters import (
    build_kernel_area_piece,
    build_layer_table,
    input_channels_piece,
    map_area_piece,
)
from problems.traces.tracing import TracedArguments, build_tracers, sum_formula


def conv_macs_formula(
    channels: tuple[int, int],
    kernel_size: PerAxis,
    sizes: PerAxis,
    *,
    groups: int = 1,
    index: str = "_out",
) -> Formula:
    """Return the formula of the MACs of a convolution with (in, out) *channels*.

    *sizes* are the sides of the map whose positions count. *index* names that map in
    the formula; by default it is the output.

    >>> conv_macs_formula((3, 64), 5, 64).value
    19660800
    """
    positions_source, numbers = map_area_piece(kernel_size, sizes, index=index)
    kernel_source, kernel = build_kernel_area_piece(kernel_size)
    channels_source, inner = input_channels_piece(channels[0], groups)
    values = {**numbers, **kernel, **inner, "C_out": channels[1]}
    return build_formula(
        "M", f"{positions_source}*{kernel_source}*{channels_source}*C_out", **values
    )


def _trace_conv_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each weight is used once for each position of the output.")
    channels = (args.in_channels, args.out_channels)
    yield conv_macs_formula(channels, args.kernel_size, args.output_size, groups=args.groups)


def _trace_separable_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    where, sizes = map_area_piece(args.kernel_size, args.output_size)
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    channels = {"C_in": args.in_channels, "C_out": args.out_channels}
    depthwise = build_formula("M_d", f"{where}*{cells}*C_in", **sizes, **kernel, **channels)
    pointwise = build_formula("M_p", f"{where}*C_in*C_out", **sizes, **channels)
    yield TextStep("The depthwise and the pointwise step, at each position of the output:")
    yield depthwise
    yield pointwise
    yield build_formula("M", "M_d + M_p", M_d=depthwise.number, M_p=pointwise.number)


def _trace_linear_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each weight is used once.")
    yield build_formula("M", "n_in*n_out", n_in=args.in_features, n_out=args.out_features)


def _trace_mlp_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    counts = [into * out for into, out in pairwise(args.sizes)]
    yield TextStep("Each weight is used once; a layer has inputs times units weights.")
    yield build_layer_table(args.sizes, counts, "MACs")
    yield sum_formula("M", counts)


def _trace_flops(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("A MAC is one multiplication and one addition.")
    yield build_formula("F", "2*M", M=args.macs)


def _trace_separable_ratio(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    yield TextStep(
        "The depthwise step has 1 filter instead of C_out, the pointwise step a 1×1 kernel."
    )
    yield build_formula("r", f"1/C_out + 1/({cells})", C_out=args.out_channels, **kernel)


def _trace_saving_percent(args: TracedArguments) -> Iterator[SolutionStep]:
    yield build_formula("s", "100*(1 - N_2/N_1)", N_1=args.standard, N_2=args.reduced)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv_macs: _trace_conv_macs,
        separable_macs: _trace_separable_macs,
        linear_macs: _trace_linear_macs,
        mlp_macs: _trace_mlp_macs,
        flops: _trace_flops,
        separable_ratio: _trace_separable_ratio,
        saving_percent: _trace_saving_percent,
    }
)
