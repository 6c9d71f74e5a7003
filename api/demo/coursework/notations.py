"""Notations of a value as students type them: plain, LaTeX, printed by code, loose."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np

from api.demo.people import NotationStyle
from grader.definitions.problem import AnyPart
from grader.display.tex import to_tex
from grader.display.text import to_text
from grader.expressions.formula_equality import BoundFormula
from grader.expressions.tree import BinaryOperation, Node
from grader.kinds import KINDS
from grader.kinds.quantities import QuantityPart
from grader.kinds.tables.part import TableKey
from grader.reading.units.unit_names import DIMENSIONS
from grader.values import Tensor, Value, absolute_value, is_number, simplify_number

StyledTexts = Iterator[tuple[NotationStyle, str]]

SIGNIFICANT_FIGURES: Final = (3, 4, 5)
THOUSAND: Final = 1000
LARGE_NUMBER: Final = 10**7
MAX_ROUNDED_MAGNITUDE: Final = 10**15
"""Magnitude above which nobody rounds a number, but copies it."""
MAX_PRINTED_CELLS: Final = 400
"""Maximum number of cells of an array that a student types or pastes."""


def render_notations(value: Value, part: AnyPart) -> tuple[tuple[NotationStyle, str], ...]:
    """Return the notations of *value* as an answer to *part*, each with its style.

    Not all are right for every part: a rounded number depends on the tolerance.
    """
    kind: Any = KINDS[part.kind]
    styled_texts: list[tuple[NotationStyle, str]] = [("plain", kind.format_key(value, part))]
    styled_texts += (
        _render_quantity(value, part)
        if isinstance(part, QuantityPart)
        else _render_by_kind(value, part)
    )
    if not isinstance(value, (Tensor, TableKey)):
        styled_texts += [
            ("loose", f"{part.id} = {text}") for style, text in styled_texts[:2] if style != "loose"
        ]
    return tuple(dict.fromkeys(text for text in styled_texts if text[1].strip()))


def _render_by_kind(value: Value, part: AnyPart) -> StyledTexts:
    renderer = _RENDERERS_BY_KIND.get(part.kind)
    if renderer is not None:
        yield from renderer(value)


def _render_integer(value: Value) -> StyledTexts:
    """Yield a whole number with separators, as a product, in a box, and as NumPy prints it."""
    if not isinstance(value, int):
        yield from _render_number(value)
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


def _render_number(value: Value) -> StyledTexts:
    """Yield a number as a fraction, as code prints it, and rounded."""
    if not is_number(value) or absolute_value(value) > MAX_ROUNDED_MAGNITUDE:
        return
    yield "latex", to_tex(value)
    yield "code", repr(float(value))
    yield "code", f"np.float64({float(value)!r})"
    for figures in SIGNIFICANT_FIGURES:
        yield "plain", f"{float(value):.{figures}g}"
        yield "loose", f"≈ {float(value):.{figures}f}"
        yield "plain", f"{float(value):.{figures}f}"
    if isinstance(value, Fraction) and value.denominator < LARGE_NUMBER:
        yield "loose", f"{value.numerator} / {value.denominator}"


def _render_percent(value: Value) -> StyledTexts:
    if is_number(value):
        yield "plain", f"{to_text(value)}%"
        yield "latex", rf"{to_text(value)}\%"
        for places in (1, 2, 3):
            yield "plain", f"{float(value):.{places}f}%"
            yield "loose", f"{float(value):.{places}f} percent"
            yield "code", f"{float(value):.{places}f}"


def _render_quantity(value: Value, part: QuantityPart) -> StyledTexts:
    """Yield a quantity in its unit, rounded, without a space, and in neighboring units."""
    if not is_number(value) or absolute_value(value) > MAX_ROUNDED_MAGNITUDE:
        return
    yield "code", f"{to_text(value)}{part.unit}"
    yield "latex", rf"{to_text(value)}\,\text{{{part.unit}}}"
    yield "loose", f"≈ {float(value):.4g} {part.unit}"
    yield "plain", f"{float(value):.2f} {part.unit}"
    for unit, size in DIMENSIONS[part.dimension].items():
        other = simplify_number(Fraction(value * part.unit_size) / size)
        if 1 <= absolute_value(other) < LARGE_NUMBER:
            yield "plain", f"{to_text(other)} {unit}"
            yield "loose", f"{float(other):.3f} {unit}"


def _render_shape(value: Value) -> StyledTexts:
    """Yield a shape with crosses, in brackets, and as PyTorch prints it."""
    if not isinstance(value, tuple):
        return
    axes = [to_text(axis.tree if isinstance(axis, BoundFormula) else axis) for axis in value]
    yield "plain", "x".join(axes)
    yield "plain", " x ".join(axes)
    yield "code", f"({', '.join(axes)})"
    yield "code", f"torch.Size([{', '.join(axes)}])"
    yield "code", f"[{', '.join(axes)}]"
    yield "latex", r" \times ".join(axes)
    yield "latex", "$" + r"\times ".join(axes) + "$"
    yield "loose", " by ".join(axes)
    yield "loose", "*".join(axes)


def _render_array(value: Value) -> StyledTexts:
    """Yield an array as NumPy, PyTorch, MATLAB and LaTeX print it, and as rows of numbers."""
    if isinstance(value, tuple):
        value = Tensor.from_nested(value)
    if not isinstance(value, Tensor) or len(value.cells) > MAX_PRINTED_CELLS:
        return
    array = value.to_array()
    yield "code", str(array)
    yield "code", repr(array)
    yield "code", f"tensor({to_text(value)})"
    yield "latex", to_tex(value)
    rounded = np.array2string(array.astype(float), precision=4, separator=", ", threshold=10**6)
    yield "loose", rounded
    if len(value.shape) <= len("ab"):
        rows = _render_cells(value)
        yield "code", "[" + "; ".join(" ".join(row) for row in rows) + "]"
        yield "plain", "\n".join(" ".join(row) for row in rows)
        yield "loose", "\n".join("\t".join(row) for row in rows)
        yield "latex", _render_latex_matrix(rows)


def _render_cells(value: Tensor) -> list[list[str]]:
    rows = value.rows() if len(value.shape) > 1 else (value,)
    return [[to_text(cell) for cell in row.cells] for row in rows if isinstance(row, Tensor)]


def _render_latex_matrix(rows: list[list[str]]) -> str:
    inside = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _render_formula(value: Value) -> StyledTexts:
    """Yield a formula in Python, in LaTeX, and with its sums and products reordered."""
    listed = value if isinstance(value, tuple) else (value,)
    trees = [one.tree for one in listed if isinstance(one, BoundFormula)]
    reordered_trees = [swap_operands(tree) for tree in trees]
    for style, write in _FORMULA_RENDERERS:
        yield style, ", ".join(map(write, trees))
        yield style, ", ".join(map(write, reordered_trees))


def _to_python(tree: Node) -> str:
    return to_text(tree).replace("·", "*").replace("^", "**")


def _to_typed_text(tree: Node) -> str:
    return to_text(tree).replace("·", "*")


_FORMULA_RENDERERS: Final[tuple[tuple[NotationStyle, Callable[[Node], str]], ...]] = (
    ("plain", _to_typed_text),
    ("code", _to_python),
    ("latex", to_tex),
    ("latex", lambda tree: f"${to_tex(tree)}$"),
    ("loose", lambda tree: _to_typed_text(tree).replace(" ", "")),
)


def swap_operands(tree: Node) -> Node:
    """Return the formula with the operands of every sum and product swapped."""
    if not isinstance(tree, BinaryOperation):
        return tree
    left, right = swap_operands(tree.left), swap_operands(tree.right)
    if tree.operator in {"+", "*"}:
        return BinaryOperation(tree.operator, right, left)
    return BinaryOperation(tree.operator, left, right)


def _render_set(value: Value) -> StyledTexts:
    if not isinstance(value, tuple):
        return
    items = [to_text(item) for item in value]
    yield "plain", ", ".join(items)
    yield "plain", "; ".join(reversed(items))
    yield "code", f"{{{', '.join(reversed(items))}}}"
    yield "loose", " and ".join(items)
    yield "loose", "\n".join(items)


def _render_table(value: Value) -> StyledTexts:
    """Yield a table with tabs, as CSV, and as Markdown."""
    if not isinstance(value, TableKey):
        return
    rows = [[to_text(cell) for cell in row.values()] for row in value.rows]
    yield "plain", "\n".join("\t".join(row) for row in rows)
    yield "code", "\n".join(",".join(row) for row in rows)
    yield "loose", "\n".join(f"| {' | '.join(row)} |" for row in rows)
    yield "latex", " \\\\\n".join(" & ".join(row) for row in rows)


def _render_choices(value: Value) -> StyledTexts:
    texts = value if isinstance(value, tuple) else (value,)
    ids = [str(text) for text in texts]
    yield "plain", ", ".join(ids)
    yield "loose", ", ".join(f"({one.upper()})" for one in ids)
    yield "loose", " ".join(f"{one})" for one in ids)
    yield "plain", ", ".join(reversed(ids))


_RENDERERS_BY_KIND: Final[Mapping[str, Callable[[Value], StyledTexts]]] = {
    "integer": _render_integer,
    "number": _render_integer,
    "percent": _render_percent,
    "shape": _render_shape,
    "vector": _render_array,
    "matrix": _render_array,
    "tensor": _render_array,
    "expression": _render_formula,
    "set": _render_set,
    "table": _render_table,
    "choice": _render_choices,
    "choices": _render_choices,
}
