"""Values and formulas as TeX, from the same trees as `grader.display.text`."""

from typing import Final

from grader.display.text import (
    ATOM,
    DERIVATIVE,
    GREEK,
    POWER,
    PRECEDENCE,
    SIGN,
    Displayable,
    format_number,
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

OPERATOR_SIGNS: Final = {"+": " + ", "-": " - ", "*": r" \cdot ", "%": r" \bmod "}
FUNCTION_WORDS: Final = {"log2": r"\log_2", "log10": r"\log_{10}", "ln": r"\ln", "exp": r"\exp"}
FENCES: Final = {
    "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"),
    "abs": (r"\left| ", r" \right|"),
    "sqrt": (r"\sqrt{", "}"),
}


def to_tex(value: Displayable) -> str:
    r"""Return *value* as TeX: ``126\times126\times16``, ``\frac{1}{3}``, a matrix as ``bmatrix``.

    >>> to_tex((126, 126, 16))
    '126\\times126\\times16'
    """
    if isinstance(value, bool):
        return rf"\text{{{to_text(value)}}}"
    if is_number(value):
        return _format_number(value)
    if isinstance(value, Tensor):
        return _format_tensor(value)
    if isinstance(value, tuple):
        return _format_tuple(value)
    if isinstance(value, Node):
        return _format_node(value)[0]
    return to_text(value)


def _format_number(value: Number) -> str:
    text = format_number(value)
    if "/" in text:
        top, bottom = text.lstrip("-").split("/")
        return rf"{'-' if value < 0 else ''}\frac{{{top}}}{{{bottom}}}"
    digits, e, exponent = text.partition("e")
    return rf"{digits} \times 10^{{{exponent}}}" if e else digits


def _format_tensor(tensor: Tensor) -> str:
    if len(tensor.shape) <= 1:
        cells = " & ".join(_format_number(cell) for cell in tensor.cells)
        return rf"\begin{{bmatrix}} {cells} \end{{bmatrix}}"
    rows = [row for row in tensor.rows() if isinstance(row, Tensor)]
    if len(tensor.shape) > 2:  # noqa: PLR2004  (a matrix has two axes)
        return ",\\ ".join(_format_tensor(row) for row in rows)
    lines = r" \\ ".join(" & ".join(_format_number(cell) for cell in row.cells) for row in rows)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"


def _format_tuple(items: tuple[Value, ...] | tuple[Node, ...]) -> str:
    if is_shape(items):
        return r"\times".join(str(item) for item in items)
    return rf"\left({', '.join(to_tex(item) for item in items)}\right)"


def _format_node(node: Node) -> tuple[str, int]:
    """Return the TeX of *node* and its precedence."""
    match node:
        case NumberLiteral(value):
            text = _format_number(value)
            return text, SIGN if value < 0 or "\\" in text else ATOM
        case Name(name):
            return _format_name(name), ATOM
        case Negation(operand):
            return f"-{_format_operand(operand, POWER)}", SIGN
        case BinaryOperation("/", left, right):
            return rf"\frac{{{_format_node(left)[0]}}}{{{_format_node(right)[0]}}}", SIGN
        case BinaryOperation("//", left, right):
            return _format_node(Call("floor", (BinaryOperation("/", left, right),)))
        case BinaryOperation("**", left, right):
            return rf"{_format_operand(left, ATOM)}^{{{_format_node(right)[0]}}}", POWER
        case BinaryOperation(sign, left, right):
            level = PRECEDENCE[sign]
            second = _format_operand(right, level + 1)
            if second.startswith("-"):
                second = rf"\left({second}\right)"
            return _format_operand(left, level) + OPERATOR_SIGNS[sign] + second, level
        case Call(function, (argument,), (), _) if function in FENCES:
            return _format_node(argument)[0].join(FENCES[function]), ATOM
        case Call(function, arguments, (), _):
            word = FUNCTION_WORDS.get(function, rf"\operatorname{{{function}}}")
            return rf"{word}\left({', '.join(map(to_tex, arguments))}\right)", ATOM
        case TupleLiteral(items):
            return _format_tuple(items), ATOM
        case _:
            return rf"\text{{{to_text(node)}}}", ATOM


def _format_operand(node: Node, level: int) -> str:
    text, precedence = _format_node(node)
    return text if precedence >= level else rf"\left({text}\right)"


def _format_name(name: str) -> str:
    if derivative := DERIVATIVE.fullmatch(name):
        above, below = map(_format_name, derivative.groups())
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"
    first, *rest = name.split("_")
    head = rf"\{first}" if first in GREEK else first if len(first) == 1 else rf"\text{{{first}}}"
    below = ",".join(piece if len(piece) == 1 else rf"\text{{{piece}}}" for piece in rest if piece)
    return rf"{head}_{{{below}}}" if below else head
