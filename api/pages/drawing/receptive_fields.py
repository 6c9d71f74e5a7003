"""Receptive field pictures: one cell at the top, and what it sees in each layer below."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from api.pages.drawing.markup import draw_rectangle, draw_svg, draw_text

PICTURE_WIDTH: Final = 340
LAYER_HEIGHT: Final = 46
BAR_HEIGHT: Final = 16
MAX_CELL_LINES: Final = 48
COLUMN_PAIRS: Final = (("field", "jump"), ("r", "j"))


@dataclass(frozen=True, slots=True)
class _VisibleLayer:
    """The part of a layer that the last cell sees.

    *cells* is the number of its cells along an axis, *span* their extent in the input.
    """

    name: str
    cells: int
    span: int


def draw_receptive_field_picture(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return the picture of a table of receptive fields and jumps, or "" for any other."""
    columns = next((pair for pair in COLUMN_PAIRS if set(pair) <= set(head)), None)
    if columns is None:
        return ""
    field_column, jump_column = (head.index(column) for column in columns)
    layers = [(str(row[0]), row[field_column], row[jump_column]) for row in rows]
    if not all(type(number) is int and number > 0 for _, *two in layers for number in two):
        return ""
    if layers and layers[0][1:] != (1, 1):
        layers.insert(0, ("input", 1, 1))
    visible_layers = _compute_visible_layers(layers)
    return _draw_layers(visible_layers) if len(visible_layers) > 1 else ""


def _compute_visible_layers(layers: Sequence[tuple[str, int, int]]) -> list[_VisibleLayer]:
    """Return the visible part of each layer, from the last layer back to the input.

    The first of *layers* is the input.
    """
    cells, visible_layers = 1, []
    for (_, before, jump_before), (name, after, jump) in [*pairwise(layers)][::-1]:
        visible_layers.append(_VisibleLayer(name, cells, (cells - 1) * jump + 1))
        cells = (cells - 1) * (jump // jump_before) + (after - before) // jump_before + 1
    return [*visible_layers, _VisibleLayer("", cells, cells)]


def _draw_layers(layers: Sequence[_VisibleLayer]) -> str:
    scale = PICTURE_WIDTH / layers[-1].span
    edges = [
        (round((PICTURE_WIDTH - layer.span * scale) / 2), round(layer.span * scale))
        for layer in layers
    ]
    parts = []
    for number, (layer, (x, wide)) in enumerate(zip(layers, edges, strict=True)):
        y = number * LAYER_HEIGHT + 18
        parts.append(draw_text(0, y - 5, _describe_layer(layer), "ws-left"))
        parts.append(draw_rectangle(x, y, (max(wide, 2), BAR_HEIGHT), "ws-field"))
        parts.append(_draw_cell_lines(layer, x, y, wide))
        if number:
            above, width = edges[number - 1]
            top = y - LAYER_HEIGHT + BAR_HEIGHT
            lines = f"M{above} {top}L{x} {y}M{above + width} {top}L{x + wide} {y}"
            parts.append(f'<path class="ws-ghost" d="{lines}"/>')
    title = f"One cell of the last layer sees {layers[-1].cells} cells of the input along an axis"
    return draw_svg((PICTURE_WIDTH, len(layers) * LAYER_HEIGHT), title, *parts)


def _describe_layer(layer: _VisibleLayer) -> str:
    count = f"{layer.cells} cell{'s' if layer.cells > 1 else ''}"
    return f"after {layer.name}: {count}" if layer.name else f"input: {count}"


def _draw_cell_lines(layer: _VisibleLayer, x: int, y: int, wide: int) -> str:
    """Return the lines between the cells of a bar, or "" if there is no room for them."""
    if not 1 < layer.cells <= MAX_CELL_LINES:
        return ""
    marks = (x + round(index * wide / layer.cells) for index in range(1, layer.cells))
    return f'<path class="ws-cut" d="{"".join(f"M{mark} {y}v{BAR_HEIGHT}" for mark in marks)}"/>'
