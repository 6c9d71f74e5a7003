"""Drawings of a sliding window: the input under it, the products, the output so far."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.pages.drawing.markup import (
    DIGIT_WIDTH,
    draw_grid_lines,
    draw_rectangle,
    draw_rectangles,
    draw_reference,
    draw_svg,
    draw_text,
    format_value,
    translate_drawing,
)
from api.pages.drawing.planes import Plane, WindowInput
from api.pages.drawing.window_paths import WindowMove, WindowPath

CELL_HEIGHT: Final = 48
MIN_CELL_WIDTH: Final = 38
CELL_PADDING: Final = 10
PRODUCT_BASELINE: Final = 44
WEIGHT_BASELINE: Final = 12
VALUE_BASELINE: Final = 28
LABEL_OFFSET: Final = 18


@dataclass(frozen=True, slots=True)
class WindowDrawer:
    """Draws the moves of one path; the ids of shared elements start with *id_prefix*.

    *cell_width* is the width of an input cell, which fits the longest text;
    *output_cell_width* is the width of an output cell.
    """

    path: WindowPath
    id_prefix: str
    cell_width: int
    output_cell_width: int

    @classmethod
    def for_path(cls, path: WindowPath, id_prefix: str) -> "WindowDrawer":
        """Return the drawer for *path*, with cells as wide as their longest text."""
        input_length = max(len(text) for move in path.moves for text in _iter_cell_texts(move))
        output_length = max(len(format_value(move.total)) for move in path.moves)
        output_cell_width = max(MIN_CELL_WIDTH, CELL_PADDING + (DIGIT_WIDTH + 1) * output_length)
        return cls(
            path,
            id_prefix,
            max(MIN_CELL_WIDTH, CELL_PADDING + (DIGIT_WIDTH + 1) * input_length),
            output_cell_width,
        )

    def draw_shared_elements(self, drawn: Collection[int]) -> Iterator[str]:
        """Yield the elements that frames refer to: planes, kernels and partial output maps.

        *drawn* are the indices of the moves that have a frame.
        """
        for channel, plane in enumerate(self.path.window_input.planes):
            cells = self._draw_plane(plane, self.path.window_input)
            yield f'<g id="{self.id_prefix}i{channel}">{cells}</g>'
        first = self.path.moves[0]
        for channel in range(len(first.kernels) or 1):
            weights = self._draw_weights(first, channel) if first.kernels else ""
            window = self._draw_window_at_origin(first, channel)
            yield f'<g id="{self.id_prefix}k{channel}">{window}{weights}</g>'
        rows, columns = self.path.map_size
        lines = draw_grid_lines(columns, rows, (self.output_cell_width, CELL_HEIGHT))
        label = draw_text(
            columns * self.output_cell_width // 2,
            rows * CELL_HEIGHT + LABEL_OFFSET,
            f"output{_map_suffix(self.path)}",
        )
        yield f'<g id="{self.id_prefix}o0">{lines}{label}</g>'
        yield from self._draw_partial_output_maps(drawn)

    def _draw_partial_output_maps(self, drawn: Collection[int]) -> Iterator[str]:
        """Yield the output map after each move in *drawn*, built on the previous one."""
        wide, so_far = self.output_cell_width, draw_reference(f"{self.id_prefix}o0")
        for index, move in enumerate(self.path.moves):
            row, column = move.position
            x, y = column * wide + wide // 2, row * CELL_HEIGHT + VALUE_BASELINE
            so_far += draw_text(x, y, format_value(move.total))
            if index in drawn:
                name = f"{self.id_prefix}o{index + 1}"
                yield f'<g id="{name}">{so_far}</g>'
                so_far = draw_reference(name)

    def _draw_plane(self, plane: Plane, window_input: WindowInput) -> str:
        """Return a plane with its numbers, and zero padding in another color."""
        rows, columns = window_input.unpadded_ranges
        wide = self.cell_width
        size = (len(columns) * wide, len(rows) * CELL_HEIGHT)
        whole = (len(plane[0]) * wide, len(plane) * CELL_HEIGHT)
        ground = draw_rectangle(0, 0, whole, "ws-border") if whole != size else ""
        ground += draw_rectangle(columns.start * wide, rows.start * CELL_HEIGHT, size, "ws-inside")
        lines = draw_grid_lines(len(plane[0]), len(plane), (wide, CELL_HEIGHT))
        texts = (
            draw_text(
                index * wide + wide // 2, row * CELL_HEIGHT + VALUE_BASELINE, format_value(cell)
            )
            for row, cells in enumerate(plane)
            for index, cell in enumerate(cells)
            if cell is not None
        )
        return f"{ground}{lines}{''.join(texts)}"

    def draw_kernels(self) -> str:
        """Return the drawings of the kernels, one per channel."""
        kernels = self.path.moves[0].kernels
        return "".join(
            draw_svg(
                (len(plane[0]) * self.cell_width, len(plane) * CELL_HEIGHT),
                f"Kernel{_channel_suffix(channel, kernels)}{_map_suffix(self.path)}",
                self._draw_plane(
                    plane, WindowInput((plane,), (range(len(plane)), range(len(plane[0]))))
                ),
            )
            for channel, plane in enumerate(kernels)
        )

    def draw_frame(self, index: int) -> str:
        """Return the drawings of one move: each channel with the window, then the output map."""
        move, planes = self.path.moves[index], self.path.window_input.planes
        channels = (self._draw_channel(move, channel, index) for channel in range(len(planes)))
        return "".join((*channels, self._draw_output_map(index)))

    def _draw_channel(self, move: WindowMove, channel: int, index: int) -> str:
        plane, wide = self.path.window_input.planes[channel], self.cell_width
        title = (
            f"Input{_channel_suffix(channel, self.path.window_input.planes)}, window {index + 1}"
        )
        size = len(plane[0]) * wide, len(plane) * CELL_HEIGHT + VALUE_BASELINE
        corner = move.covered.corner[1] * wide, move.covered.corner[0] * CELL_HEIGHT
        parts = [draw_reference(f"{self.id_prefix}i{channel}")]
        if move.kernels:
            parts += [
                draw_reference(f"{self.id_prefix}k{channel}", *corner),
                self._draw_products(move, channel),
            ]
        else:
            parts += [self._draw_pooling_window(move, *corner), *self._draw_pooled_values(move)]
        label = "input"
        if len(move.kernels) > 1:
            label = f"channel {channel + 1}: {format_value(sum(move.products(channel)))}"
        return draw_svg(size, title, *parts, draw_text(size[0] // 2, size[1] - 6, label))

    def _draw_pooling_window(self, move: WindowMove, x: int, y: int) -> str:
        """Return a pooling window at a point: the shared one, unless the edge cuts it off."""
        window = self._draw_window_at_origin(move, 0)
        is_shared = window == self._draw_window_at_origin(self.path.moves[0], 0)
        return (
            draw_reference(f"{self.id_prefix}k0", x, y)
            if is_shared
            else translate_drawing(window, x, y)
        )

    def _draw_window_at_origin(self, move: WindowMove, channel: int) -> str:
        """Return the cells under the window, drawn at the origin, and a frame around them."""
        wide, (top, left) = self.cell_width, move.covered.corner
        cells = [(row - top, at - left) for (row, at), _ in move.covered.iter_cells(channel)]
        bottom, right = max(cells)
        corners = ((at * wide, row * CELL_HEIGHT) for row, at in cells)
        filled = draw_rectangles(corners, (wide, CELL_HEIGHT), "ws-under")
        size = ((right + 1) * wide, (bottom + 1) * CELL_HEIGHT)
        return filled + draw_rectangle(0, 0, size, "ws-window")

    def _draw_weights(self, move: WindowMove, channel: int) -> str:
        """Return the kernel weights, each in a corner of the cell that it multiplies."""
        top, left = move.covered.corner
        weights = (one for row in move.kernels[channel] for one in row)
        texts = (
            draw_text(
                (at - left + 1) * self.cell_width - 3,
                (row - top) * CELL_HEIGHT + WEIGHT_BASELINE,
                f"×{text}",
            )
            for ((row, at), _), text in zip(
                move.covered.iter_cells(channel), map(format_value, weights), strict=True
            )
        )
        return f'<g class="ws-weight">{"".join(texts)}</g>'

    def _draw_products(self, move: WindowMove, channel: int) -> str:
        """Return the products, each at the bottom of its cell."""
        positions = (place for place, _ in move.covered.iter_cells(channel))
        texts = (
            draw_text(
                at * self.cell_width + self.cell_width // 2,
                row * CELL_HEIGHT + PRODUCT_BASELINE,
                format_value(product),
            )
            for (row, at), product in zip(positions, move.products(channel), strict=True)
        )
        return f'<g class="ws-product">{"".join(texts)}</g>'

    def _draw_pooled_values(self, move: WindowMove) -> Iterator[str]:
        """Yield the numbers under a pooling window; max pooling highlights the largest."""
        is_marked = False
        for (row, column), cell in move.covered.iter_cells(0):
            wins = move.mode == "max" and cell == move.total and not is_marked
            is_marked = is_marked or wins
            x, y = (
                column * self.cell_width + self.cell_width // 2,
                row * CELL_HEIGHT + VALUE_BASELINE,
            )
            if wins:
                corner = column * self.cell_width + 3, row * CELL_HEIGHT + 3
                yield draw_rectangle(*corner, (self.cell_width - 6, CELL_HEIGHT - 6), "ws-wins")
            yield draw_text(x, y, format_value(cell), "ws-sum" if wins else "")

    def _draw_output_map(self, index: int) -> str:
        """Return the output map so far, with the cell of this window highlighted."""
        rows, columns = self.path.map_size
        wide, (row, column) = self.output_cell_width, self.path.moves[index].position
        marked = draw_rectangle(column * wide, row * CELL_HEIGHT, (wide, CELL_HEIGHT), "ws-out")
        title = f"Output{_map_suffix(self.path)} after {index + 1} of its cells"
        so_far = draw_reference(f"{self.id_prefix}o{index + 1}")
        return draw_svg(
            (columns * wide, rows * CELL_HEIGHT + VALUE_BASELINE), title, marked, so_far
        )


def _channel_suffix(channel: int, planes: Sequence[object]) -> str:
    return f", channel {channel + 1}" if len(planes) > 1 else ""


def _map_suffix(path: WindowPath) -> str:
    return "" if path.map_index is None else f", map {path.map_index + 1}"


def _iter_cell_texts(move: WindowMove) -> Iterator[str]:
    """Yield all texts in the cells of the input and the kernel."""
    for channel, plane in enumerate(move.covered.patches):
        yield from (format_value(cell) for row in plane for cell in row)
        if move.kernels:
            yield from map(format_value, move.products(channel))
            yield from (format_value(one) for row in move.kernels[channel] for one in row)
