"""Adapters between the engine, which uses exact values, and the solvers.

Solvers work on plain numbers, tuples and NumPy arrays. Their results become engine
values, and their exceptions become `SolverError`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache, wraps
from inspect import signature
from typing import Any, Final, TypeVar, get_args

import numpy as np

from grader.definitions.name_checks import suggest_similar
from grader.display.steps import SolutionStep, Tracer
from grader.errors import SolverError
from grader.expressions.arithmetic import Function
from grader.lazy_regex import lazy_regex
from grader.registry import ArgumentRewrite, Solver, WrongVersion
from grader.values import OpaqueValue, Tensor, Value, to_exact_number
from problems.network.layers import Layer

T = TypeVar("T")

UNKNOWN_ARGUMENT: Final = lazy_regex(r"unexpected keyword argument '(\w+)'")

LAYER_HINT: Final = ", a layer of a network; values have solvers of their own, such as activation"

MAX_CACHED_CALLS: Final = 32
"""Number of results that each function caches."""
MAX_CACHED_CELLS: Final = 1_000
"""Calls with a larger tensor than this are not cached."""

# What Python and NumPy raise where a value of another kind is given than a solver takes.
SOLVER_EXCEPTIONS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


def format_usage(solver: Solver) -> str:
    """Return the call signature of *solver*: its name and arguments, without types.

    >>> from problems.solvers.training import steps_per_epoch
    >>> format_usage(steps_per_epoch)
    'steps_per_epoch(examples, batch_size, *, drop_last=False)'
    """
    known = signature(solver)
    bare = [
        parameter.replace(annotation=parameter.empty) for parameter in known.parameters.values()
    ]
    plain = known.replace(parameters=bare, return_annotation=known.empty)
    return re.sub(r"Fraction\((\d+), (\d+)\)", r"\1/\2", f"{solver.__name__}{plain}")


def adapt_solver(solver: Solver) -> Function:
    """Return *solver* adapted to engine values: arrays for tensors, exact results.

    If an argument is annotated as a `Tensor`, the solver receives all tensors
    unchanged, with exact cells. Exceptions of the solver become `SolverError`.

    >>> adapt_solver(np.transpose)(Tensor.from_nested([[1, 2], [3, 4]])).cells
    (1, 3, 2, 4)
    """

    def compute_engine_value(*arguments: object, **keywords: object) -> Value:
        return _to_engine_value(solver(*arguments, **keywords))

    keep_tensors = _takes_tensors(solver)

    @wraps(solver)
    def function(*arguments: Value, **keywords: Value) -> Value:
        return _call_solver(
            compute_engine_value, arguments, keywords, solver=solver, keep_tensors=keep_tensors
        )

    return _cache_small_calls(function)


def _cache_small_calls(function: Function) -> Function:
    """Return *function* with an LRU cache for calls with small arguments.

    A student's mistakes are evaluated one after another on the same numbers, and most
    of the calls in the keys are the same each time.
    """
    cached = lru_cache(maxsize=MAX_CACHED_CALLS, typed=True)(function)

    @wraps(function)
    def call_cached(*arguments: Value, **keywords: Value) -> Value:
        for value in (*arguments, *keywords.values()):
            if isinstance(value, Tensor) and len(value.cells) > MAX_CACHED_CELLS:
                return function(*arguments, **keywords)
        try:
            return cached(*arguments, **keywords)
        except TypeError:  # a value without a hash, such as a row of a table
            return function(*arguments, **keywords)

    return call_cached


def _takes_tensors(solver: Solver) -> bool:
    """Return whether *solver* has an argument annotated as a tensor or a union with one."""
    hints = getattr(solver, "__annotations__", {})
    taken = (hint for name, hint in hints.items() if name != "return")
    return any(Tensor in (hint, *get_args(hint)) for hint in taken)


def adapt_tracer(tracer: Tracer) -> Tracer:
    """Return *tracer* adapted to engine values; its exceptions become `SolverError`."""

    @wraps(tracer)
    def trace(*arguments: Value, **keywords: Value) -> tuple[SolutionStep, ...]:
        return _call_solver(tracer, arguments, keywords, solver=tracer)

    return trace


def adapt_rewrite(wrong_version: WrongVersion, rewrite: ArgumentRewrite) -> ArgumentRewrite:
    """Return *rewrite* adapted to engine values.

    It returns plain values, which bound wrong versions accept as well.
    """

    def call(*arguments: Value, **keywords: Value) -> Mapping[str, Any]:
        return _call_solver(rewrite.call, arguments, keywords, solver=wrong_version.function)

    return ArgumentRewrite(rewrite.arguments, call)


def _call_solver(
    call: Callable[..., T],
    arguments: Iterable[Value],
    keywords: Mapping[str, Value],
    *,
    solver: Callable[..., object],
    keep_tensors: bool = False,
) -> T:
    """Return the result of *call* on engine values; its exceptions become `SolverError`.

    The arguments become plain values unless *keep_tensors* is set. The error names *solver*,
    whose arguments *call* takes.
    """
    positional = [value if keep_tensors else _tensors_to_arrays(value) for value in arguments]
    named = {
        word: value if keep_tensors else _tensors_to_arrays(value)
        for word, value in keywords.items()
    }
    try:
        return call(*positional, **named)
    except SOLVER_EXCEPTIONS as error:
        mismatch = (
            _describe_mismatch(solver, positional, named) if isinstance(error, TypeError) else ""
        )
        raise SolverError(f"{solver.__name__} could not compute: {mismatch or error}") from error


def _describe_mismatch(
    solver: Callable[..., object], arguments: Iterable[object], keywords: Mapping[str, object]
) -> str:
    """Return why the arguments do not fit the signature of *solver*, or "" if they do.

    The message suggests a similar argument name, or shows the usage.
    """
    known = signature(solver)
    try:
        known.bind(*arguments, **keywords)
    except TypeError as error:
        unknown = UNKNOWN_ARGUMENT.search(str(error))
        meant = suggest_similar(unknown[1], known.parameters) if unknown else ""
        if meant:
            return f"{error}{meant}"
        has_keyword_only = any(
            parameter.kind is parameter.KEYWORD_ONLY for parameter in known.parameters.values()
        )
        by_name = ", with what follows * by its name" if has_keyword_only else ""
        layer = LAYER_HINT if _is_layer_type(known.return_annotation) else ""
        return f"{error}; write {format_usage(solver)}{by_name}{layer}"
    return ""


def _is_layer_type(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Layer)


def _tensors_to_arrays(value: Value) -> object:
    """Return *value* with tensors converted to arrays, also inside tuples."""
    if type(value) is int:
        return value
    if isinstance(value, Tensor):
        return value.to_array()
    if isinstance(value, tuple):
        return tuple([_tensors_to_arrays(item) for item in value])
    return value


def _to_engine_value(result: object) -> Value:
    """Return a solver's *result* as an engine value, with exact numbers.

    Raises `SolverError` for a result of any other type.
    """
    if type(result) is int:  # most results, for which the patterns below cost more than the solver
        return result
    match result:
        case np.ndarray():
            return Tensor.from_array(result) if result.ndim else to_exact_number(result.item())
        case tuple() | list():
            return tuple(_to_engine_value(item) for item in result)
        case bool() | np.bool_():
            return bool(result)
        case str() | OpaqueValue() | Tensor():
            return result
        case int() | float() | Fraction() | np.number():
            return to_exact_number(result)
        case _:
            raise SolverError(f"a solver gave {type(result).__name__}, which is not a value")
