"""A receptive field that grows backwards: one cell at the top, what it sees in each layer below."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from api.pages.drawing.markup import picture, rectangle, words

__all__ = ["field_picture"]

WIDE: Final = 340
STEP: Final = 46
BAR: Final = 16
MOST_TICKS: Final = 48
COLUMNS: Final = (("field", "jump"), ("r", "j"))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the last cell sees of a layer: so many of its *cells*, *span* of the input together."""

    name: str
    cells: int
    span: int


def field_picture(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return the picture of a table of fields and jumps, nothing for any other table."""
    found = next((one for one in COLUMNS if set(one) <= set(head)), None)
    if found is None:
        return ""
    at, jump = (head.index(one) for one in found)
    layers = [(str(row[0]), row[at], row[jump]) for row in rows]
    if not all(type(number) is int and number > 0 for _, *two in layers for number in two):
        return ""
    if layers and layers[0][1:] != (1, 1):
        layers.insert(0, ("input", 1, 1))
    seen = _backwards(layers)
    return _drawn(seen) if len(seen) > 1 else ""


def _backwards(layers: Sequence[tuple[str, int, int]]) -> list[_Seen]:
    """Return what is seen of each layer, the last one first; the first layer is the input."""
    cells, seen = 1, []
    for (_, before, jump_before), (name, after, jump) in [*pairwise(layers)][::-1]:
        seen.append(_Seen(name, cells, (cells - 1) * jump + 1))
        cells = (cells - 1) * (jump // jump_before) + (after - before) // jump_before + 1
    return [*seen, _Seen("", cells, cells)]


def _drawn(seen: Sequence[_Seen]) -> str:
    scale = WIDE / seen[-1].span
    edges = [(round((WIDE - one.span * scale) / 2), round(one.span * scale)) for one in seen]
    parts = []
    for number, (one, (x, wide)) in enumerate(zip(seen, edges, strict=True)):
        y = number * STEP + 18
        parts.append(words(0, y - 5, _told(one), "ws-left"))
        parts.append(rectangle(x, y, (max(wide, 2), BAR), "ws-field"))
        parts.append(_cells(one, x, y, wide))
        if number:
            above, width = edges[number - 1]
            top = y - STEP + BAR
            lines = f"M{above} {top}L{x} {y}M{above + width} {top}L{x + wide} {y}"
            parts.append(f'<path class="ws-ghost" d="{lines}"/>')
    title = f"One cell of the last layer sees {seen[-1].cells} cells of the input along an axis"
    return picture((WIDE, len(seen) * STEP), title, *parts)


def _told(one: _Seen) -> str:
    count = f"{one.cells} cell{'s' if one.cells > 1 else ''}"
    return f"after {one.name}: {count}" if one.name else f"input: {count}"


def _cells(one: _Seen, x: int, y: int, wide: int) -> str:
    """Return the lines between the cells of a bar, where there is room for them."""
    if not 1 < one.cells <= MOST_TICKS:
        return ""
    marks = (x + round(at * wide / one.cells) for at in range(1, one.cells))
    return f'<path class="ws-cut" d="{"".join(f"M{mark} {y}v{BAR}" for mark in marks)}"/>'
