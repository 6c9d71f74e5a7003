"""Helpers for tests of worked solutions: the values that steps state, and their truth."""

import math
import re
from collections.abc import Iterable
from fractions import Fraction

from grader.display.render import render_step
from grader.display.steps import Array, Formula, PooledWindow, Rows, SolutionStep, Window
from grader.display.text import GREEK
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import Call, Name, walk
from grader.values import Record, Tensor, Value, is_number, to_exact_number
from problems.registry import REGISTRY

DOUBLES = {
    name: lambda number, function=function: to_exact_number(function(float(number)))
    for name, function in {
        "exp": math.exp,
        "ln": math.log,
        "log10": math.log10,
        "sin": math.sin,
        "cos": math.cos,
        "atan": math.atan,
    }.items()
}
KNOWN = Scope({"pi": to_exact_number(math.pi)}, {**FUNCTIONS, **DOUBLES})
LETTERS = re.compile(r"(d_?)?[A-Za-z]{1,3}\d?'?(_\w{1,6})*")


def steps_of(solver: str, *arguments: object, **keywords: object) -> tuple[SolutionStep, ...]:
    """Return the steps that lead to the result of a solver."""
    return REGISTRY.tracers[solver](*arguments, **keywords)


def steps_as_text(solver: str, *arguments: object, **keywords: object) -> list[str]:
    """Return the steps that lead to the result of a solver, as text."""
    return [render_step(step).text for step in steps_of(solver, *arguments, **keywords)]


def of_type(kind: type[SolutionStep], steps: Iterable[SolutionStep]) -> list[SolutionStep]:
    return [step for step in steps if isinstance(step, kind)]


def stated_value(steps: tuple[SolutionStep, ...]) -> object:
    """Return the value that the last step states."""
    match steps[-1]:
        case Formula(value=value) | Array(value=value):
            return value
        case Rows(rows=rows):
            return rows
        case other:
            raise AssertionError(f"{other} states no value")


def are_equal(one: object, two: object) -> bool:
    """Return whether two values are equal up to float rounding; a vector may be a tuple."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if is_number(one) and is_number(two):
        return one == two or math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, Tensor) and isinstance(two, Tensor) and one.shape != two.shape:
        return False
    if isinstance(two, Record):
        return all(cell in (*two.fields.values(), "") for cell in to_items(one))
    if isinstance(one, (tuple, Tensor)) and isinstance(two, (tuple, Tensor)):
        ours, theirs = to_items(one), to_items(two)
        return len(ours) == len(theirs) and all(map(are_equal, ours, theirs))
    return one == two


def to_items(value: object) -> tuple[Value, ...]:
    """Return the items of a tuple, or the rows of a tensor."""
    return tuple(value.rows()) if isinstance(value, Tensor) else value  # type: ignore[return-value]


def wrong_formulas(steps: tuple[SolutionStep, ...]) -> list[Formula]:
    """Return the computable formulas whose numbers do not give their value."""
    return [
        step
        for step in steps
        if isinstance(step, Formula)
        and step.value is not None
        and computable(step)
        and not are_equal(evaluate(step.numbers, KNOWN), step.value)
    ]


def computable(step: Formula) -> bool:
    """Return whether the numbers of a formula use only known names and functions."""
    return not any(
        (isinstance(node, Name) and node.name not in KNOWN.names)
        or (isinstance(node, Call) and node.function not in KNOWN.functions)
        for node in walk(step.numbers)
    )


def unreadable_names(steps: tuple[SolutionStep, ...]) -> list[str]:
    """Return the names in formulas that are not letters as in a textbook."""
    return [
        node.name
        for step in steps
        if isinstance(step, Formula)
        for node in walk(step.tree)
        if isinstance(node, Name)
        and node.name.split("_")[0] not in GREEK
        and not LETTERS.fullmatch(node.name)
    ]


def wrong_cells(steps: tuple[SolutionStep, ...]) -> list[SolutionStep]:
    """Return the windows whose total differs from the total of their cells."""
    return [
        step
        for step in steps
        if isinstance(step, (Window, PooledWindow))
        and not are_equal(step.total, compute_total(step))
    ]


def compute_total(step: Window | PooledWindow) -> object:
    """Return the total of a window, computed from its cells."""
    if isinstance(step, Window):
        return sum(step.products.cells) + step.bias
    cells = step.patch.cells
    return max(cells) if step.mode == "max" else Fraction(sum(cells), step.count)


def misplaced_cells(steps: tuple[SolutionStep, ...]) -> list[SolutionStep]:
    """Return the window steps whose total differs from their cell of the final array."""
    last = steps[-1]
    if not isinstance(last, Array):
        return []
    return [
        step
        for step in steps
        if isinstance(step, (Window, PooledWindow))
        and not are_equal(step.total, at(last.value, step.place))
    ]


def at(tensor: Tensor, place: tuple[int, ...]) -> object:
    found: object = tensor
    for index in place:
        assert isinstance(found, Tensor)
        found = found[index]
    return found
