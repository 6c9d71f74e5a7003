"""Arrays and tables of worked solutions as HTML tables, which are shorter than MathML."""

import re
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from typing import Any, Final

from api.pages.drawing.markup import format_value
from api.pages.layout.formatting import replace_hyphens_with_minus_signs
from grader.display.mathml import math_element, to_mathml
from grader.expressions.tree import Name
from grader.values import simplify_number

VARIABLE_NAME: Final = re.compile(r"[A-Za-z]\w*")
"""Names that are set as variables; all others are set as text."""


def is_matrix(value: Any) -> bool:
    """Return whether an array in a step's data has rows."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def render_array(name: str, value: Sequence[Any]) -> str:
    """Return a named array with two or more axes, as a table per matrix, side by side."""
    tables = "".join(map(_render_matrix, _split_matrices(value)))
    label = escape(replace_hyphens_with_minus_signs(name))
    name_markup = math_element(to_mathml(Name(name))) if VARIABLE_NAME.fullmatch(name) else label
    return (
        f'<div class="scroll ws-array" tabindex="0" role="group" aria-label="{label}">'
        f"<span>{name_markup} =</span>{tables}</div>"
    )


def _split_matrices(value: Sequence[Any]) -> list[Sequence[Any]]:
    matrices = [value]
    while is_matrix(matrices[0][0]):
        matrices = [inner for matrice in matrices for inner in matrice]
    return matrices


def _render_matrix(matrix: Sequence[Any]) -> str:
    lines = ("".join(f"<td>{render_cell(cell)}</td>" for cell in row) for row in matrix)
    return f'<table class="tensor-cells">{"".join(f"<tr>{line}</tr>" for line in lines)}</table>'


def render_table(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """Return a table with the header *head*; the first column holds the row headers."""
    top = "".join(f'<th scope="col">{escape(one)}</th>' if one else "<td></td>" for one in head)
    body = "".join(f"<tr>{_render_row_cells(line)}</tr>" for line in lines)
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
        f'<table class="given ws-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _render_row_cells(line: Sequence[Any]) -> str:
    name, *cells = map(render_cell, line)
    return f'<th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}'


def render_cell(cell: Any) -> str:
    """Return a cell of a step's data as HTML: abbreviated numbers, lists as shapes.

    >>> render_cell([3, 4]), render_cell("1/3"), render_cell("conv")
    ('3×4', '1/3', 'conv')
    """
    if isinstance(cell, list):
        return "×".join(map(render_cell, cell))
    if isinstance(cell, bool) or cell is None:
        return escape(str(cell).lower())
    try:
        return format_value(simplify_number(Fraction(cell)))
    except ValueError:
        return escape(replace_hyphens_with_minus_signs(str(cell)))
