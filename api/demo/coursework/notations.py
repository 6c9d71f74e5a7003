"""Notations of a value as students type them: plain, LaTeX, printed by code, loose."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np

from api.demo.people import Style
from grader.definitions.problem import AnyPart
from grader.display.text import show, show_tex
from grader.expressions.formula_equality import Formula
from grader.expressions.tree import Binary, Node
from grader.kinds import KINDS
from grader.kinds.quantities import QuantityPart
from grader.kinds.tables import TableKey
from grader.reading.units.unit_names import DIMENSIONS
from grader.values import Tensor, Value, is_number, magnitude, simplest

__all__ = ["notations", "reordered"]

Written = Iterator[tuple[Style, str]]

FIGURES: Final = (3, 4, 5)
THOUSAND: Final = 1000
MANY: Final = 10**7
LARGEST: Final = 10**15
"""Beyond it nobody rounds a number: it is copied."""
MAX_PRINTED: Final = 400
"""The most cells of an array that a student types or pastes."""


def notations(value: Value, part: AnyPart) -> tuple[tuple[Style, str], ...]:
    """Return the notations of *value* as an answer to *part*, each with its style.

    Not all are right for every part: a rounded number depends on the tolerance.
    """
    kind: Any = KINDS[part.kind]
    found: list[tuple[Style, str]] = [("plain", kind.show(value, part))]
    found += _quantities(value, part) if isinstance(part, QuantityPart) else _more(value, part)
    if not isinstance(value, (Tensor, TableKey)):
        found += [("loose", f"{part.id} = {text}") for style, text in found[:2] if style != "loose"]
    return tuple(dict.fromkeys(one for one in found if one[1].strip()))


def _more(value: Value, part: AnyPart) -> Written:
    write = _MORE.get(part.kind)
    if write is not None:
        yield from write(value)


def _counts(value: Value) -> Written:
    """Yield a whole number with separators, as a product, in a box, and as NumPy prints it."""
    if not isinstance(value, int):
        yield from _reals(value)
        return
    yield "latex", rf"\boxed{{{value}}}"
    yield "latex", f"${value}$"
    yield "code", f"np.int64({value})"
    yield "loose", f"= {value}"
    if abs(value) >= THOUSAND:
        yield "plain", f"{value:,}"
        yield "loose", f"{value:,}".replace(",", " ")
        yield "latex", f"{value:,}".replace(",", r"\,")
    factor = next((one for one in (64, 16, 9, 5, 3, 2) if value > one and value % one == 0), None)
    if factor is not None:
        yield "code", f"{factor} * {value // factor}"
        yield "latex", rf"{factor} \times {value // factor} = {value}"


def _reals(value: Value) -> Written:
    """Yield a number as a fraction, as code prints it, and rounded."""
    if not is_number(value) or magnitude(value) > LARGEST:
        return
    yield "latex", show_tex(value)
    yield "code", repr(float(value))
    yield "code", f"np.float64({float(value)!r})"
    for figures in FIGURES:
        yield "plain", f"{float(value):.{figures}g}"
        yield "loose", f"≈ {float(value):.{figures}f}"
        yield "plain", f"{float(value):.{figures}f}"
    if isinstance(value, Fraction) and value.denominator < MANY:
        yield "loose", f"{value.numerator} / {value.denominator}"


def _percents(value: Value) -> Written:
    if is_number(value):
        yield "plain", f"{show(value)}%"
        yield "latex", rf"{show(value)}\%"
        for places in (1, 2, 3):
            yield "plain", f"{float(value):.{places}f}%"
            yield "loose", f"{float(value):.{places}f} percent"
            yield "code", f"{float(value):.{places}f}"


def _quantities(value: Value, part: QuantityPart) -> Written:
    """Yield a quantity in its unit, rounded, without a space, and in neighboring units."""
    if not is_number(value) or magnitude(value) > LARGEST:
        return
    yield "code", f"{show(value)}{part.unit}"
    yield "latex", rf"{show(value)}\,\text{{{part.unit}}}"
    yield "loose", f"≈ {float(value):.4g} {part.unit}"
    yield "plain", f"{float(value):.2f} {part.unit}"
    for unit, size in DIMENSIONS[part.dimension].items():
        other = simplest(Fraction(value * part.size) / size)
        if 1 <= magnitude(other) < MANY:
            yield "plain", f"{show(other)} {unit}"
            yield "loose", f"{float(other):.3f} {unit}"


def _shapes(value: Value) -> Written:
    """Yield a shape with crosses, in brackets, and as PyTorch prints it."""
    if not isinstance(value, tuple):
        return
    axes = [show(axis.tree if isinstance(axis, Formula) else axis) for axis in value]
    yield "plain", "x".join(axes)
    yield "plain", " x ".join(axes)
    yield "code", f"({', '.join(axes)})"
    yield "code", f"torch.Size([{', '.join(axes)}])"
    yield "code", f"[{', '.join(axes)}]"
    yield "latex", r" \times ".join(axes)
    yield "latex", "$" + r"\times ".join(axes) + "$"
    yield "loose", " by ".join(axes)
    yield "loose", "*".join(axes)


def _arrays(value: Value) -> Written:
    """Yield an array as NumPy, PyTorch, MATLAB and LaTeX print it, and as rows of numbers."""
    if isinstance(value, tuple):
        value = Tensor.of(value)
    if not isinstance(value, Tensor) or len(value.cells) > MAX_PRINTED:
        return
    array = value.array()
    yield "code", str(array)
    yield "code", repr(array)
    yield "code", f"tensor({show(value)})"
    yield "latex", show_tex(value)
    rounded = np.array2string(array.astype(float), precision=4, separator=", ", threshold=10**6)
    yield "loose", rounded
    if len(value.shape) <= len("ab"):
        rows = _rows(value)
        yield "code", "[" + "; ".join(" ".join(row) for row in rows) + "]"
        yield "plain", "\n".join(" ".join(row) for row in rows)
        yield "loose", "\n".join("\t".join(row) for row in rows)
        yield "latex", _matrix(rows)


def _rows(value: Tensor) -> list[list[str]]:
    rows = value.rows() if len(value.shape) > 1 else (value,)
    return [[show(cell) for cell in row.cells] for row in rows if isinstance(row, Tensor)]


def _matrix(rows: list[list[str]]) -> str:
    inside = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _formulas(value: Value) -> Written:
    """Yield a formula in Python, in LaTeX, and with its sums and products reordered."""
    listed = value if isinstance(value, tuple) else (value,)
    trees = [one.tree for one in listed if isinstance(one, Formula)]
    turned = [reordered(tree) for tree in trees]
    for style, write in _WRITERS:
        yield style, ", ".join(map(write, trees))
        yield style, ", ".join(map(write, turned))


def _code(tree: Node) -> str:
    return show(tree).replace("·", "*").replace("^", "**")


def _typed(tree: Node) -> str:
    return show(tree).replace("·", "*")


_WRITERS: Final[tuple[tuple[Style, Callable[[Node], str]], ...]] = (
    ("plain", _typed),
    ("code", _code),
    ("latex", show_tex),
    ("latex", lambda tree: f"${show_tex(tree)}$"),
    ("loose", lambda tree: _typed(tree).replace(" ", "")),
)


def reordered(tree: Node) -> Node:
    """Return the formula with the operands of every sum and product swapped."""
    if not isinstance(tree, Binary):
        return tree
    left, right = reordered(tree.left), reordered(tree.right)
    if tree.operator in {"+", "*"}:
        return Binary(tree.operator, right, left)
    return Binary(tree.operator, left, right)


def _sets(value: Value) -> Written:
    if not isinstance(value, tuple):
        return
    items = [show(item) for item in value]
    yield "plain", ", ".join(items)
    yield "plain", "; ".join(reversed(items))
    yield "code", f"{{{', '.join(reversed(items))}}}"
    yield "loose", " and ".join(items)
    yield "loose", "\n".join(items)


def _tables(value: Value) -> Written:
    """Yield a table with tabs, as CSV, and as Markdown."""
    if not isinstance(value, TableKey):
        return
    rows = [[show(cell) for cell in row.values()] for row in value.rows]
    yield "plain", "\n".join("\t".join(row) for row in rows)
    yield "code", "\n".join(",".join(row) for row in rows)
    yield "loose", "\n".join(f"| {' | '.join(row)} |" for row in rows)
    yield "latex", " \\\\\n".join(" & ".join(row) for row in rows)


def _options(value: Value) -> Written:
    texts = value if isinstance(value, tuple) else (value,)
    ids = [str(one) for one in texts]
    yield "plain", ", ".join(ids)
    yield "loose", ", ".join(f"({one.upper()})" for one in ids)
    yield "loose", " ".join(f"{one})" for one in ids)
    yield "plain", ", ".join(reversed(ids))


_MORE: Final[Mapping[str, Callable[[Value], Written]]] = {
    "integer": _counts,
    "number": _counts,
    "percent": _percents,
    "shape": _shapes,
    "vector": _arrays,
    "matrix": _arrays,
    "tensor": _arrays,
    "expression": _formulas,
    "set": _sets,
    "table": _tables,
    "choice": _options,
    "choices": _options,
}
