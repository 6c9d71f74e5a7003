"""Formulas with exponentials, logarithms and angles in doubles; rounding for tables."""

import math
from collections.abc import Callable
from typing import Final

from grader.display.steps import Formula, build_formula
from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS, Function
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.values import Number, Value, is_number, to_exact_number

MAX_TEXT_LENGTH: Final = 6
SMALL_DENOMINATOR: Final = 10
DECIMALS: Final = 4


def build_real_formula(name: str, source: str, **numbers: object) -> Formula:
    """Return the step *name* = *source*, which may call ``exp ln log10 sin cos atan``.

    Numbers may be floats; ``pi`` is predefined.

    >>> build_real_formula("y", "1/(1 + exp(-x))", x=0.0).value
    Fraction(1, 2)
    """
    known: dict[str, Value] = {
        letter: to_exact_number(number) for letter, number in numbers.items()
    }
    scope = Scope({"pi": to_exact_number(math.pi), **known}, REAL_FUNCTIONS)
    value = evaluate(parse(source).tree, scope)
    if not is_number(value):
        raise SolverError(f"{name} is not a number")
    return build_formula(name, source, result=to_exact_number(float(value)), **known)


def build_symbolic_formula(name: str, source: str) -> Formula:
    """Return a formula in symbols alone, which holds for every cell.

    >>> build_symbolic_formula("y", "1/(1 + exp(-x))").value is None
    True
    """
    tree = parse(source).tree
    return Formula(name, tree, tree, None)


def round_for_table(number: Number) -> Number:
    """Return *number* for a table: short decimals and simple fractions as they are.

    Long decimals, and fractions with a large denominator, are rounded to four decimals.

    >>> round_for_table(to_exact_number(0.123456789)), round_for_table(to_exact_number(0.25))
    (Fraction(247, 2000), Fraction(1, 4))
    """
    text = to_text(number)
    simple = "/" not in text and len(text) <= MAX_TEXT_LENGTH
    if simple or number.denominator < SMALL_DENOMINATOR:
        return number
    return to_exact_number(round(float(number), DECIMALS))


def _wrap_float_function(function: Callable[[float], float]) -> Function:
    def apply_function(argument: Value) -> Value:
        if not is_number(argument):
            raise SolverError("this function takes one number")
        return to_exact_number(function(float(argument)))

    return apply_function


REAL_FUNCTIONS: Final[dict[str, Function]] = {
    **FUNCTIONS,
    "sin": _wrap_float_function(math.sin),
    "cos": _wrap_float_function(math.cos),
    "atan": _wrap_float_function(math.atan),
}
