"""Values and formulas as plain text and as TeX; the text can be read back as the same value.

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
    Binary,
    Call,
    Choose,
    Compare,
    Field,
    Item,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Num,
    Sequence,
    Text,
)
from grader.values import Number, Tensor, Value, is_number, rounded_to

__all__ = [
    "DERIVATIVE",
    "GREEK",
    "Showable",
    "counted",
    "is_shape",
    "show",
    "show_exactly",
    "show_tex",
]

Showable: TypeAlias = Value | Node | tuple[Node, ...]

GREEK: Final[dict[str, str]] = dict(
    re.findall(
        r"(\w+)=(\w)",
        "alpha=α beta=β gamma=γ delta=δ epsilon=ε zeta=ζ eta=η theta=θ iota=ι kappa=κ lambda=λ "
        "mu=μ nu=ν xi=ξ pi=π rho=ρ sigma=σ tau=τ upsilon=υ phi=φ chi=χ psi=ψ omega=ω Gamma=Γ "
        "Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ Omega=Ω",
    )
)
"""Greek letters by name, which is also their TeX command."""

DERIVATIVE: Final = re.compile(r"d([A-Za-z]\w*?)_d([A-Za-z]\w*)")
"""A variable that stands for a derivative, such as ``dL_da``."""

LOOSE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)
PLACES: Final = 40
"""The most digits of a decimal; longer ones are shown as fractions."""
SCALES: Final = tuple((places, 10**places) for places in (PLACES, 1100))
"""Powers of ten tried for a decimal; the last has more places than any double."""
LONG: Final = 10**9
"""From this denominator on, a fraction is shown as a decimal: it comes from a root or the like."""
FIGURES: Final = 15
"""The figures of such a decimal: as many as roots and logarithms have."""
ZEROS: Final = 6
"""The most zeros after the point that are written out."""

LEVELS: Final = {
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "//": PRODUCT,
    "%": PRODUCT,
    "**": POWER,
}
SIGNS: Final = {"+": " + ", "-": " - ", "*": "·", "/": "/", "//": " // ", "%": " % ", "**": "^"}
TEX_SIGNS: Final = {"+": " + ", "-": " - ", "*": r" \cdot ", "%": r" \bmod "}
TEX_WORDS: Final = {"log2": r"\log_2", "log10": r"\log_{10}", "ln": r"\ln", "exp": r"\exp"}
TEX_FENCES: Final = {
    "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"),
    "abs": (r"\left| ", r" \right|"),
    "sqrt": (r"\sqrt{", "}"),
}


def show(value: Showable) -> str:
    """Return *value* as plain text: ``4.25``, ``126×126×16``, ``[[1, 2], [3, 4]]``, ``2·P + 1``.

    >>> show(Fraction(17, 4)), show((126, 126, 16)), show(Tensor((2,), (1, Fraction(1, 3))))
    ('4.25', '126×126×16', '[1, 1/3]')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return _number(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Tensor):
        return _nested(value)
    if isinstance(value, tuple):
        return _row(value)
    if isinstance(value, Node):
        return _plain(value)[0]
    return str(value)


def show_tex(value: Showable) -> str:
    r"""Return *value* as TeX: ``126\times126\times16``, ``\frac{1}{3}``, a matrix as ``bmatrix``.

    >>> show_tex((126, 126, 16))
    '126\\times126\\times16'
    """
    if isinstance(value, bool):
        return rf"\text{{{show(value)}}}"
    if is_number(value):
        return _tex_number(value)
    if isinstance(value, Tensor):
        return _tex_tensor(value)
    if isinstance(value, tuple):
        return _tex_row(value)
    if isinstance(value, Node):
        return _tex(value)[0]
    return show(value)


def show_exactly(value: Number) -> str:
    """Return a number as plain text, with all digits even if the denominator is long."""
    if isinstance(value, int) or value.denominator == 1:
        return str(value.numerator)
    return _decimal(value) or f"{value.numerator}/{value.denominator}"


def _number(value: Number) -> str:
    text = show_exactly(value)
    if "/" in text and value.denominator >= LONG:
        return show_exactly(rounded_to(Fraction(value), FIGURES))
    return text


def _decimal(value: Fraction) -> str:
    """Return the terminating decimal, with an exponent if it is tiny; "" if there is none."""
    places, factor = _decimal_places(value.denominator)
    digits = str(abs(value.numerator) * factor)
    if not places or len(digits) > PLACES:
        return ""
    sign = "-" if value.numerator < 0 else ""
    if places - len(digits) > ZEROS:
        point = "." if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{point}{digits[1:]}e{len(digits) - places - 1}"
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


@lru_cache(maxsize=512)
def _decimal_places(bottom: int) -> tuple[int, int]:
    """Return the number of decimals for this denominator, and the factor that scales it to them.

    The number is 0 if the decimal does not terminate.
    """
    most = next((places for places, scale in SCALES if not scale % bottom), 0)
    places = bisect_left(range(most), 1, key=lambda at: not 10**at % bottom)
    return places, 10**places // bottom


def _nested(tensor: Tensor) -> str:
    level = [str(cell) if type(cell) is int else _number(cell) for cell in tensor.cells]
    for length in reversed(tensor.shape):
        rows = range(0, len(level), length)
        level = [f"[{', '.join(level[at : at + length])}]" for at in rows]
    return level[0]


def _row(items: tuple[Value, ...] | tuple[Node, ...]) -> str:
    """Return a shape as ``126×126×16``, any other tuple as ``(a, b)``."""
    if is_shape(items):
        return "×".join(str(item) for item in items)
    return f"({', '.join(show(item) for item in items)}{',' if len(items) == 1 else ''})"


def is_shape(items: tuple[Value, ...] | tuple[Node, ...]) -> bool:
    """Return whether *items* is written with × between items: two or more non-negative integers."""
    return len(items) > 1 and all(type(item) is int and item >= 0 for item in items)


def _plain(node: Node) -> tuple[str, int]:
    """Return the text of *node* and its precedence."""
    match node:
        case Num(value):
            text = _number(value)
            return text, SIGN if value < 0 else PRODUCT if "/" in text else ATOM
        case Name(name):
            return name, ATOM
        case Text(text):
            return repr(text), ATOM
        case Negate(operand):
            return f"-{_within(operand, POWER)}", SIGN
        case Binary(sign, left, right):
            level = LEVELS[sign]
            first, second = (ATOM, ATOM) if sign == "**" else (level, level + 1)
            return SIGNS[sign].join((_within(left, first), _right(right, second))), level
        case Call(function, arguments, keywords, _):
            words = (f"{word}={show(item)}" for word, item in keywords)
            return f"{function}({', '.join((*map(show, arguments), *words))})", ATOM
        case Sequence(items):
            return f"({', '.join(map(show, items))}{',' if len(items) == 1 else ''})", ATOM
        case Item(value, index):
            return f"{_within(value, ATOM)}[{index}]", ATOM
        case Field(value, name):
            return f"{_within(value, ATOM)}.{name}", ATOM
        case _:
            return _condition(node), LOOSE


def _condition(node: Choose | Compare | Not | Logic) -> str:
    match node:
        case Choose(test, then, otherwise):
            return " ".join(
                (_within(then, SUM), "if", _within(test, SUM), "else", _within(otherwise, SUM))
            )
        case Compare(Num(0), (("==", Num(0 | 1 as one)),)):
            return "False" if one else "True"  # as a truth value is parsed
        case Compare(first, rest):
            pairs = (f" {word} {_within(item, SUM)}" for word, item in rest)
            return _within(first, SUM) + "".join(pairs)
        case Not(operand):
            return f"not {_within(operand, SUM)}"
        case Logic(word, items):
            return f" {word} ".join(_within(item, SUM) for item in items)


def _within(node: Node, level: int) -> str:
    """Return the text of *node*, in brackets if its precedence is below *level*."""
    text, own = _plain(node)
    return text if own >= level else f"({text})"


def _right(node: Node, level: int) -> str:
    """Return the text of a right operand; no minus sign follows another sign directly."""
    text = _within(node, level)
    return f"({text})" if text.startswith("-") else text


def _tex_number(value: Number) -> str:
    text = _number(value)
    if "/" in text:
        top, bottom = text.lstrip("-").split("/")
        return rf"{'-' if value < 0 else ''}\frac{{{top}}}{{{bottom}}}"
    digits, e, exponent = text.partition("e")
    return rf"{digits} \times 10^{{{exponent}}}" if e else digits


def _tex_tensor(tensor: Tensor) -> str:
    if len(tensor.shape) <= 1:
        cells = " & ".join(_tex_number(cell) for cell in tensor.cells)
        return rf"\begin{{bmatrix}} {cells} \end{{bmatrix}}"
    rows = [row for row in tensor.rows() if isinstance(row, Tensor)]
    if len(tensor.shape) > 2:  # noqa: PLR2004  (a matrix has two axes)
        return ",\\ ".join(_tex_tensor(row) for row in rows)
    lines = r" \\ ".join(" & ".join(_tex_number(cell) for cell in row.cells) for row in rows)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"


def _tex_row(items: tuple[Value, ...] | tuple[Node, ...]) -> str:
    if is_shape(items):
        return r"\times".join(str(item) for item in items)
    return rf"\left({', '.join(show_tex(item) for item in items)}\right)"


def _tex(node: Node) -> tuple[str, int]:
    """Return the TeX of *node* and its precedence."""
    match node:
        case Num(value):
            text = _tex_number(value)
            return text, SIGN if value < 0 or "\\" in text else ATOM
        case Name(name):
            return _tex_name(name), ATOM
        case Negate(operand):
            return f"-{_tex_within(operand, POWER)}", SIGN
        case Binary("/", left, right):
            return rf"\frac{{{_tex(left)[0]}}}{{{_tex(right)[0]}}}", SIGN
        case Binary("//", left, right):
            return _tex(Call("floor", (Binary("/", left, right),)))
        case Binary("**", left, right):
            return rf"{_tex_within(left, ATOM)}^{{{_tex(right)[0]}}}", POWER
        case Binary(sign, left, right):
            level = LEVELS[sign]
            second = _tex_within(right, level + 1)
            if second.startswith("-"):
                second = rf"\left({second}\right)"
            return _tex_within(left, level) + TEX_SIGNS[sign] + second, level
        case Call(function, (argument,), (), _) if function in TEX_FENCES:
            return _tex(argument)[0].join(TEX_FENCES[function]), ATOM
        case Call(function, arguments, (), _):
            word = TEX_WORDS.get(function, rf"\operatorname{{{function}}}")
            return rf"{word}\left({', '.join(map(show_tex, arguments))}\right)", ATOM
        case Sequence(items):
            return _tex_row(items), ATOM
        case _:
            return rf"\text{{{show(node)}}}", ATOM


def _tex_within(node: Node, level: int) -> str:
    text, own = _tex(node)
    return text if own >= level else rf"\left({text}\right)"


def _tex_name(name: str) -> str:
    if derivative := DERIVATIVE.fullmatch(name):
        above, below = map(_tex_name, derivative.groups())
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"
    first, *rest = name.split("_")
    head = rf"\{first}" if first in GREEK else first if len(first) == 1 else rf"\text{{{first}}}"
    below = ",".join(piece if len(piece) == 1 else rf"\text{{{piece}}}" for piece in rest if piece)
    return rf"{head}_{{{below}}}" if below else head


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless the count is 1.

    >>> counted(1, "row"), counted(3, "row")
    ('1 row', '3 rows')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
