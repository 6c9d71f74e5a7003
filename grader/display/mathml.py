"""Values and formulas as MathML Core, from the same trees as `grader.display.text`.

Pages therefore show exactly what is graded. The elements are those that browsers render natively:
`mrow mi mn mo mtext mfrac msqrt msup msub mtable mtr mtd`.
"""

from collections.abc import Iterable
from html import escape
from typing import Final

from grader.display.text import (
    ATOM,
    DERIVATIVE,
    GREEK,
    LEVELS,
    LOOSE,
    POWER,
    SIGN,
    Showable,
    is_shape,
    show,
)
from grader.expressions.tree import Binary, Call, Name, Negate, Node, Num, Sequence
from grader.values import Number, Tensor, Value, is_number

__all__ = ["element", "fenced", "listed", "math", "measured", "mtable", "words"]

MINUS: Final = "<mo>\N{MINUS SIGN}</mo>"
TIMES: Final = "<mo>\N{MULTIPLICATION SIGN}</mo>"
COMMA: Final = "<mo>,</mo>"
SIGNS: Final = {
    "+": "<mo>+</mo>",
    "-": MINUS,
    "*": "<mo>\N{DOT OPERATOR}</mo>",
    "%": "<mo>mod</mo>",
}
BASES: Final = {"log2": 2, "log10": 10}
"""The logarithms whose base is written below the word."""
FENCES: Final = {
    "floor": ("\N{LEFT FLOOR}", "\N{RIGHT FLOOR}"),
    "ceil": ("\N{LEFT CEILING}", "\N{RIGHT CEILING}"),
    "abs": ("|", "|"),
}
MATRIX_AXES: Final = 2


def math(*elements: str) -> str:
    """Return a `math` element that contains *elements* in a row."""
    return f"<math>{''.join(elements)}</math>"


def element(value: Showable) -> str:
    """Return *value* as one element, for use inside `math`.

    >>> element(-2)
    '<mrow><mo>−</mo><mn>2</mn></mrow>'
    """
    if isinstance(value, bool):
        return words(show(value))
    if is_number(value):
        return _number(value)
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, tuple):
        return _row(value)
    if isinstance(value, Node):
        return _node(value)[0]
    return words(show(value))


def words(text: str) -> str:
    """Return *text* as an `mtext` element, escaped."""
    return f"<mtext>{escape(text)}</mtext>"


def _group(*pieces: str) -> str:
    return f"<mrow>{''.join(pieces)}</mrow>"


def fenced(inner: str, opening: str = "(", closing: str = ")") -> str:
    """Return an element in brackets."""
    return _group(f"<mo>{opening}</mo>", inner, f"<mo>{closing}</mo>")


def _number(value: Number) -> str:
    """Return a number as `show` writes it: a decimal, a fraction, or a power of ten."""
    text = show(value)
    digits = text.removeprefix("-")
    if "/" in digits:
        top, _, bottom = digits.partition("/")
        found = f"<mfrac><mn>{top}</mn><mn>{bottom}</mn></mfrac>"
    elif "e" in digits:
        digits, _, exponent = digits.partition("e")
        power = f"<msup><mn>10</mn>{_number(int(exponent))}</msup>"
        found = _group(f"<mn>{digits}</mn>", TIMES, power)
    else:
        found = f"<mn>{digits}</mn>"
    return _group(MINUS, found) if value < 0 else found


def _tensor(tensor: Tensor) -> str:
    """Return a vector or matrix as a table in brackets; with more axes, as a list of matrices."""
    if len(tensor.shape) > MATRIX_AXES:
        return listed(tensor.rows(), opening="[", closing="]")
    rows = [tensor] if len(tensor.shape) <= 1 else [*tensor.rows()]
    lines = (map(_number, row.cells) for row in rows if isinstance(row, Tensor))
    return fenced(mtable(lines), "[", "]")


def mtable(lines: Iterable[Iterable[str]]) -> str:
    """Return rows of elements as a table."""
    rows = ("".join(f"<mtd>{cell}</mtd>" for cell in line) for line in lines)
    return f"<mtable>{''.join(f'<mtr>{row}</mtr>' for row in rows)}</mtable>"


def listed(items: Iterable[Showable], *, opening: str = "", closing: str = "") -> str:
    """Return *items* separated by commas, in brackets if given."""
    inner = COMMA.join(map(element, items))
    return fenced(inner, opening, closing) if opening else _group(inner)


def measured(number: Number, unit: str) -> str:
    """Return a number followed by its unit or by ``%``.

    >>> measured(5, "%")
    '<mrow><mn>5</mn><mo>%</mo></mrow>'
    """
    sign = f"<mo>{unit}</mo>" if unit == "%" else words(f"\N{NO-BREAK SPACE}{unit}")
    return _group(element(number), sign)


def _row(items: tuple[Value, ...] | tuple[Node, ...]) -> str:
    """Return a shape as ``126×126×16``, any other tuple in parentheses."""
    if is_shape(items):
        return _group(TIMES.join(map(element, items)))
    return listed(items, opening="(", closing=")")


def _node(node: Node) -> tuple[str, int]:
    """Return the element of *node* and its precedence."""
    match node:
        case Num(value):
            plain = value >= 0 and show(value).isdigit()
            return _number(value), ATOM if plain else SIGN
        case Name(name):
            return _name(name), ATOM
        case Negate(operand):
            return _group(MINUS, _within(operand, POWER)), SIGN
        case Binary(sign, left, right):
            return _binary(sign, left, right)
        case Call(function, arguments, (), _):
            return _call(function, arguments), ATOM
        case Sequence(items):
            return _row(items), ATOM
        case _:
            return words(show(node)), LOOSE


def _binary(sign: str, left: Node, right: Node) -> tuple[str, int]:
    match sign:
        case "/":
            return f"<mfrac>{_node(left)[0]}{_node(right)[0]}</mfrac>", SIGN
        case "//":
            return _node(Call("floor", (Binary("/", left, right),)))
        case "**":
            return f"<msup>{_within(left, ATOM)}{_node(right)[0]}</msup>", POWER
        case _:
            level = LEVELS[sign]
            second = _within(right, level + 1)
            if second.startswith(f"<mrow>{MINUS}"):
                second = fenced(second)
            return _group(_within(left, level), SIGNS[sign], second), level


def _call(function: str, arguments: tuple[Node, ...]) -> str:
    inner = COMMA.join(_node(argument)[0] for argument in arguments)
    if len(arguments) == 1 and function in FENCES:
        return fenced(inner, *FENCES[function])
    if len(arguments) == 1 and function == "sqrt":
        return f"<msqrt>{inner}</msqrt>"
    base = BASES.get(function)
    called = f"<msub><mi>log</mi><mn>{base}</mn></msub>" if base else _word(function)
    return _group(called, "<mo>\N{FUNCTION APPLICATION}</mo>", fenced(inner))


def _within(node: Node, level: int) -> str:
    """Return the element of *node*, in brackets if its precedence is below *level*."""
    found, own = _node(node)
    return found if own >= level else fenced(found)


def _word(text: str) -> str:
    return f"<mi>{escape(GREEK.get(text, text))}</mi>"


def _name(name: str) -> str:
    """Return a variable: Greek letters by name, the text after ``_`` as a subscript."""
    if derivative := DERIVATIVE.fullmatch(name):
        above, below = (_group("<mo>∂</mo>", _name(one)) for one in derivative.groups())
        return f"<mfrac>{above}{below}</mfrac>"
    first, *rest = (piece for piece in name.split("_") if piece)
    if not rest:
        return _word(first)
    below = COMMA.join(map(_word, rest))
    return f"<msub>{_word(first)}{_group(below)}</msub>"
