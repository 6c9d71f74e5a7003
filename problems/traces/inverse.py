"""The way back from a size: the formula of the size solved for what is asked."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Formula, Said, Step, Tracer, formula, stated
from grader.expressions.parser import parse
from grader.expressions.tree import Binary, Name, Node, Num
from grader.values import Number, Tensor
from problems.solvers.bounds import numbers
from problems.solvers.inverse import kernel_for, padding_for, stride_for
from problems.solvers.layers_needed import (
    layers_for_field,
    layers_to_reach,
    transposed_layers_to_reach,
)
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size
from problems.solvers.unknown_filter import filter_from
from problems.traces.sizes import extent
from problems.traces.tracing import listed, tracers

__all__ = ["TRACERS"]

SOLVED: Final = "W_out = floor((W + 2P - K)/S) + 1 is solved for the smallest {}{}."
IN_PLACE: Final = ", with the extent E of the kernel for K"


def _solved(what: str, dilation: int) -> Said:
    return Said(SOLVED.format(what, IN_PLACE if dilation > 1 else ""))


def _border(padding: int) -> str:
    return " + 2*P" if padding else ""


def _kernel_for(given: SimpleNamespace) -> Iterator[Step]:
    yield _solved("K", given.dilation)
    steps = "S*W_out" if given.stride > 1 else "W_out"
    source = f"W{_border(given.padding)} - {steps} + 1"
    letters = {"W": given.size, "P": given.padding, "S": given.stride, "W_out": given.output_size}
    found = formula("E" if given.dilation > 1 else "K", source, **letters)
    if found.number < 1:
        found = formula(found.name, f"max({source}, 1)", **letters)
    yield found
    if given.dilation > 1:
        yield formula("K", "ceil((E - 1)/D) + 1", E=found.number, D=given.dilation)


def _reach(given: SimpleNamespace) -> tuple[str, int, tuple[Step, ...]]:
    """Return the letter of what a kernel spans, how much that is, and the step to it."""
    if given.dilation == 1:
        return "K", given.kernel_size, ()
    spanned = extent(given.kernel_size, given.dilation)
    return "E", int(spanned.number), (spanned,)


def _padding_for(given: SimpleNamespace) -> Iterator[Step]:
    letter, spanned, steps = _reach(given)
    yield _solved("P", given.dilation)
    yield from steps
    covered = "(W_out - 1)*S" if given.stride > 1 else "W_out - 1"
    source = f"ceil(({covered} + {letter} - W)/2)"
    letters = {"W_out": given.output_size, "S": given.stride, letter: spanned, "W": given.size}
    found = formula("P", source, **letters)
    yield found if found.number >= 0 else formula("P", f"max({source}, 0)", **letters)


def _stride_for(given: SimpleNamespace) -> Iterator[Step]:
    letter, spanned, steps = _reach(given)
    yield _solved("S", given.dilation)
    yield from steps
    letters = {"W": given.size, "P": given.padding, letter: spanned}
    moved = formula("R", f"W{_border(given.padding)} - {letter}", **letters)
    yield moved
    yield formula("S", "floor(R/W_out) + 1", R=moved.number, W_out=given.output_size)


def _layers_to_reach(given: SimpleNamespace) -> Iterator[Step]:
    yield from _layers(given, conv_size, "W_1 - W_n")


def _transposed_layers_to_reach(given: SimpleNamespace) -> Iterator[Step]:
    yield from _layers(given, transposed_size, "W_n - W_1")


def _layers(given: SimpleNamespace, step: Callable[..., int], source: str) -> Iterator[Step]:
    """Yield the sizes layer by layer, or how many times their difference is needed."""
    change = given.kernel_size - 1 - 2 * given.padding
    if given.stride == 1 and change:
        border = " - 2*P" if given.padding else ""
        one = formula("d", f"K - 1{border}", K=given.kernel_size, P=given.padding)
        yield Said(f"With stride 1 every layer {'takes away' if step is conv_size else 'adds'} d.")
        yield one
        yield formula("n", f"({source})/d", W_1=given.size, W_n=given.target, d=one.number)
        return
    sizes = [given.size]
    for _ in range(given.result):
        geometry = {"stride": given.stride, "padding": given.padding}
        sizes.append(step(sizes[-1], given.kernel_size, **geometry))
    yield Said("The size after each layer, until it is the one that is asked for:")
    yield listed(("layers", "size"), [*enumerate(sizes)])
    yield stated("n", len(sizes) - 1)


def _layers_for_field(given: SimpleNamespace) -> Iterator[Step]:
    plain = (given.stride, given.dilation, given.dilation_growth) == (1, 1, 1)
    if plain and given.kernel_size > 1:
        yield Said("The field is one cell, and every layer adds K - 1.")
        yield formula("n", "ceil((r - 1)/(K - 1))", r=given.target, K=given.kernel_size)
        return
    yield Said("Each layer adds D·(K - 1)·jump to the field; then its stride multiplies the jump.")
    rows, field, jump, dilation = [(0, "", 1, 1)], 1, 1, given.dilation
    for layer in range(1, given.result + 1):
        field += dilation * (given.kernel_size - 1) * jump
        jump *= given.stride
        rows.append((layer, dilation, field, jump))
        dilation *= given.dilation_growth
    yield listed(("layers", "dilation", "field", "jump"), rows)
    yield stated("n", len(rows) - 1)


def _filter_from(given: SimpleNamespace) -> Iterator[Step]:
    border: tuple[Number, ...] = (0,) * given.padding
    padded = (*border, *numbers(given.x, "x"), *border)
    unknowns = [Name(f"w_{at}") for at in range(1, len(given.result) + 1)]
    weights = unknowns[::-1] if given.flip else unknowns
    yield Said("Each output is an equation for the weights of the filter:")
    for at, result in enumerate(numbers(given.y, "y")):
        under = padded[at * given.stride :]
        tree: Node = parse("0").tree
        for cell, weight in zip(under, weights, strict=False):
            product = Binary("*", Num(cell), weight)
            tree = product if tree == Num(0) else Binary("+", tree, product)
        yield Formula(f"y_{at + 1}", tree, tree, result)
    yield Said("These equations have one solution:")
    yield Array("w", Tensor.of(given.result))


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        kernel_for: _kernel_for,
        padding_for: _padding_for,
        stride_for: _stride_for,
        layers_to_reach: _layers_to_reach,
        transposed_layers_to_reach: _transposed_layers_to_reach,
        layers_for_field: _layers_for_field,
        filter_from: _filter_from,
    }
)
