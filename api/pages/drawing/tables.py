"""Arrays and tables of a worked solution as HTML tables, which are shorter than as MathML."""

import re
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from typing import Any, Final

from api.pages.drawing.markup import written
from api.pages.layout.formatting import said
from grader.display.mathml import element, math
from grader.expressions.tree import Name
from grader.values import simplest

__all__ = ["array", "cell_text", "is_matrix", "rows"]

LETTERS: Final = re.compile(r"[A-Za-z]\w*")
"""What is written as a variable; anything else is words."""


def is_matrix(value: Any) -> bool:
    """Tell whether an array of a step's data has rows."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def array(name: str, value: Sequence[Any]) -> str:
    """Return a named array of two axes or more: a table for each matrix, side by side."""
    tables = "".join(map(_matrix, _matrices(value)))
    label = escape(said(name))
    shown = math(element(Name(name))) if LETTERS.fullmatch(name) else label
    return (
        f'<div class="scroll ws-array" tabindex="0" role="group" aria-label="{label}">'
        f"<span>{shown} =</span>{tables}</div>"
    )


def _matrices(value: Sequence[Any]) -> list[Sequence[Any]]:
    found = [value]
    while is_matrix(found[0][0]):
        found = [inner for one in found for inner in one]
    return found


def _matrix(matrix: Sequence[Any]) -> str:
    lines = ("".join(f"<td>{cell_text(cell)}</td>" for cell in row) for row in matrix)
    return f'<table class="tensor-cells">{"".join(f"<tr>{one}</tr>" for one in lines)}</table>'


def rows(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """Return a table with a *head*; its first column says what a row is about."""
    top = "".join(f'<th scope="col">{escape(one)}</th>' if one else "<td></td>" for one in head)
    body = "".join(f"<tr>{_row(line)}</tr>" for line in lines)
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
        f'<table class="given ws-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _row(line: Sequence[Any]) -> str:
    name, *cells = map(cell_text, line)
    return f'<th scope="row">{name}</th>{"".join(f"<td>{one}</td>" for one in cells)}'


def cell_text(cell: Any) -> str:
    """Return a cell of a step's data as HTML: numbers brief, a tuple as a shape.

    >>> cell_text([3, 4]), cell_text("1/3"), cell_text("conv")
    ('3×4', '1/3', 'conv')
    """
    if isinstance(cell, list):
        return "×".join(map(cell_text, cell))
    if isinstance(cell, bool) or cell is None:
        return escape(str(cell).lower())
    try:
        return written(simplest(Fraction(cell)))
    except ValueError:
        return escape(said(str(cell)))
