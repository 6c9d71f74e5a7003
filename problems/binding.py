"""What stands between the engine, which has exact values, and solvers, which take plain ones.

Solvers work on plain numbers, tuples and NumPy arrays. What they return, and whatever goes wrong in
them, is turned into what the engine knows.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache, wraps
from inspect import signature
from typing import Any, Final, TypeVar, get_args

import numpy as np

from grader.book import Rewrite, Solver, Twin
from grader.definitions.names import near
from grader.display.steps import Step, Tracer
from grader.errors import SolverError
from grader.expressions.arithmetic import Function
from grader.values import Opaque, Tensor, Value, exact
from problems.network.layers import Layer

__all__ = ["bind", "bind_rewrite", "bind_tracer", "usage"]

T = TypeVar("T")

UNKNOWN: Final = re.compile(r"unexpected keyword argument '(\w+)'")

LAYER: Final = ", a layer of a network; values have solvers of their own, such as activation"

REMEMBERED: Final = 32
"""How many of its last results a function remembers."""
MOST_CELLS: Final = 1_000
"""The largest tensor with which a call is remembered."""

# What Python and NumPy raise where a value of another kind is given than a solver takes.
FAILURES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


def usage(solver: Solver) -> str:
    """Return how *solver* is called: its name and arguments, without types.

    >>> from problems.solvers.training import steps_per_epoch
    >>> usage(steps_per_epoch)
    'steps_per_epoch(examples, batch_size, *, drop_last=False)'
    """
    known = signature(solver)
    bare = [one.replace(annotation=one.empty) for one in known.parameters.values()]
    plain = known.replace(parameters=bare, return_annotation=known.empty)
    return re.sub(r"Fraction\((\d+), (\d+)\)", r"\1/\2", f"{solver.__name__}{plain}")


def bind(solver: Solver) -> Function:
    """Return *solver* for engine values: tensors go in as arrays, results come out exact.

    A solver with an argument that may be a `Tensor` is given tensors as they are, cells exact.
    Whatever goes wrong on the way is a `SolverError`.

    >>> bind(np.transpose)(Tensor.of([[1, 2], [3, 4]])).cells
    (1, 3, 2, 4)
    """

    def computed(*arguments: object, **keywords: object) -> Value:
        return _exact(solver(*arguments, **keywords))

    exactly = _takes_tensors(solver)

    @wraps(solver)
    def function(*arguments: Value, **keywords: Value) -> Value:
        return _called(computed, arguments, keywords, of=solver, exactly=exactly)

    return _remembered(function)


def _remembered(function: Function) -> Function:
    """Return *function*, which remembers its last results for small arguments.

    A student's mistakes are run one after the other on the same numbers, and most of the calls in
    the keys are the same each time.
    """
    kept = lru_cache(maxsize=REMEMBERED, typed=True)(function)

    @wraps(function)
    def remembering(*arguments: Value, **keywords: Value) -> Value:
        values = (*arguments, *keywords.values())
        if any(isinstance(one, Tensor) and len(one.cells) > MOST_CELLS for one in values):
            return function(*arguments, **keywords)
        try:
            return kept(*arguments, **keywords)
        except TypeError:  # a value without a hash, such as a row of a table
            return function(*arguments, **keywords)

    return remembering


def _takes_tensors(solver: Solver) -> bool:
    """Tell whether an argument of *solver* is annotated as one that may be a tensor."""
    hints = getattr(solver, "__annotations__", {})
    taken = (hint for name, hint in hints.items() if name != "return")
    return any(Tensor in (hint, *get_args(hint)) for hint in taken)


def bind_tracer(tracer: Tracer) -> Tracer:
    """Return *tracer* for engine values; what it cannot trace is a `SolverError`."""

    @wraps(tracer)
    def steps(*arguments: Value, **keywords: Value) -> tuple[Step, ...]:
        return _called(tracer, arguments, keywords, of=tracer)

    return steps


def bind_rewrite(twin: Twin, rewrite: Rewrite) -> Rewrite:
    """Return *rewrite* for engine values; it gives plain ones, which bound twins take as well."""

    def call(*arguments: Value, **keywords: Value) -> Mapping[str, Any]:
        return _called(rewrite.call, arguments, keywords, of=twin.function)

    return Rewrite(rewrite.arguments, call)


def _called(
    call: Callable[..., T],
    arguments: Iterable[Value],
    keywords: Mapping[str, Value],
    *,
    of: Callable[..., object],
    exactly: bool = False,
) -> T:
    """Return what *call*, a form *of* a solver, gives for engine values; else a `SolverError`.

    The values are made plain unless *exactly*.
    """
    given = [value if exactly else _plain(value) for value in arguments]
    named_values = {word: value if exactly else _plain(value) for word, value in keywords.items()}
    try:
        return call(*given, **named_values)
    except FAILURES as error:
        misfit = _misfit(of, given, named_values) if isinstance(error, TypeError) else ""
        raise SolverError(f"{of.__name__} could not compute: {misfit or error}") from error


def _misfit(
    solver: Callable[..., object], arguments: Iterable[object], keywords: Mapping[str, object]
) -> str:
    """Return what is wrong with how *solver* is called, and how it is, "" where that fits."""
    known = signature(solver)
    try:
        known.bind(*arguments, **keywords)
    except TypeError as error:
        unknown = UNKNOWN.search(str(error))
        meant = near(unknown[1], known.parameters) if unknown else ""
        if meant:
            return f"{error}{meant}"
        named = any(one.kind is one.KEYWORD_ONLY for one in known.parameters.values())
        by_name = ", with what stands behind * by its name" if named else ""
        layer = LAYER if _is_layer(known.return_annotation) else ""
        return f"{error}; write {usage(solver)}{by_name}{layer}"
    return ""


def _is_layer(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Layer)


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
