"""The pieces that drawings are written with: SVG elements as text, short as they are many."""

from collections.abc import Iterable
from html import escape
from typing import Final

from api.pages.layout.formatting import said
from grader.display.abbreviate import brief_number
from grader.display.text import show
from grader.values import Number

__all__ = [
    "CHARACTER",
    "grid_lines",
    "moved",
    "picture",
    "placed",
    "rectangle",
    "rectangles",
    "weight",
    "words",
    "written",
]

CHARACTER: Final = 7
"""How wide a digit is in the smaller of the two sizes of letters."""


def written(value: Number | None) -> str:
    """Return a number as a drawing shows it, with a real minus; nothing where there is none.

    >>> written(-3), written(None)
    ('−3', '')
    """
    return "" if value is None else said(show(brief_number(value)))


def picture(size: tuple[int, int], title: str, *content: str) -> str:
    """Return a drawing of *size*, width and height, with its text alternative."""
    width, height = size
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(title)}</title>{''.join(content)}</svg>"
    )


def words(x: int, y: int, text: str, name: str = "") -> str:
    """Return a *text* at a point, of the class *name*."""
    classed = f' class="{name}"' if name else ""
    return f'<text x="{x}" y="{y}"{classed}>{escape(text)}</text>'


def placed(target: str, x: int = 0, y: int = 0) -> str:
    """Return what the definition *target* draws, moved to a point."""
    moved = "".join(f' {name}="{at}"' for name, at in (("x", x), ("y", y)) if at)
    return f'<use href="#{target}"{moved}/>'


def moved(drawing: str, x: int, y: int) -> str:
    """Return a *drawing* that begins at a point."""
    return f'<g transform="translate({x} {y})">{drawing}</g>' if x or y else drawing


def weight(*drawings: str) -> int:
    """Return in how many bytes *drawings* are sent.

    >>> weight("3", "−3")
    5
    """
    return sum(len(one.encode()) for one in drawings)


def rectangle(x: int, y: int, size: tuple[int, int], name: str) -> str:
    """Return a rectangle of the class *name*."""
    return f'<rect class="{name}" x="{x}" y="{y}" width="{size[0]}" height="{size[1]}"/>'


def rectangles(corners: Iterable[tuple[int, int]], size: tuple[int, int], name: str) -> str:
    """Return rectangles of one *size* as one drawing, nothing where there are none."""
    width, height = size
    steps = "".join(f"M{x} {y}h{width}v{height}h-{width}z" for x, y in corners)
    return f'<path class="{name}" d="{steps}"/>' if steps else ""


def grid_lines(columns: int, rows: int, cell: tuple[int, int]) -> str:
    """Return the lines of a grid of so many cells, each as wide and as high as *cell*."""
    wide, high = cell
    across = "".join(f"M0 {row * high}H{columns * wide}" for row in range(rows + 1))
    down = "".join(f"M{column * wide} 0V{rows * high}" for column in range(columns + 1))
    return f'<path class="ws-line" d="{across}{down}"/>'
