"""Construction of tracers, which derive the steps to a solver's result.

A tracer gets the solver's arguments by name, and the result.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce, wraps
from inspect import signature
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.display.steps import Formula, Rows, SolutionStep, TextStep, Tracer, build_value_step
from grader.display.text import to_text
from grader.expressions.tree import BinaryOperation, Node, NumberLiteral
from grader.registry import Solver, SolverArguments
from grader.values import Number, Tensor, Value, to_exact_number

MAX_TERMS: Final = 16
MAX_ROWS: Final = 64
MAX_ARRAY_CELLS: Final = 1024


class TracedArguments(SolverArguments):
    """The arguments of one call of a solver by name, defaults included, and its `result`."""


TraceFunction: TypeAlias = Callable[[TracedArguments], Iterable[SolutionStep]]
"""Yields the steps to the result of a call."""


def build_tracers(table: Mapping[Solver, TraceFunction]) -> dict[str, Tracer]:
    """Return a tracer for each solver of *table*, keyed by the solver's name.

    A tracer has the signature of its solver. It first runs the solver, which rejects
    invalid arguments, so the steps need not check them. The solver's result is
    ``args.result``.
    """
    return {solver.__name__: _build_tracer(solver, steps) for solver, steps in table.items()}


def _build_tracer(solver: Solver, trace: TraceFunction) -> Tracer:
    solver_signature = signature(solver)

    @wraps(solver)
    def tracer(*arguments: object, **keywords: object) -> tuple[SolutionStep, ...]:
        bound = solver_signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        result = solver(*arguments, **keywords)
        return tuple(trace(TracedArguments(**bound.arguments, result=result)))

    return tracer


def show_array(name: str, cells: npt.NDArray[Any] | Tensor) -> SolutionStep:
    """Return the step that shows an array, or only the shape of a large one.

    >>> show_array("Y", np.zeros((64, 64))).text
    'Y has the shape 64×64, too large to be written out.'
    """
    if math.prod(cells.shape) > MAX_ARRAY_CELLS:
        return TextStep(
            f"{name} has the shape {to_text(cells.shape)}, too large to be written out."
        )
    values = cells if isinstance(cells, Tensor) else to_tensor(cells)
    return build_value_step(name, values if values.shape else values.cells[0])


def to_tensor(cells: npt.NDArray[Any] | Sequence[object]) -> Tensor:
    """Return an array or nested lists as a tensor with exact cells, for a step.

    >>> to_tensor([[1, 0.5]]).cells
    (1, Fraction(1, 2))
    """
    return Tensor.from_array(cells) if isinstance(cells, np.ndarray) else Tensor.from_nested(cells)


def build_table(head: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> Rows:
    """Return a table; a long one shows its first rows, then a row of ellipses.

    >>> build_table(("n",), [(1,), (2,)]).rows
    ((1,), (2,))
    """
    if len(rows) > MAX_ROWS:
        rows = (*rows[:MAX_ROWS], ("\N{HORIZONTAL ELLIPSIS}",) * len(head))
    return Rows(head, tuple(rows))


def sum_formula(name: str, terms: Iterable[Number]) -> Formula:
    """Return the formula that adds up the nonzero *terms*.

    With more than sixteen, it shows only the sum.

    >>> sum_formula("P", (448, 0, 10)).value
    458
    """
    numbers = [term for term in terms if term]
    return _chain_formula(name, "+", numbers, sum(numbers))


def product_formula(name: str, factors: Iterable[Number]) -> Formula:
    """Return the formula that multiplies *factors*.

    With more than sixteen, it shows only the product.

    >>> product_formula("n", (2, 3, 4)).value
    24
    """
    numbers = list(factors)
    return _chain_formula(name, "*", numbers, math.prod(numbers))


def join_nodes(sign: str, nodes: Sequence[Node], value: Number) -> Node:
    """Return *nodes* joined by *sign*; for more than sixteen, only their *value*.

    >>> join_nodes("+", [NumberLiteral(1), NumberLiteral(2)], 3).left
    NumberLiteral(value=1)
    """
    if 1 <= len(nodes) <= MAX_TERMS:
        return reduce(lambda first, two: BinaryOperation(sign, first, two), nodes)
    return NumberLiteral(value)


def _chain_formula(name: str, sign: str, numbers: Sequence[Number], value: Number) -> Formula:
    """Return the formula that joins *numbers* by *sign*, with its *value*."""
    nodes = [NumberLiteral(to_exact_number(number)) for number in numbers[: MAX_TERMS + 1]]
    tree = join_nodes(sign, nodes, to_exact_number(value))
    return Formula(name, tree, tree, to_exact_number(value))
