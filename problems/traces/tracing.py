"""How tracers are made: the steps to a solver's result from its arguments, all of them by name."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce, wraps
from inspect import signature
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.book import Solver
from grader.display.steps import Formula, Rows, Said, Step, Tracer, stated
from grader.display.text import show
from grader.expressions.tree import Binary, Node, Num
from grader.values import Number, Tensor, Value, exact

__all__ = [
    "MAX_ROWS",
    "Steps",
    "counted_up",
    "joined",
    "listed",
    "multiplied",
    "shown",
    "tensor",
    "tracers",
]

MAX_TERMS: Final = 16
MAX_ROWS: Final = 64
MAX_SHOWN: Final = 1024

Steps: TypeAlias = Callable[[SimpleNamespace], Iterable[Step]]
"""What gives the steps from the arguments of a solver by name, and from its `result`."""


def tracers(table: Mapping[Solver, Steps]) -> dict[str, Tracer]:
    """Return the tracers of *table* by the names of their solvers, with the solvers' signatures.

    The solver itself runs first: it refuses what does not fit, so that the steps need not, and what
    it returns is ``given.result``.
    """
    return {solver.__name__: _tracer(solver, steps) for solver, steps in table.items()}


def _tracer(solver: Solver, steps: Steps) -> Tracer:
    known = signature(solver)

    @wraps(solver)
    def tracer(*arguments: object, **keywords: object) -> tuple[Step, ...]:
        given = known.bind(*arguments, **keywords)
        given.apply_defaults()
        result = solver(*arguments, **keywords)
        return tuple(steps(SimpleNamespace(**given.arguments, result=result)))

    return tracer


def shown(name: str, cells: npt.NDArray[Any] | Tensor) -> Step:
    """Return the step that shows an array, or of a large one the shape.

    >>> shown("Y", np.zeros((64, 64))).text
    'Y has the shape 64×64, too large to be written out.'
    """
    if math.prod(cells.shape) > MAX_SHOWN:
        return Said(f"{name} has the shape {show(cells.shape)}, too large to be written out.")
    found = cells if isinstance(cells, Tensor) else tensor(cells)
    return stated(name, found if found.shape else found.cells[0])


def tensor(cells: npt.NDArray[Any] | Sequence[object]) -> Tensor:
    """Return an array or nested lists with exact cells, as steps hold them.

    >>> tensor([[1, 0.5]]).cells
    (1, Fraction(1, 2))
    """
    return Tensor.from_array(cells) if isinstance(cells, np.ndarray) else Tensor.of(cells)


def listed(head: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> Rows:
    """Return a table; of a long one the first rows, and one of dots for the others.

    >>> listed(("n",), [(1,), (2,)]).rows
    ((1,), (2,))
    """
    if len(rows) > MAX_ROWS:
        rows = (*rows[:MAX_ROWS], ("\N{HORIZONTAL ELLIPSIS}",) * len(head))
    return Rows(head, tuple(rows))


def counted_up(name: str, terms: Iterable[Number]) -> Formula:
    """Return the step that adds *terms* up; of more than sixteen it says the sum alone.

    >>> counted_up("P", (448, 0, 10)).value
    458
    """
    numbers = [term for term in terms if term]
    return _formula_of(name, "+", numbers, sum(numbers))


def multiplied(name: str, factors: Iterable[Number]) -> Formula:
    """Return the step that multiplies *factors*; of more than sixteen it says the product alone.

    >>> multiplied("n", (2, 3, 4)).value
    24
    """
    numbers = list(factors)
    return _formula_of(name, "*", numbers, math.prod(numbers))


def joined(sign: str, nodes: Sequence[Node], value: Number) -> Node:
    """Return *nodes* with a *sign* between them, or for more than sixteen their *value* alone.

    >>> joined("+", [Num(1), Num(2)], 3).left
    Num(value=1)
    """
    if 1 <= len(nodes) <= MAX_TERMS:
        return reduce(lambda one, two: Binary(sign, one, two), nodes)
    return Num(value)


def _formula_of(name: str, sign: str, numbers: Sequence[Number], value: Number) -> Formula:
    """Return the step that joins *numbers* by a *sign*, to their *value*."""
    nodes = [Num(exact(number)) for number in numbers[: MAX_TERMS + 1]]
    tree = joined(sign, nodes, exact(value))
    return Formula(name, tree, tree, exact(value))
