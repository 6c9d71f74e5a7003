"""SVG elements of drawings as text, kept short because there are many."""

from collections.abc import Iterable
from html import escape
from typing import Final

from api.pages.layout.formatting import replace_hyphens_with_minus_signs
from grader.display.abbreviate import abbreviate_number
from grader.display.text import to_text
from grader.values import Number

DIGIT_WIDTH: Final = 7
"""Width of a digit in the smaller of the two font sizes."""


def format_value(value: Number | None) -> str:
    """Return a number as drawings show it, with a minus sign; "" for None.

    >>> format_value(-3), format_value(None)
    ('−3', '')
    """
    return (
        "" if value is None else replace_hyphens_with_minus_signs(to_text(abbreviate_number(value)))
    )


def draw_svg(size: tuple[int, int], title: str, *content: str) -> str:
    """Return an SVG of *size* (width, height) with *title* as its text alternative."""
    width, height = size
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(title)}</title>{''.join(content)}</svg>"
    )


def draw_text(x: int, y: int, text: str, css_class: str = "") -> str:
    """Return a text element at a point."""
    class_attribute = f' class="{css_class}"' if css_class else ""
    return f'<text x="{x}" y="{y}"{class_attribute}>{escape(text)}</text>'


def draw_reference(target: str, x: int = 0, y: int = 0) -> str:
    """Return a ``<use>`` of the element with the id *target*, moved to a point."""
    offsets = "".join(f' {name}="{at}"' for name, at in (("x", x), ("y", y)) if at)
    return f'<use href="#{target}"{offsets}/>'


def translate_drawing(drawing: str, x: int, y: int) -> str:
    """Return *drawing*, moved to a point."""
    return f'<g transform="translate({x} {y})">{drawing}</g>' if x or y else drawing


def count_bytes(*drawings: str) -> int:
    """Return the size of *drawings* in UTF-8.

    >>> count_bytes("3", "−3")
    5
    """
    return sum(len(drawing.encode()) for drawing in drawings)


def draw_rectangle(x: int, y: int, size: tuple[int, int], css_class: str) -> str:
    """Return a rectangle of *size* (width, height) at a point."""
    return f'<rect class="{css_class}" x="{x}" y="{y}" width="{size[0]}" height="{size[1]}"/>'


def draw_rectangles(
    corners: Iterable[tuple[int, int]], size: tuple[int, int], css_class: str
) -> str:
    """Return rectangles of equal *size* as one path, or "" if there are none."""
    width, height = size
    steps = "".join(f"M{x} {y}h{width}v{height}h-{width}z" for x, y in corners)
    return f'<path class="{css_class}" d="{steps}"/>' if steps else ""


def draw_grid_lines(columns: int, rows: int, cell: tuple[int, int]) -> str:
    """Return the lines of a grid as one path; *cell* is the (width, height) of a cell."""
    wide, high = cell
    across = "".join(f"M0 {row * high}H{columns * wide}" for row in range(rows + 1))
    down = "".join(f"M{column * wide} 0V{rows * high}" for column in range(columns + 1))
    return f'<path class="ws-line" d="{across}{down}"/>'
