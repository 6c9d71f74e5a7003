"""Planes of numbers, and which of them lies under the windows of a convolution or a pooling."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

from grader.values import Number, simplest

__all__ = ["AXES", "Cell", "Plane", "Sheet", "Under", "planes_of", "sheet_of", "sheet_under"]

Plane: TypeAlias = tuple[tuple[Number | None, ...], ...]
"""Rows of numbers; None where a number is not known. A vector is a plane of one row."""
Cell: TypeAlias = tuple[int, int]
AXES: Final = 2


@dataclass(frozen=True, slots=True)
class Under:
    """What a window covers: a *patch* of each channel, from *corner* on, *spread* cells apart."""

    corner: Cell
    spread: Cell
    patches: tuple[Plane, ...]

    def cells(self, channel: int) -> Iterator[tuple[Cell, Number | None]]:
        """Yield the place of each covered cell with what the patch of a *channel* says of it."""
        for row, cells in enumerate(self.patches[channel]):
            for column, cell in enumerate(cells):
                yield self.place(row, column), cell

    def place(self, row: int, column: int) -> Cell:
        """Return which cell of the plane lies under a cell of the window."""
        return self.corner[0] + row * self.spread[0], self.corner[1] + column * self.spread[1]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What windows move over: a plane for each channel, with or without a border of zeros.

    *inside* are the rows and columns that are no border.
    """

    planes: tuple[Plane, ...]
    inside: tuple[range, range]


def planes_of(value: Any, axes: int) -> tuple[Plane, ...]:
    """Return the planes of an array of a step's data with *axes*, none where it has other axes.

    >>> planes_of([1, "1/2"], 1)
    (((1, Fraction(1, 2)),),)
    """
    depth = _depth(value)
    if depth == axes:
        return (_plane(value, axes),)
    return tuple(_plane(one, axes) for one in value) if depth == axes + 1 else ()


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, (list, tuple)) and value else 0


def _plane(value: Any, axes: int) -> Plane:
    rows = value if axes == AXES else [value]
    return tuple(tuple(map(_number, row)) for row in rows)


def _number(cell: Any) -> Number:
    return simplest(Fraction(cell))


def sheet_under(
    windows: Sequence[Under], *, shown: Iterable[Any], given: Sequence[Any], axes: int
) -> Sheet | None:
    """Return what the *windows* move over: an array *shown* before them, or one that is *given*.

    None where no array has the numbers that the windows cover.
    """
    originals = [planes_of(one, axes) for one in given]
    originals += _stacked(originals, channels=len(windows[0].patches))
    padded = [planes_of(one, axes) for one in shown]
    for planes in _candidates([*padded, *originals], channels=len(windows[0].patches)):
        if _fits(planes, windows):
            return Sheet(planes, _inside(planes, originals))
    return None


def sheet_of(windows: Sequence[Under]) -> Sheet:
    """Return what the *windows* move over, as far as they cover it."""
    covered = tuple(_covered(windows, channel) for channel in range(len(windows[0].patches)))
    return Sheet(covered, _whole(covered[0]))


def _stacked(found: Sequence[tuple[Plane, ...]], *, channels: int) -> list[tuple[Plane, ...]]:
    """Return the planes that are given one by one as channels of one array: R, G and B."""
    single = [planes[0] for planes in found if len(planes) == 1]
    if channels == 1:
        return []
    stacks = [tuple(single[at : at + channels]) for at in range(len(single) - channels + 1)]
    return [one for one in stacks if len({(len(plane), len(plane[0])) for plane in one}) == 1]


def _candidates(
    found: Iterable[tuple[Plane, ...]], *, channels: int
) -> Iterator[tuple[Plane, ...]]:
    for planes in found:
        if len(planes) == channels:
            yield planes
        elif channels == 1:
            yield from ((plane,) for plane in planes)


def _fits(planes: tuple[Plane, ...], windows: Sequence[Under]) -> bool:
    return all(
        _at(planes[channel], place) == cell
        for window in windows
        for channel in range(len(planes))
        for place, cell in window.cells(channel)
    )


def _at(plane: Plane, place: Cell) -> Number | None:
    row, column = place
    is_there = 0 <= row < len(plane) and 0 <= column < len(plane[0])
    return plane[row][column] if is_there else None


def _whole(plane: Plane) -> tuple[range, range]:
    return range(len(plane)), range(len(plane[0]))


def _inside(
    planes: tuple[Plane, ...], originals: Iterable[tuple[Plane, ...]]
) -> tuple[range, range]:
    """Return where in *planes* one of the *originals* lies with zeros around it, else all."""
    height, width = len(planes[0]), len(planes[0][0])
    for found in originals:
        if len(found) != len(planes):
            continue
        inner = len(found[0]), len(found[0][0])
        for top in range(height - inner[0] + 1):
            for left in range(width - inner[1] + 1):
                rows, columns = range(top, top + inner[0]), range(left, left + inner[1])
                if _is_cut(planes, found, rows, columns):
                    return rows, columns
    return _whole(planes[0])


def _is_cut(
    planes: tuple[Plane, ...], found: tuple[Plane, ...], rows: range, columns: range
) -> bool:
    """Tell whether *planes* are *found* at *rows* and *columns*, and zeros around it."""
    return all(
        cell
        == (
            small[row - rows.start][column - columns.start]
            if row in rows and column in columns
            else 0
        )
        for plane, small in zip(planes, found, strict=True)
        for row, cells in enumerate(plane)
        for column, cell in enumerate(cells)
    )


def _covered(windows: Sequence[Under], channel: int) -> Plane:
    known = {place: cell for window in windows for place, cell in window.cells(channel)}
    height, width = (1 + max(place[axis] for place in known) for axis in range(AXES))
    return tuple(tuple(known.get((row, at)) for at in range(width)) for row in range(height))
