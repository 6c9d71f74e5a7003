"""Tracers for inverse problems: the size formula, solved for the unknown."""

from collections.abc import Callable, Iterator
from typing import Final

from grader.display.steps import (
    Array,
    Formula,
    SolutionStep,
    TextStep,
    Tracer,
    build_formula,
    build_value_step,
)
from grader.expressions.parser import parse
from grader.expressions.tree import BinaryOperation, Name, Node, NumberLiteral
from grader.values import Number, Tensor
from problems.solvers.bounds import as_numbers
from problems.solvers.inverse import kernel_for, padding_for, stride_for
from problems.solvers.layers_needed import (
    layers_for_field,
    layers_to_reach,
    transposed_layers_to_reach,
)
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size
from problems.solvers.unknown_filter import filter_from
from problems.traces.sizes import kernel_extent_formula
from problems.traces.tracing import TracedArguments, build_table, build_tracers

INVERSION_SENTENCE: Final = "W_out = floor((W + 2P - K)/S) + 1 is solved for the smallest {}{}."
EXTENT_CLAUSE: Final = ", with the extent E of the kernel for K"


def _describe_inversion(what: str, dilation: int) -> TextStep:
    return TextStep(INVERSION_SENTENCE.format(what, EXTENT_CLAUSE if dilation > 1 else ""))


def _padding_term(padding: int) -> str:
    return " + 2*P" if padding else ""


def _trace_kernel_for(args: TracedArguments) -> Iterator[SolutionStep]:
    yield _describe_inversion("K", args.dilation)
    steps = "S*W_out" if args.stride > 1 else "W_out"
    source = f"W{_padding_term(args.padding)} - {steps} + 1"
    letters = {"W": args.size, "P": args.padding, "S": args.stride, "W_out": args.output_size}
    solution = build_formula("E" if args.dilation > 1 else "K", source, **letters)
    if solution.number < 1:
        solution = build_formula(solution.name, f"max({source}, 1)", **letters)
    yield solution
    if args.dilation > 1:
        yield build_formula("K", "ceil((E - 1)/D) + 1", E=solution.number, D=args.dilation)


def _derive_kernel_extent(args: TracedArguments) -> tuple[str, int, tuple[SolutionStep, ...]]:
    """Return the letter and value of the kernel extent, with the steps to derive it."""
    if args.dilation == 1:
        return "K", args.kernel_size, ()
    spanned = kernel_extent_formula(args.kernel_size, args.dilation)
    return "E", int(spanned.number), (spanned,)


def _trace_padding_for(args: TracedArguments) -> Iterator[SolutionStep]:
    letter, spanned, steps = _derive_kernel_extent(args)
    yield _describe_inversion("P", args.dilation)
    yield from steps
    covered = "(W_out - 1)*S" if args.stride > 1 else "W_out - 1"
    source = f"ceil(({covered} + {letter} - W)/2)"
    letters = {"W_out": args.output_size, "S": args.stride, letter: spanned, "W": args.size}
    solution = build_formula("P", source, **letters)
    yield solution if solution.number >= 0 else build_formula("P", f"max({source}, 0)", **letters)


def _trace_stride_for(args: TracedArguments) -> Iterator[SolutionStep]:
    letter, spanned, steps = _derive_kernel_extent(args)
    yield _describe_inversion("S", args.dilation)
    yield from steps
    letters = {"W": args.size, "P": args.padding, letter: spanned}
    moved = build_formula("R", f"W{_padding_term(args.padding)} - {letter}", **letters)
    yield moved
    yield build_formula("S", "floor(R/W_out) + 1", R=moved.number, W_out=args.output_size)


def _trace_layers_to_reach(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_layer_count(args, conv_size, "W_1 - W_n")


def _trace_transposed_layers_to_reach(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_layer_count(args, transposed_size, "W_n - W_1")


def _trace_layer_count(
    args: TracedArguments, step: Callable[..., int], source: str
) -> Iterator[SolutionStep]:
    """Yield the layer count: a quotient at stride 1, otherwise the size after each layer."""
    change = args.kernel_size - 1 - 2 * args.padding
    if args.stride == 1 and change:
        border = " - 2*P" if args.padding else ""
        size_change = build_formula("d", f"K - 1{border}", K=args.kernel_size, P=args.padding)
        yield TextStep(
            f"With stride 1, every layer {'removes' if step is conv_size else 'adds'} d."
        )
        yield size_change
        yield build_formula(
            "n", f"({source})/d", W_1=args.size, W_n=args.target, d=size_change.number
        )
        return
    sizes = [args.size]
    for _ in range(args.result):
        geometry = {"stride": args.stride, "padding": args.padding}
        sizes.append(step(sizes[-1], args.kernel_size, **geometry))
    yield TextStep("The size after each layer, up to the required one:")
    yield build_table(("layers", "size"), [*enumerate(sizes)])
    yield build_value_step("n", len(sizes) - 1)


def _trace_layers_for_field(args: TracedArguments) -> Iterator[SolutionStep]:
    plain = (args.stride, args.dilation, args.dilation_growth) == (1, 1, 1)
    if plain and args.kernel_size > 1:
        yield TextStep("The receptive field starts as one cell, and every layer adds K - 1.")
        yield build_formula("n", "ceil((r - 1)/(K - 1))", r=args.target, K=args.kernel_size)
        return
    yield TextStep(
        "Each layer adds D·(K - 1)·jump to the field, then multiplies the jump by its stride."
    )
    rows, field, jump, dilation = [(0, "", 1, 1)], 1, 1, args.dilation
    for layer in range(1, args.result + 1):
        field += dilation * (args.kernel_size - 1) * jump
        jump *= args.stride
        rows.append((layer, dilation, field, jump))
        dilation *= args.dilation_growth
    yield build_table(("layers", "dilation", "field", "jump"), rows)
    yield build_value_step("n", len(rows) - 1)


def _trace_filter_from(args: TracedArguments) -> Iterator[SolutionStep]:
    border: tuple[Number, ...] = (0,) * args.padding
    padded = (*border, *as_numbers(args.x, "x"), *border)
    unknowns = [Name(f"w_{index}") for index in range(1, len(args.result) + 1)]
    weights = unknowns[::-1] if args.flip else unknowns
    yield TextStep("Each output gives an equation for the weights of the filter:")
    for index, result in enumerate(as_numbers(args.y, "y")):
        under = padded[index * args.stride :]
        tree: Node = parse("0").tree
        for cell, weight in zip(under, weights, strict=False):
            product = BinaryOperation("*", NumberLiteral(cell), weight)
            tree = product if tree == NumberLiteral(0) else BinaryOperation("+", tree, product)
        yield Formula(f"y_{index + 1}", tree, tree, result)
    yield TextStep("These equations have a unique solution:")
    yield Array("w", Tensor.from_nested(args.result))


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        kernel_for: _trace_kernel_for,
        padding_for: _trace_padding_for,
        stride_for: _trace_stride_for,
        layers_to_reach: _trace_layers_to_reach,
        transposed_layers_to_reach: _trace_transposed_layers_to_reach,
        layers_for_field: _trace_layers_for_field,
        filter_from: _trace_filter_from,
    }
)
