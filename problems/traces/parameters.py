"""Tracers for parameter counts: weights, biases, and their sum.

N_w and N_b are the weights and the biases, N is their sum; K is the kernel size, C the
channels, n the layer sizes, G the groups. Axes are D, H and W, or L for a single axis.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from grader.display.steps import Rows, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.bounds import as_axis_sizes
from problems.solvers.convolution_parameters import (
    conv_params,
    conv_transpose_params,
    locally_connected_params,
    separable_params,
)
from problems.solvers.geometry import PerAxis
from problems.solvers.parameters import (
    batch_norm_params,
    embedding_params,
    layer_norm_params,
    linear_params,
    mlp_params,
)
from problems.traces.tracing import (
    TracedArguments,
    build_table,
    build_tracers,
    product_formula,
    sum_formula,
)

FormulaPiece = tuple[str, dict[str, int]]
"""A piece of a formula, and the values of its letters."""


def area_piece(sides: Sequence[int], letters: Sequence[str]) -> FormulaPiece:
    """Return the product of *sides* as a piece of a formula.

    >>> area_piece((3, 5), ("K_H", "K_W"))
    ('K_H*K_W', {'K_H': 3, 'K_W': 5})
    """
    return "*".join(letters), dict(zip(letters, sides, strict=True))


def build_kernel_area_piece(kernel_size: PerAxis) -> FormulaPiece:
    """Return the cells of a kernel: K squared for a square, K cubed for a cube.

    >>> build_kernel_area_piece(3), build_kernel_area_piece((7,))
    (('K**2', {'K': 3}), ('K', {'K': 7}))
    """
    sides = as_axis_sizes(kernel_size, "kernel_size")
    if len(set(sides)) > 1:
        return area_piece(sides, [f"K_{letter}" for letter in "DHW"[-len(sides) :]])
    return ("K" if len(sides) == 1 else f"K**{len(sides)}"), {"K": sides[0]}


def map_area_piece(kernel_size: PerAxis, sizes: PerAxis, *, index: str = "_out") -> FormulaPiece:
    """Return the positions of a map that has the axes of the kernel.

    The letters have *index* as suffix; by default, that of an output.

    >>> map_area_piece(3, 8), map_area_piece((7,), 100, index="")
    (('H_out*W_out', {'H_out': 8, 'W_out': 8}), ('L', {'L': 100}))
    """
    axes = len(as_axis_sizes(kernel_size, "kernel_size"))
    letters = "L" if axes == 1 else "DHW"[-axes:]
    sides = as_axis_sizes(sizes, "the sizes", axes=axes)
    return area_piece(sides, [f"{letter}{index}" for letter in letters])


def input_channels_piece(in_channels: int, groups: int) -> FormulaPiece:
    """Return the number of input channels of one filter.

    >>> input_channels_piece(32, 4)
    ('C_in/G', {'C_in': 32, 'G': 4})
    """
    return ("C_in/G" if groups > 1 else "C_in"), {"C_in": in_channels, "G": groups}


def _trace_weights_and_biases(
    weights: FormulaPiece, biases: FormulaPiece | None
) -> Iterator[SolutionStep]:
    """Yield the formulas of weights, biases and their sum; without biases, one formula."""
    source, numbers = weights
    if biases is None:
        yield build_formula("N", source, **numbers)
        return
    weight_count, bias_count = (
        build_formula("N_w", source, **numbers),
        build_formula("N_b", biases[0], **biases[1]),
    )
    yield weight_count
    yield bias_count
    yield build_formula("N", "N_w + N_b", N_w=weight_count.number, N_b=bias_count.number)


def _trace_conv_params(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    channels_source, channels = input_channels_piece(args.in_channels, args.groups)
    bias_clause = ", and one bias" if args.bias else ""
    among = "input channel" if args.groups == 1 else "input channel of its group"
    yield TextStep(
        f"Each filter has a weight for each cell of its kernel in each {among}{bias_clause}."
    )
    out = args.out_channels
    weights = (f"{cells}*{channels_source}*C_out", {**kernel, **channels, "C_out": out})
    yield from _trace_weights_and_biases(weights, ("C_out", {"C_out": out}) if args.bias else None)


def _trace_conv_transpose_params(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("It has as many weights as the convolution in the opposite direction.")
    yield from _trace_conv_params(args)


def _trace_locally_connected_params(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    where, sizes = map_area_piece(args.kernel_size, args.output_size)
    out = {"C_out": args.out_channels}
    yield TextStep("Nothing is shared: each output position has its own weights.")
    weights = (
        f"{where}*{cells}*C_in*C_out",
        {**sizes, **kernel, "C_in": args.in_channels, **out},
    )
    biases = ("C_out", out) if args.shared_bias else (f"{where}*C_out", {**sizes, **out})
    yield from _trace_weights_and_biases(weights, biases if args.bias else None)


def _trace_separable_params(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, kernel = build_kernel_area_piece(args.kernel_size)
    channels = {"C_in": args.in_channels, "C_out": args.out_channels}
    yield TextStep(
        "Depthwise: one kernel for each channel. Pointwise: 1×1 kernels over all channels."
    )
    depthwise = f"{cells}*C_in" + (" + C_in" if args.bias else "")
    pointwise = "C_in*C_out" + (" + C_out" if args.bias else "")
    depthwise_count = build_formula("N_d", depthwise, **kernel, **channels)
    pointwise_count = build_formula("N_p", pointwise, **channels)
    yield depthwise_count
    yield pointwise_count
    yield build_formula("N", "N_d + N_p", N_d=depthwise_count.number, N_p=pointwise_count.number)


def _trace_linear_params(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(f"Each unit has a weight for each input{', and one bias' if args.bias else ''}.")
    sizes = {"n_in": args.in_features, "n_out": args.out_features}
    biases = ("n_out", {"n_out": args.out_features}) if args.bias else None
    yield from _trace_weights_and_biases(("n_in*n_out", sizes), biases)


def _trace_mlp_params(args: TracedArguments) -> Iterator[SolutionStep]:
    biases = "one bias for each unit" if args.bias else "no biases"
    yield TextStep(f"Each layer has a weight for each pair of an input and a unit, and {biases}.")
    counts = [(into + args.bias) * out for into, out in pairwise(args.sizes)]
    yield build_layer_table(args.sizes, counts, "parameters")
    yield sum_formula("N", counts)


def build_layer_table(sizes: tuple[int, ...], counts: list[int], what: str) -> Rows:
    """Return the table of dense layers between *sizes*; *what* heads the *counts*."""
    rows = zip(range(1, len(sizes)), sizes, sizes[1:], counts, strict=False)
    return build_table(("layer", "inputs", "units", what), [*rows])


def _trace_embedding_params(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each of the V entries is a vector of d numbers.")
    yield build_formula("N", "V*d", V=args.num_embeddings, d=args.embedding_dim)


def _trace_batch_norm_params(args: TracedArguments) -> Iterator[SolutionStep]:
    learned = args.count == "learnable"
    more = "" if learned else ", plus the running mean and variance"
    yield TextStep(f"Each channel has a scale and a shift{more}.")
    yield build_formula("N", "2*C" if learned else "4*C", C=args.num_features)


def _trace_layer_norm_params(args: TracedArguments) -> Iterator[SolutionStep]:
    shape = args.normalized_shape
    yield TextStep(f"Each value has a scale{' and a shift' if args.bias else ''}.")
    values = product_formula("n", shape if isinstance(shape, (tuple, list)) else (shape,))
    yield values
    yield build_formula("N", "2*n" if args.bias else "n", n=values.number)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv_params: _trace_conv_params,
        conv_transpose_params: _trace_conv_transpose_params,
        locally_connected_params: _trace_locally_connected_params,
        separable_params: _trace_separable_params,
        linear_params: _trace_linear_params,
        mlp_params: _trace_mlp_params,
        embedding_params: _trace_embedding_params,
        batch_norm_params: _trace_batch_norm_params,
        layer_norm_params: _trace_layer_norm_params,
    }
)
