"""Tests of solver cost: one step of a key takes bounded time for any input.

Each solver is called as in its docstring, with numbers and arrays as large as the
bounds allow.
"""

import ast
import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from math import prod
from typing import Any

import pytest
from cpu_time import cpu_seconds

import problems.solvers
from grader.errors import GraderError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.registry import available_functions
from grader.values import Tensor, Value
from problems.registry import REGISTRY

LIMIT_SECONDS = 3.0
"""The slowest calls take 0.5 s on an idle machine."""
NUMBERS = (1_000, 10**15)
SHAPES: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((1_000,), (16_000,)),
    2: ((120, 120), (4, 4_000)),
    3: ((4, 60, 60), (25, 25, 25)),
    4: ((8, 8, 15, 15), (2, 2, 60, 60)),
}
"""Shapes by number of axes. The bound on an expression counts its input and output."""


Call = tuple[list[Any], dict[str, Any]]


def families() -> Iterator[tuple[str, tuple[Callable[..., object], ...]]]:
    """Yield the name of each solver module with its solvers."""
    for module in pkgutil.iter_modules(problems.solvers.__path__):
        solvers = importlib.import_module(f"problems.solvers.{module.name}")
        if hasattr(solvers, "SOLVERS"):
            yield module.name, solvers.SOLVERS


def documented_calls(solver: Callable[..., object]) -> Iterator[Call]:
    """Yield the literal arguments of the calls in the docstring of *solver*."""
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(solver) or ""):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == solver.__name__:
                with suppress(ValueError):
                    arguments = [ast.literal_eval(argument) for argument in node.args]
                    words = {one.arg: ast.literal_eval(one.value) for one in node.keywords}
                    yield arguments, words


def depth(value: Any) -> int:
    """Return the nesting depth of lists in *value*, 0 for a number."""
    return 1 + depth(value[0]) if isinstance(value, (list, tuple)) and value else 0


def enlarged(value: Any) -> list[Value]:
    """Return large values of the form of *value*."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [*NUMBERS]
    return [
        Tensor(shape, tuple(Fraction(2 * at + 1, 97 + at % 300) for at in range(prod(shape))))
        for shape in SHAPES.get(depth(value), ())
    ]


def large_calls(call: Call) -> Iterator[Call]:
    """Yield *call* with one argument enlarged, and with all arrays enlarged together."""
    arguments, words = call
    slots: dict[Any, Any] = dict(enumerate(arguments)) | words
    large = {slot: enlarged(value) for slot, value in slots.items()}
    changes = [{slot: value} for slot, values in large.items() for value in values]
    arrays = [slot for slot, value in slots.items() if depth(value)]
    changes += [
        dict(zip(arrays, values, strict=True))
        for values in zip(*(large[slot] for slot in arrays), strict=False)
    ]
    for change in changes:
        changed = slots | change
        yield (
            [changed[at] for at in range(len(arguments))],
            {word: changed[word] for word in words},
        )


def as_value(value: Any) -> Value:
    """Return the value that an expression passes to a solver for a docstring literal."""
    if isinstance(value, list):
        return Tensor.from_nested(value)
    return Fraction(str(value)) if isinstance(value, float) else value


def seconds(name: str, call: Call) -> float:
    """Return the CPU time of a call in an expression, whether or not it is refused."""
    arguments, words = call
    names = {f"a{at}": as_value(value) for at, value in enumerate(arguments)}
    names |= {f"w_{word}": as_value(value) for word, value in words.items()}
    listed = [*(f"a{at}" for at in range(len(arguments))), *(f"{word}=w_{word}" for word in words)]
    tree = parse(f"{name}({', '.join(listed)})").tree
    scope = Scope(names, available_functions(REGISTRY))

    def compute() -> None:
        with suppress(GraderError):
            evaluate(tree, scope)

    return cpu_seconds(compute)


@pytest.mark.parametrize(("family", "solvers"), [*families()])
def test_no_solver_call_takes_long(family, solvers):
    taken = [
        (seconds(solver.__name__, call), solver.__name__)
        for solver in solvers
        for documented in documented_calls(solver)
        for call in large_calls(documented)
    ]
    assert max(taken, default=(0.0, "")) < (LIMIT_SECONDS, family)


def test_nearly_all_solvers_are_called():
    solvers = [solver for _, family in families() for solver in family]
    called = [solver for solver in solvers if [*documented_calls(solver)]]
    assert len(called) > 0.8 * len(solvers)
