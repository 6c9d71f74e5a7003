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
    LOOSE,
    POWER,
    PRECEDENCE,
    SIGN,
    Displayable,
    is_shape,
    to_text,
)
from grader.expressions.tree import (
    BinaryOperation,
    Call,
    Name,
    Negation,
    Node,
    NumberLiteral,
    TupleLiteral,
)
from grader.values import Number, Tensor, Value, is_number

MINUS: Final = "<mo>\N{MINUS SIGN}</mo>"
TIMES: Final = "<mo>\N{MULTIPLICATION SIGN}</mo>"
COMMA: Final = "<mo>,</mo>"
SIGNS: Final = {
    "+": "<mo>+</mo>",
    "-": MINUS,
    "*": "<mo>\N{DOT OPERATOR}</mo>",
    "%": "<mo>mod</mo>",
}
LOGARITHM_BASES: Final = {"log2": 2, "log10": 10}
"""Bases of the logarithms that show their base as a subscript."""
FENCES: Final = {
    "floor": ("\N{LEFT FLOOR}", "\N{RIGHT FLOOR}"),
    "ceil": ("\N{LEFT CEILING}", "\N{RIGHT CEILING}"),
    "abs": ("|", "|"),
}
MATRIX_AXES: Final = 2


def math_element(*elements: str) -> str:
    """Return a `math` element that contains *elements* in a row."""
    return f"<math>{''.join(elements)}</math>"


def to_mathml(value: Displayable) -> str:
    """Return *value* as one element, for use inside `math`.

    >>> to_mathml(-2)
    '<mrow><mo>−</mo><mn>2</mn></mrow>'
    """
    if isinstance(value, bool):
        return text_element(to_text(value))
    if is_number(value):
        return _number_element(value)
    if isinstance(value, Tensor):
        return _tensor_element(value)
    if isinstance(value, tuple):
        return _tuple_element(value)
    if isinstance(value, Node):
        return _node_element(value)[0]
    return text_element(to_text(value))


def text_element(text: str) -> str:
    """Return *text* as an `mtext` element, escaped."""
    return f"<mtext>{escape(text)}</mtext>"


def _row_element(*pieces: str) -> str:
    return f"<mrow>{''.join(pieces)}</mrow>"


def fenced_element(inner: str, opening: str = "(", closing: str = ")") -> str:
    """Return an element in brackets."""
    return _row_element(f"<mo>{opening}</mo>", inner, f"<mo>{closing}</mo>")


def _number_element(value: Number) -> str:
    """Return a number as `to_text` writes it: a decimal, a fraction, or a power of ten."""
    text = to_text(value)
    digits = text.removeprefix("-")
    if "/" in digits:
        top, _, bottom = digits.partition("/")
        markup = f"<mfrac><mn>{top}</mn><mn>{bottom}</mn></mfrac>"
    elif "e" in digits:
        digits, _, exponent = digits.partition("e")
        power = f"<msup><mn>10</mn>{_number_element(int(exponent))}</msup>"
        markup = _row_element(f"<mn>{digits}</mn>", TIMES, power)
    else:
        markup = f"<mn>{digits}</mn>"
    return _row_element(MINUS, markup) if value < 0 else markup


def _tensor_element(tensor: Tensor) -> str:
    """Return a vector or matrix as a table in brackets; with more axes, as a list of matrices."""
    if len(tensor.shape) > MATRIX_AXES:
        return list_element(tensor.rows(), opening="[", closing="]")
    rows = [tensor] if len(tensor.shape) <= 1 else [*tensor.rows()]
    lines = (map(_number_element, row.cells) for row in rows if isinstance(row, Tensor))
    return fenced_element(table_element(lines), "[", "]")


def table_element(lines: Iterable[Iterable[str]]) -> str:
    """Return rows of elements as a table."""
    rows = ("".join(f"<mtd>{cell}</mtd>" for cell in line) for line in lines)
    return f"<mtable>{''.join(f'<mtr>{row}</mtr>' for row in rows)}</mtable>"


def list_element(items: Iterable[Displayable], *, opening: str = "", closing: str = "") -> str:
    """Return *items* separated by commas, in brackets if given."""
    inner = COMMA.join(map(to_mathml, items))
    return fenced_element(inner, opening, closing) if opening else _row_element(inner)


def quantity_element(number: Number, unit: str) -> str:
    """Return a number followed by its unit or by ``%``.

    >>> quantity_element(5, "%")
    '<mrow><mn>5</mn><mo>%</mo></mrow>'
    """
    sign = f"<mo>{unit}</mo>" if unit == "%" else text_element(f"\N{NO-BREAK SPACE}{unit}")
    return _row_element(to_mathml(number), sign)


def _tuple_element(items: tuple[Value, ...] | tuple[Node, ...]) -> str:
    """Return a shape as ``126×126×16``, any other tuple in parentheses."""
    if is_shape(items):
        return _row_element(TIMES.join(map(to_mathml, items)))
    return list_element(items, opening="(", closing=")")


def _node_element(node: Node) -> tuple[str, int]:
    """Return the element of *node* and its precedence."""
    match node:
        case NumberLiteral(value):
            plain = value >= 0 and to_text(value).isdigit()
            return _number_element(value), ATOM if plain else SIGN
        case Name(name):
            return _variable_element(name), ATOM
        case Negation(operand):
            return _row_element(MINUS, _operand_element(operand, POWER)), SIGN
        case BinaryOperation(sign, left, right):
            return _binary_element(sign, left, right)
        case Call(function, arguments, (), _):
            return _call_element(function, arguments), ATOM
        case TupleLiteral(items):
            return _tuple_element(items), ATOM
        case _:
            return text_element(to_text(node)), LOOSE


def _binary_element(sign: str, left: Node, right: Node) -> tuple[str, int]:
    match sign:
        case "/":
            return f"<mfrac>{_node_element(left)[0]}{_node_element(right)[0]}</mfrac>", SIGN
        case "//":
            return _node_element(Call("floor", (BinaryOperation("/", left, right),)))
        case "**":
            return f"<msup>{_operand_element(left, ATOM)}{_node_element(right)[0]}</msup>", POWER
        case _:
            level = PRECEDENCE[sign]
            second = _operand_element(right, level + 1)
            if second.startswith(f"<mrow>{MINUS}"):
                second = fenced_element(second)
            return _row_element(_operand_element(left, level), SIGNS[sign], second), level


def _call_element(function: str, arguments: tuple[Node, ...]) -> str:
    inner = COMMA.join(_node_element(argument)[0] for argument in arguments)
    if len(arguments) == 1 and function in FENCES:
        return fenced_element(inner, *FENCES[function])
    if len(arguments) == 1 and function == "sqrt":
        return f"<msqrt>{inner}</msqrt>"
    base = LOGARITHM_BASES.get(function)
    called = f"<msub><mi>log</mi><mn>{base}</mn></msub>" if base else _identifier_element(function)
    return _row_element(called, "<mo>\N{FUNCTION APPLICATION}</mo>", fenced_element(inner))


def _operand_element(node: Node, level: int) -> str:
    """Return the element of *node*, in brackets if its precedence is below *level*."""
    markup, precedence = _node_element(node)
    return markup if precedence >= level else fenced_element(markup)


def _identifier_element(text: str) -> str:
    return f"<mi>{escape(GREEK.get(text, text))}</mi>"


def _variable_element(name: str) -> str:
    """Return a variable: Greek letters by name, the text after ``_`` as a subscript."""
    if derivative := DERIVATIVE.fullmatch(name):
        above, below = (
            _row_element("<mo>∂</mo>", _variable_element(one)) for one in derivative.groups()
        )
        return f"<mfrac>{above}{below}</mfrac>"
    first, *rest = (piece for piece in name.split("_") if piece)
    if not rest:
        return _identifier_element(first)
    below = COMMA.join(map(_identifier_element, rest))
    return f"<msub>{_identifier_element(first)}{_row_element(below)}</msub>"
