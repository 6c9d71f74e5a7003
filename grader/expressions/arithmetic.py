"""Exact arithmetic with bounds checked in advance, and the functions of expressions."""

import math
import operator
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.values import (
    Number,
    Tensor,
    Value,
    absolute_value,
    is_number,
    simplify_number,
    to_exact_number,
)

TOO_LARGE: Final = "a number is too large"
MAX_BITS: Final = 4096
MAX_INTERMEDIATE_BITS: Final = 4 * MAX_BITS
MAX_DECIMALS: Final = 100
SQUARE_ROOT_DENOMINATOR: Final = 2
MAX_EXACT_ROOT_DEGREE: Final = 64
"""Largest degree of a root that is tried as an integer."""
LOGARITHMS: Final[dict[Number, Callable[[float], float]]] = {2: math.log2, 10: math.log10}
"""Logarithms by base that need no division, which would round twice."""
CONSTANTS: Final[dict[str, Value]] = {
    "e": to_exact_number(math.e),
    "π": to_exact_number(math.pi),
}
"""The constants that students may use, as the nearest doubles."""

Function: TypeAlias = Callable[..., Value]


def apply_operator(symbol: str, left: Number, right: Number) -> Number:
    """Return ``left symbol right`` for one of ``+ - * / // % **``, or raise `SolverError`."""
    if symbol in {"/", "//", "%"} and right == 0:
        raise SolverError("division by zero")
    match symbol:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return simplify_number(Fraction(left) / right)
        case "//":
            return left // right
        case "%":
            return left % right
        case _:
            return raise_to_power(left, right)


def raise_to_power(base: Number, exponent: Number) -> Number:
    """Return *base* to the *exponent*, exact if possible; the size is checked in advance."""
    if isinstance(exponent, Fraction):
        return _raise_to_fraction(base, exponent)
    if base == 0 and exponent < 0:
        raise SolverError("division by zero")
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) > MAX_BITS or (size - 1) * abs(exponent) > MAX_BITS:
        raise SolverError(f"a power has more than {MAX_BITS} bits")
    if isinstance(base, int) and exponent >= 0:
        return int(base**exponent)
    return simplify_number(Fraction(base) ** exponent)


def _raise_to_fraction(base: Number, exponent: Fraction) -> Number:
    """Return *base* to a fraction: exact if the root is rational, else the nearest double."""
    degree = exponent.denominator
    if degree == SQUARE_ROOT_DENOMINATOR:
        return raise_to_power(square_root(base), exponent.numerator)
    if base < 0:
        raise SolverError("a root of a negative number")
    if base == 0 and exponent < 0:
        raise SolverError("division by zero")
    value = Fraction(base)
    if degree <= MAX_EXACT_ROOT_DEGREE:
        top, bottom = (
            _integer_root(value.numerator, degree),
            _integer_root(value.denominator, degree),
        )
        if top is not None and bottom is not None:
            return raise_to_power(simplify_number(Fraction(top, bottom)), exponent.numerator)
    return _apply_as_double(lambda number: math.pow(number, float(exponent)), value)


def _integer_root(number: int, degree: int) -> int | None:
    """Return the root of *number* if it is an integer, else None."""
    try:
        nearest = round(number ** (1 / degree))
    except OverflowError:
        return None
    return nearest if nearest**degree == number else None


def square_root(number: Number) -> Number:
    """Return the square root: exact for squares of fractions, else the nearest double."""
    if number < 0:
        raise SolverError("the square root of a negative number")
    value = Fraction(number)
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return simplify_number(Fraction(top, bottom))
    return _apply_as_double(math.sqrt, value)


def logarithm(number: Number, base: Number = 2) -> Number:
    """Return the logarithm: exact for whole powers of an integer base, else the nearest double."""
    if number <= 0 or base <= 0 or base == 1:
        raise SolverError("a logarithm of a number that is not positive")
    nearest = _apply_as_double(
        LOGARITHMS.get(base, lambda value: math.log(value, base)), Fraction(number)
    )
    whole = round(nearest)
    return whole if raise_to_power(base, whole) == number else nearest


def natural_logarithm(number: Number) -> Number:
    """Return the logarithm to the base e as the nearest double; exact for 1."""
    if number <= 0:
        raise SolverError("a logarithm of a number that is not positive")
    return _apply_as_double(math.log, Fraction(number))


def exponential(number: Number) -> Number:
    """Return e to the power of *number* as the nearest double; exact for 0."""
    return _apply_as_double(math.exp, Fraction(number))


def _apply_as_double(function: Callable[[float], float], value: Fraction) -> Number:
    try:
        result = function(float(value))
    except OverflowError as error:
        raise SolverError(TOO_LARGE) from error
    except ValueError as error:
        raise SolverError("a number is too small") from error  # it underflows to zero
    return simplify_number(Fraction(repr(result)))


def round_half_up(number: Number, digits: int = 0) -> Number:
    """Return *number* rounded to *digits* decimals, halves away from zero, as people round."""
    if abs(digits) > MAX_DECIMALS:
        raise SolverError(f"rounding to {digits} decimals")
    scale = Fraction(10**digits) if digits >= 0 else Fraction(1, 10**-digits)
    rounded = Fraction(math.floor(absolute_value(number) * scale + Fraction(1, 2))) / scale
    return simplify_number(rounded if number >= 0 else -rounded)


def _collect_numbers(name: str, arguments: tuple[Value, ...]) -> list[Number]:
    """Return several numbers, or the items of one tuple or tensor; *name* is for the error."""
    items: tuple[Value, ...] = arguments
    if len(arguments) == 1 and isinstance(arguments[0], Tensor):
        items = arguments[0].cells
    elif len(arguments) == 1 and isinstance(arguments[0], tuple):
        items = arguments[0]
    if not items or not all(is_number(item) for item in items):
        raise SolverError(f"{name} takes numbers, or one tuple or tensor of them")
    return [item for item in items if isinstance(item, (int, Fraction))]


def _fold_numbers(
    join: Callable[[Number, Number], Number], numbers: Iterable[Number], start: Number
) -> Number:
    """Fold *numbers* with *join*; raise `SolverError` if an intermediate result grows too long.

    Intermediate results may be longer than the final one, because terms of a sum may cancel.
    """
    total = start
    for number in numbers:
        total = join(total, number)
        if (
            max(total.numerator.bit_length(), total.denominator.bit_length())
            > MAX_INTERMEDIATE_BITS
        ):
            raise SolverError(
                f"a sum or product has more than {MAX_INTERMEDIATE_BITS} bits on the way"
            )
    return total


def _build_unary_function(name: str, function: Callable[[Number], Number]) -> Function:
    """Return *function* restricted to exactly one number; *name* is for the error."""

    def apply(value: Value) -> Value:
        if not is_number(value):
            raise SolverError(f"{name} takes one number")
        return function(value)

    return apply


def _round_value(value: Value, digits: Value = 0) -> Value:
    if not is_number(value) or not isinstance(digits, int):
        raise SolverError("round takes one number, and as many decimals as a whole number says")
    return round_half_up(value, digits)


def _count_items(value: Value) -> int:
    if isinstance(value, (tuple, Tensor)):
        return len(value) if isinstance(value, tuple) else value.shape[0]
    raise SolverError("only a tuple or a tensor has a length")


FUNCTIONS: Final[dict[str, Function]] = {
    "abs": _build_unary_function("abs", abs),
    "ceil": _build_unary_function("ceil", math.ceil),
    "floor": _build_unary_function("floor", math.floor),
    "sqrt": _build_unary_function("sqrt", square_root),
    "exp": _build_unary_function("exp", exponential),
    "ln": _build_unary_function("ln", natural_logarithm),
    "log2": _build_unary_function("log2", logarithm),
    "log10": _build_unary_function("log10", lambda number: logarithm(number, 10)),
    "round": _round_value,
    "min": lambda *values: min(_collect_numbers("min", values)),
    "max": lambda *values: max(_collect_numbers("max", values)),
    "sum": lambda *values: _fold_numbers(operator.add, _collect_numbers("sum", values), 0),
    "prod": lambda *values: _fold_numbers(operator.mul, _collect_numbers("prod", values), 1),
    "len": _count_items,
}
