"""Values and formulas as plain text, which can be read back as the same value.

A product has ``·``, a power ``^``, and brackets only where needed. A terminating decimal is shown
as a decimal, any other fraction as ``1/3``, or as a decimal of 15 figures if its denominator is
long, as for ``1/sqrt(5)``.
"""

import re
from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeAlias

from grader.expressions.tree import (
    BinaryOperation,
    BooleanOperation,
    Call,
    Comparison,
    Conditional,
    FieldAccess,
    ItemAccess,
    LogicalNot,
    Name,
    Negation,
    Node,
    NumberLiteral,
    SliceAccess,
    SliceRange,
    TextLiteral,
    TupleLiteral,
)
from grader.lazy_regex import lazy_regex
from grader.values import Number, Tensor, Value, is_number, round_to_figures

CACHED_DECIMALS: Final = 2048
Displayable: TypeAlias = Value | Node | tuple[Node, ...]

GREEK: Final[dict[str, str]] = dict(
    re.findall(
        r"(\w+)=(\w)",
        "alpha=α beta=β gamma=γ delta=δ epsilon=ε zeta=ζ eta=η theta=θ iota=ι kappa=κ lambda=λ "
        "mu=μ nu=ν xi=ξ pi=π rho=ρ sigma=σ tau=τ upsilon=υ phi=φ chi=χ psi=ψ omega=ω Gamma=Γ "
        "Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ Omega=Ω",
    )
)
"""Greek letters by name, which is also their TeX command."""

DERIVATIVE: Final = lazy_regex(r"d([A-Za-z]\w*?)_d([A-Za-z]\w*)")
"""Name of a variable that denotes a derivative, such as ``dL_da``."""

LOOSE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)
MAX_DECIMAL_DIGITS: Final = 40
"""Maximum number of digits of a decimal; longer ones are shown as fractions."""
DECIMAL_SCALES: Final = tuple((places, 10**places) for places in (MAX_DECIMAL_DIGITS, 1100))
"""Powers of ten to try for a decimal; the last has more places than any double."""
LONG_DENOMINATOR: Final = 10**9
"""Denominator from which a fraction is shown as a decimal, as of a root or the like."""
APPROXIMATION_FIGURES: Final = 15
"""Figures of such a decimal, as many as roots and logarithms have."""
MAX_LEADING_ZEROS: Final = 6
"""Maximum number of zeros after the decimal point; beyond it an exponent is used."""

PRECEDENCE: Final = {
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "//": PRODUCT,
    "%": PRODUCT,
    "**": POWER,
}
OPERATOR_SIGNS: Final = {
    "+": " + ",
    "-": " - ",
    "*": "·",
    "/": "/",
    "//": " // ",
    "%": " % ",
    "**": "^",
}


def to_text(value: Displayable) -> str:
    """Return *value* as plain text: ``4.25``, ``126×126×16``, ``[[1, 2], [3, 4]]``, ``2·P + 1``.

    >>> to_text(Fraction(17, 4)), to_text((126, 126, 16))
    ('4.25', '126×126×16')
    >>> to_text(Tensor((2,), (1, Fraction(1, 3))))
    '[1, 1/3]'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return format_number(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Tensor):
        return _format_tensor(value)
    if isinstance(value, tuple):
        return _format_tuple(value)
    if isinstance(value, Node):
        return _format_node(value)[0]
    return str(value)


def to_exact_text(value: Number) -> str:
    """Return a number as plain text, with all digits even if the denominator is long."""
    if isinstance(value, int) or value.denominator == 1:
        return str(value.numerator)
    numerator, denominator = value.as_integer_ratio()
    return _format_decimal(numerator, denominator) or f"{numerator}/{denominator}"


def format_number(value: Number) -> str:
    """Return a number as plain text, as a decimal of 15 figures if its denominator is long."""
    text = to_exact_text(value)
    if "/" in text and value.denominator >= LONG_DENOMINATOR:
        return to_exact_text(round_to_figures(Fraction(value), APPROXIMATION_FIGURES))
    return text


@lru_cache(maxsize=CACHED_DECIMALS)
def _format_decimal(numerator: int, denominator: int) -> str:
    """Return the terminating decimal, with an exponent if it is tiny; "" if there is none."""
    places, factor = _find_decimal_scale(denominator)
    digits = str(abs(numerator) * factor)
    if not places or len(digits) > MAX_DECIMAL_DIGITS:
        return ""
    sign = "-" if numerator < 0 else ""
    if places - len(digits) > MAX_LEADING_ZEROS:
        point = "." if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{point}{digits[1:]}e{len(digits) - places - 1}"
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


@lru_cache(maxsize=512)
def _find_decimal_scale(bottom: int) -> tuple[int, int]:
    """Return the number of decimals for this denominator, and the factor that scales it to them.

    The number is 0 if the decimal does not terminate.
    """
    most = next((places for places, scale in DECIMAL_SCALES if not scale % bottom), 0)
    places = bisect_left(range(most), 1, key=lambda index: not 10**index % bottom)
    return places, 10**places // bottom


def _format_tensor(tensor: Tensor) -> str:
    level = [str(cell) if type(cell) is int else format_number(cell) for cell in tensor.cells]
    for length in reversed(tensor.shape):
        rows = range(0, len(level), length)
        level = [f"[{', '.join(level[at : at + length])}]" for at in rows]
    return level[0]


def _format_tuple(items: tuple[Value, ...] | tuple[Node, ...]) -> str:
    """Return a shape as ``126×126×16``, any other tuple as ``(a, b)``."""
    if is_shape(items):
        return "×".join(str(item) for item in items)
    return f"({', '.join(to_text(item) for item in items)}{',' if len(items) == 1 else ''})"


def is_shape(items: tuple[Value, ...] | tuple[Node, ...]) -> bool:
    """Return whether *items* is written with × between items: two or more non-negative integers."""
    return len(items) > 1 and all(type(item) is int and item >= 0 for item in items)


def _format_node(node: Node) -> tuple[str, int]:
    """Return the text of *node* and its precedence."""
    match node:
        case NumberLiteral(value):
            text = format_number(value)
            return text, SIGN if value < 0 else PRODUCT if "/" in text else ATOM
        case Name(name):
            return name, ATOM
        case TextLiteral(text):
            return repr(text), ATOM
        case Negation(operand):
            return f"-{_format_operand(operand, POWER)}", SIGN
        case BinaryOperation(sign, left, right):
            level = PRECEDENCE[sign]
            first, second = (ATOM, ATOM) if sign == "**" else (level, level + 1)
            return OPERATOR_SIGNS[sign].join(
                (_format_operand(left, first), _format_right_operand(right, second))
            ), level
        case Call(function, arguments, keywords, _):
            words = (f"{word}={to_text(item)}" for word, item in keywords)
            return f"{function}({', '.join((*map(to_text, arguments), *words))})", ATOM
        case TupleLiteral(items):
            return f"({', '.join(map(to_text, items))}{',' if len(items) == 1 else ''})", ATOM
        case ItemAccess(value, index):
            return f"{_format_operand(value, ATOM)}[{index}]", ATOM
        case SliceAccess(value, ranges):
            listed = ", ".join(map(_format_index_or_slice, ranges))
            return f"{_format_operand(value, ATOM)}[{listed}]", ATOM
        case FieldAccess(value, name):
            return f"{_format_operand(value, ATOM)}.{name}", ATOM
        case _:
            return _format_condition(node), LOOSE


def _format_index_or_slice(index: int | SliceRange) -> str:
    """Return an index, or the bounds of a slice: ``1:``, ``::-1``."""
    if isinstance(index, int):
        return str(index)
    step = "" if index.step is None else f":{index.step}"
    bounds = ("" if bound is None else str(bound) for bound in (index.start, index.stop))
    return f"{':'.join(bounds)}{step}"


def _format_condition(node: Conditional | Comparison | LogicalNot | BooleanOperation) -> str:
    match node:
        case Conditional(test, then, otherwise):
            return " ".join(
                (
                    _format_operand(then, SUM),
                    "if",
                    _format_operand(test, SUM),
                    "else",
                    _format_operand(otherwise, SUM),
                )
            )
        case Comparison(NumberLiteral(0), (("==", NumberLiteral(0 | 1 as compared)),)):
            return "False" if compared else "True"  # as a truth value is parsed
        case Comparison(first, rest):
            pairs = (f" {word} {_format_operand(item, SUM)}" for word, item in rest)
            return _format_operand(first, SUM) + "".join(pairs)
        case LogicalNot(operand):
            return f"not {_format_operand(operand, SUM)}"
        case BooleanOperation(word, items):
            return f" {word} ".join(_format_operand(item, SUM) for item in items)


def _format_operand(node: Node, level: int) -> str:
    """Return the text of *node*, in brackets if its precedence is below *level*."""
    text, precedence = _format_node(node)
    return text if precedence >= level else f"({text})"


def _format_right_operand(node: Node, level: int) -> str:
    """Return the text of a right operand; no minus sign follows another sign directly."""
    text = _format_operand(node, level)
    return f"({text})" if text.startswith("-") else text


def pluralize(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless the count is 1.

    >>> pluralize(1, "row"), pluralize(3, "row")
    ('1 row', '3 rows')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
