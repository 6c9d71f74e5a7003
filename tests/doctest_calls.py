"""Solver calls recorded from the solvers' own doctests."""

import doctest
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from grader.values import OpaqueValue, Tensor, Value, to_exact_number

Call = tuple[tuple[Any, ...], dict[str, Any]]


def read_calls(solver: Callable[..., object]) -> list[Call]:
    """Return the arguments of each call of *solver* in its doctests, as engine values."""
    seen: list[Call] = []

    @wraps(solver)
    def recorder(*arguments: object, **keywords: object) -> object:
        given = {word: to_engine_value(value) for word, value in keywords.items()}
        seen.append((tuple(map(to_engine_value, arguments)), given))
        return solver(*arguments, **keywords)

    module = vars(sys.modules[solver.__module__])
    for test in doctest.DocTestFinder(recurse=False).find(solver, globs=dict(module)):
        test.globs[solver.__name__] = recorder
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(test, out=lambda _: None, clear_globs=True)
    return seen


def to_engine_value(given: object) -> Value:
    """Return a doctest's value as an engine value: exact number, tensor or tuple."""
    match given:
        case bool() | str() | OpaqueValue() | Tensor() | None:
            return given  # type: ignore[return-value]
        case np.ndarray():
            return Tensor.from_array(given)
        case list():
            return Tensor.from_nested(given)
        case tuple():
            return tuple(to_engine_value(item) for item in given)
        case _:
            return to_exact_number(given)
