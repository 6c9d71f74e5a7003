"""Formulas with powers of e, logarithms and angles, whose values are doubles; short decimals."""

import math
from collections.abc import Callable
from typing import Final

from grader.display.steps import Formula, formula
from grader.display.text import show
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS, Function
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.values import Number, Value, exact, is_number

__all__ = ["brief", "real", "rule"]

SHORT: Final = 6
SMALL: Final = 10
DECIMALS: Final = 4


def real(name: str, source: str, **numbers: object) -> Formula:
    """Return the step *name* = *source*, an expression that may call ``exp ln log10 sin cos atan``.

    Numbers may be floats; ``pi`` is known.

    >>> real("y", "1/(1 + exp(-x))", x=0.0).value
    Fraction(1, 2)
    """
    known: dict[str, Value] = {letter: exact(number) for letter, number in numbers.items()}
    scope = Scope({"pi": exact(math.pi), **known}, REAL_FUNCTIONS)
    value = evaluate(parse(source).tree, scope)
    if not is_number(value):
        raise SolverError(f"{name} is not a number")
    return formula(name, source, result=exact(float(value)), **known)


def rule(name: str, source: str) -> Formula:
    """Return the step that says a formula in symbols alone, which holds for every cell.

    >>> rule("y", "1/(1 + exp(-x))").value is None
    True
    """
    tree = parse(source).tree
    return Formula(name, tree, tree, None)


def brief(number: Number) -> Number:
    """Return a *number* as a table has it: what is long, or hard to compare, as four decimals.

    >>> brief(exact(0.123456789)), brief(exact(0.25))
    (Fraction(247, 2000), Fraction(1, 4))
    """
    text = show(number)
    simple = "/" not in text and len(text) <= SHORT
    if simple or number.denominator < SMALL:
        return number
    return exact(round(float(number), DECIMALS))


def _of_doubles(function: Callable[[float], float]) -> Function:
    def call(argument: Value) -> Value:
        if not is_number(argument):
            raise SolverError("this function takes one number")
        return exact(function(float(argument)))

    return call


REAL_FUNCTIONS: Final[dict[str, Function]] = {
    **FUNCTIONS,
    "sin": _of_doubles(math.sin),
    "cos": _of_doubles(math.cos),
    "atan": _of_doubles(math.atan),
}
