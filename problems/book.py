"""The book of everything that problems may call: solvers, their twins, the mistakes.

Solvers work on plain numbers, tuples and NumPy arrays; the engine on exact values. `bind` stands
between the two.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import wraps
from typing import Final

import numpy as np

from grader.arithmetic import Function
from grader.book import Book, Solver, Twin
from grader.errors import SolverError
from grader.values import Opaque, Tensor, Value, exact
from problems.mistakes import MISTAKES
from problems.network import build, counts, named, torch_text
from problems.network import twins as network_twins
from problems.solvers import (
    arrays,
    convolution,
    cost,
    detection,
    inverse,
    parameters,
    pooling,
    receptive_field,
    sizes,
    training,
    transposed,
)

__all__ = ["BOOK", "SOLVERS", "TWINS", "bind"]

SOLVERS: Final[tuple[Solver, ...]] = (
    *sizes.SOLVERS,
    *inverse.SOLVERS,
    *convolution.SOLVERS,
    *transposed.SOLVERS,
    *pooling.SOLVERS,
    *parameters.SOLVERS,
    *cost.SOLVERS,
    *receptive_field.SOLVERS,
    *detection.SOLVERS,
    *training.SOLVERS,
    *arrays.SOLVERS,
    *build.SOLVERS,
    *counts.SOLVERS,
    *named.SOLVERS,
    *torch_text.SOLVERS,
)

TWINS: Final[tuple[Twin, ...]] = (
    *sizes.TWINS,
    *inverse.TWINS,
    *convolution.TWINS,
    *transposed.TWINS,
    *pooling.TWINS,
    *parameters.TWINS,
    *cost.TWINS,
    *receptive_field.TWINS,
    *detection.TWINS,
    *training.TWINS,
    *network_twins.TWINS,
)

# What Python and NumPy raise where a value of another kind is given than a solver takes.
FAILURES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


def bind(solver: Solver) -> Function:
    """Return *solver* for engine values: tensors go in as arrays, results come out exact.

    Whatever goes wrong on the way is a `SolverError`.

    >>> bind(arrays.transpose)(Tensor.of([[1, 2], [3, 4]])).cells
    (1, 3, 2, 4)
    """

    @wraps(solver)
    def function(*arguments: Value, **keywords: Value) -> Value:
        given = [_plain(value) for value in arguments]
        named_values = {name: _plain(value) for name, value in keywords.items()}
        try:
            return _exact(solver(*given, **named_values))
        except FAILURES as error:
            raise SolverError(f"{solver.__name__} could not compute: {error}") from error

    return function


def _plain(value: Value) -> object:
    """Return *value* as a solver takes it."""
    if isinstance(value, Tensor):
        return value.array()
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return value


def _exact(result: object) -> Value:
    """Return a solver's *result* as the engine takes it, numbers exact; else a `SolverError`."""
    match result:
        case np.ndarray():
            return Tensor.from_array(result) if result.ndim else exact(result.item())
        case tuple() | list():
            return tuple(_exact(item) for item in result)
        case bool() | np.bool_():
            return bool(result)
        case str() | Opaque() | Tensor():
            return result
        case int() | float() | Fraction() | np.number():
            return exact(result)
        case _:
            raise SolverError(f"a solver gave {type(result).__name__}, which is not a value")


def _bound(twins: Iterable[Twin]) -> dict[str, dict[str, Function]]:
    """Return the twins by mistake and then by solver, bound."""
    table: dict[str, dict[str, Function]] = {mistake: {} for mistake in MISTAKES}
    for twin in twins:
        table[twin.mistake][twin.solver] = bind(twin.function)
    return table


BOOK: Final = Book(
    functions={solver.__name__: bind(solver) for solver in SOLVERS},
    twins=_bound(TWINS),
    mistakes=MISTAKES,
)
