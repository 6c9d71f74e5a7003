"""The drawings of one window on its way: the input under it, the products, the map so far."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.pages.drawing.markup import (
    CHARACTER,
    grid_lines,
    moved,
    picture,
    placed,
    rectangle,
    rectangles,
    words,
    written,
)
from api.pages.drawing.moves import Move, Way
from api.pages.drawing.planes import Plane, Sheet

__all__ = ["HIGH", "LEAST", "MIDDLE", "Drawer"]

HIGH: Final = 48
LEAST: Final = 38
BESIDE: Final = 10
LOW_LINE: Final = 44
TOP_LINE: Final = 12
MIDDLE: Final = 28
BELOW: Final = 18


@dataclass(frozen=True, slots=True)
class Drawer:
    """Draws the moves of one way; the ids of what is shared begin with *name*.

    A cell of the input is as *wide* as its longest text, one of the map *wide_out*.
    """

    way: Way
    name: str
    wide: int
    wide_out: int

    @classmethod
    def of(cls, way: Way, name: str) -> "Drawer":
        """Return the drawer for *way*."""
        within = max(len(text) for move in way.moves for text in _texts(move))
        out = max(len(written(one.total)) for one in way.moves)
        wide_out = max(LEAST, BESIDE + (CHARACTER + 1) * out)
        return cls(way, name, max(LEAST, BESIDE + (CHARACTER + 1) * within), wide_out)

    def shared(self, drawn: Collection[int]) -> Iterator[str]:
        """Yield what the frames refer to: planes, kernels, the map as far as each has it.

        *drawn* are the moves that have a frame.
        """
        for channel, plane in enumerate(self.way.sheet.planes):
            cells = self._plane(plane, self.way.sheet)
            yield f'<g id="{self.name}i{channel}">{cells}</g>'
        first = self.way.moves[0]
        for channel in range(len(first.kernels) or 1):
            weights = self._weights(first, channel) if first.kernels else ""
            yield f'<g id="{self.name}k{channel}">{self._window(first, channel)}{weights}</g>'
        rows, columns = self.way.size
        lines = grid_lines(columns, rows, (self.wide_out, HIGH))
        label = words(
            columns * self.wide_out // 2, rows * HIGH + BELOW, f"output{_of_map(self.way)}"
        )
        yield f'<g id="{self.name}o0">{lines}{label}</g>'
        yield from self._maps(drawn)

    def _maps(self, drawn: Collection[int]) -> Iterator[str]:
        """Yield the map after each move that is *drawn*: the one before it, and what came since."""
        wide, so_far = self.wide_out, placed(f"{self.name}o0")
        for at, move in enumerate(self.way.moves):
            row, column = move.place
            x, y = column * wide + wide // 2, row * HIGH + MIDDLE
            so_far += words(x, y, written(move.total))
            if at in drawn:
                name = f"{self.name}o{at + 1}"
                yield f'<g id="{name}">{so_far}</g>'
                so_far = placed(name)

    def _plane(self, plane: Plane, sheet: Sheet) -> str:
        """Return a plane with its numbers, the border of zeros in another colour."""
        rows, columns = sheet.inside
        wide = self.wide
        size = (len(columns) * wide, len(rows) * HIGH)
        whole = (len(plane[0]) * wide, len(plane) * HIGH)
        ground = rectangle(0, 0, whole, "ws-border") if whole != size else ""
        ground += rectangle(columns.start * wide, rows.start * HIGH, size, "ws-inside")
        lines = grid_lines(len(plane[0]), len(plane), (wide, HIGH))
        texts = (
            words(at * wide + wide // 2, row * HIGH + MIDDLE, written(cell))
            for row, cells in enumerate(plane)
            for at, cell in enumerate(cells)
            if cell is not None
        )
        return f"{ground}{lines}{''.join(texts)}"

    def kernels(self) -> str:
        """Return the drawings of the kernels, one for each channel."""
        return "".join(
            picture(
                (len(plane[0]) * self.wide, len(plane) * HIGH),
                f"Kernel{_numbered(channel, self.way.moves[0].kernels)}{_of_map(self.way)}",
                self._plane(plane, Sheet((plane,), (range(len(plane)), range(len(plane[0]))))),
            )
            for channel, plane in enumerate(self.way.moves[0].kernels)
        )

    def frame(self, at: int) -> str:
        """Return the drawings of one move: each channel with the window over it, then the map."""
        move, planes = self.way.moves[at], self.way.sheet.planes
        channels = (self._channel(move, channel, at) for channel in range(len(planes)))
        return "".join((*channels, self._map(at)))

    def _channel(self, move: Move, channel: int, at: int) -> str:
        plane, wide = self.way.sheet.planes[channel], self.wide
        title = f"Input{_numbered(channel, self.way.sheet.planes)}, window {at + 1}"
        size = len(plane[0]) * wide, len(plane) * HIGH + MIDDLE
        corner = move.under.corner[1] * wide, move.under.corner[0] * HIGH
        parts = [placed(f"{self.name}i{channel}")]
        if move.kernels:
            parts += [placed(f"{self.name}k{channel}", *corner), self._products(move, channel)]
        else:
            parts += [self._spanned(move, *corner), *self._pooled(move)]
        label = "input"
        if len(move.kernels) > 1:
            label = f"channel {channel + 1}: {written(sum(move.products(channel)))}"
        return picture(size, title, *parts, words(size[0] // 2, size[1] - 6, label))

    def _spanned(self, move: Move, x: int, y: int) -> str:
        """Return the window of a pooling at a point: the shared one unless it is cut off."""
        window = self._window(move, 0)
        is_shared = window == self._window(self.way.moves[0], 0)
        return placed(f"{self.name}k0", x, y) if is_shared else moved(window, x, y)

    def _window(self, move: Move, channel: int) -> str:
        """Return the cells under the window where it begins, and a frame around what it spans."""
        wide, (top, left) = self.wide, move.under.corner
        cells = [(row - top, at - left) for (row, at), _ in move.under.cells(channel)]
        bottom, right = max(cells)
        corners = ((at * wide, row * HIGH) for row, at in cells)
        filled = rectangles(corners, (wide, HIGH), "ws-under")
        size = ((right + 1) * wide, (bottom + 1) * HIGH)
        return filled + rectangle(0, 0, size, "ws-window")

    def _weights(self, move: Move, channel: int) -> str:
        """Return the weights of the kernel, each in a corner of the cell that it lies on."""
        top, left = move.under.corner
        weights = (one for row in move.kernels[channel] for one in row)
        texts = (
            words((at - left + 1) * self.wide - 3, (row - top) * HIGH + TOP_LINE, f"×{text}")
            for ((row, at), _), text in zip(
                move.under.cells(channel), map(written, weights), strict=True
            )
        )
        return f'<g class="ws-weight">{"".join(texts)}</g>'

    def _products(self, move: Move, channel: int) -> str:
        """Return the products, each at the foot of its cell."""
        places = (place for place, _ in move.under.cells(channel))
        texts = (
            words(at * self.wide + self.wide // 2, row * HIGH + LOW_LINE, written(product))
            for (row, at), product in zip(places, move.products(channel), strict=True)
        )
        return f'<g class="ws-product">{"".join(texts)}</g>'

    def _pooled(self, move: Move) -> Iterator[str]:
        """Yield the numbers under the window of a pooling; of a maximum the largest stands out."""
        is_told = False
        for (row, column), cell in move.under.cells(0):
            wins = move.mode == "max" and cell == move.total and not is_told
            is_told = is_told or wins
            x, y = column * self.wide + self.wide // 2, row * HIGH + MIDDLE
            if wins:
                corner = column * self.wide + 3, row * HIGH + 3
                yield rectangle(*corner, (self.wide - 6, HIGH - 6), "ws-wins")
            yield words(x, y, written(cell), "ws-sum" if wins else "")

    def _map(self, at: int) -> str:
        """Return the map so far, with the cell that this window gives."""
        rows, columns = self.way.size
        wide, (row, column) = self.wide_out, self.way.moves[at].place
        marked = rectangle(column * wide, row * HIGH, (wide, HIGH), "ws-out")
        title = f"Output{_of_map(self.way)} after {at + 1} of its cells"
        so_far = placed(f"{self.name}o{at + 1}")
        return picture((columns * wide, rows * HIGH + MIDDLE), title, marked, so_far)


def _numbered(channel: int, planes: Sequence[object]) -> str:
    return f", channel {channel + 1}" if len(planes) > 1 else ""


def _of_map(way: Way) -> str:
    return "" if way.map is None else f", map {way.map + 1}"


def _texts(move: Move) -> Iterator[str]:
    """Yield all that is written into cells of the input and the kernel."""
    for channel, plane in enumerate(move.under.patches):
        yield from (written(cell) for row in plane for cell in row)
        if move.kernels:
            yield from map(written, move.products(channel))
            yield from (written(one) for row in move.kernels[channel] for one in row)
