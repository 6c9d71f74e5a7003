"""Planes of numbers, and the plane that lies under convolution or pooling windows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

from grader.values import Number, simplify_number

Plane: TypeAlias = tuple[tuple[Number | None, ...], ...]
"""Rows of numbers, with None for unknown ones. A vector is a plane of one row."""
CellIndex: TypeAlias = tuple[int, int]
PLANE_AXES: Final = 2


@dataclass(frozen=True, slots=True)
class CoveredPatch:
    """The cells that a window covers: a patch per channel, from *corner*, *dilation* apart."""

    corner: CellIndex
    dilation: CellIndex
    patches: tuple[Plane, ...]

    def iter_cells(self, channel: int) -> Iterator[tuple[CellIndex, Number | None]]:
        """Yield the index in the plane and the value of each cell in the patch of *channel*."""
        for row, cells in enumerate(self.patches[channel]):
            for column, cell in enumerate(cells):
                yield self.to_plane_index(row, column), cell

    def to_plane_index(self, row: int, column: int) -> CellIndex:
        """Return the index of the plane cell under a cell of the window."""
        return self.corner[0] + row * self.dilation[0], self.corner[1] + column * self.dilation[1]


@dataclass(frozen=True, slots=True)
class WindowInput:
    """The input that windows move over: a plane per channel, with or without zero padding.

    *unpadded_ranges* are the rows and columns that are not padding.
    """

    planes: tuple[Plane, ...]
    unpadded_ranges: tuple[range, range]


def read_planes(value: Any, axes: int) -> tuple[Plane, ...]:
    """Return the planes of an array in a step's data.

    An array with *axes* axes is one plane, and one with an axis more has a plane per
    channel. Any other array gives none.

    >>> read_planes([1, "1/2"], 1)
    (((1, Fraction(1, 2)),),)
    """
    depth = _nesting_depth(value)
    if depth == axes:
        return (_read_plane(value, axes),)
    return tuple(_read_plane(one, axes) for one in value) if depth == axes + 1 else ()


def _nesting_depth(value: Any) -> int:
    return 1 + _nesting_depth(value[0]) if isinstance(value, (list, tuple)) and value else 0


def _read_plane(value: Any, axes: int) -> Plane:
    rows = value if axes == PLANE_AXES else [value]
    return tuple(tuple(map(_read_number, row)) for row in rows)


def _read_number(cell: Any) -> Number:
    return simplify_number(Fraction(cell))


def find_window_input(
    windows: Sequence[CoveredPatch],
    *,
    previous_arrays: Iterable[Any],
    problem_arrays: Sequence[Any],
    axes: int,
) -> WindowInput | None:
    """Return the input of *windows* among *previous_arrays* and *problem_arrays*.

    None if no array matches the numbers that the windows cover.
    """
    originals = [read_planes(array, axes) for array in problem_arrays]
    originals += _stack_channels(originals, channels=len(windows[0].patches))
    padded = [read_planes(array, axes) for array in previous_arrays]
    for planes in _iter_candidate_inputs([*padded, *originals], channels=len(windows[0].patches)):
        if _matches_windows(planes, windows):
            return WindowInput(planes, _find_unpadded_ranges(planes, originals))
    return None


def reconstruct_input(windows: Sequence[CoveredPatch]) -> WindowInput:
    """Return the input of *windows*, reconstructed from the cells that they cover."""
    covered = tuple(
        _reconstruct_plane(windows, channel) for channel in range(len(windows[0].patches))
    )
    return WindowInput(covered, _list_all_rows_and_columns(covered[0]))


def _stack_channels(
    arrays: Sequence[tuple[Plane, ...]], *, channels: int
) -> list[tuple[Plane, ...]]:
    """Return consecutive single planes stacked as the channels of one array: R, G and B."""
    single = [planes[0] for planes in arrays if len(planes) == 1]
    if channels == 1:
        return []
    stacks = [
        tuple(single[index : index + channels]) for index in range(len(single) - channels + 1)
    ]
    return [stack for stack in stacks if len({(len(plane), len(plane[0])) for plane in stack}) == 1]


def _iter_candidate_inputs(
    arrays: Iterable[tuple[Plane, ...]], *, channels: int
) -> Iterator[tuple[Plane, ...]]:
    for planes in arrays:
        if len(planes) == channels:
            yield planes
        elif channels == 1:
            yield from ((plane,) for plane in planes)


def _matches_windows(planes: tuple[Plane, ...], windows: Sequence[CoveredPatch]) -> bool:
    return all(
        _get_value_or_padding(planes[channel], place) == cell
        for window in windows
        for channel in range(len(planes))
        for place, cell in window.iter_cells(channel)
    )


def _get_value_or_padding(plane: Plane, cell_index: CellIndex) -> Number | None:
    row, column = cell_index
    is_there = 0 <= row < len(plane) and 0 <= column < len(plane[0])
    return plane[row][column] if is_there else None


def _list_all_rows_and_columns(plane: Plane) -> tuple[range, range]:
    return range(len(plane)), range(len(plane[0]))


def _find_unpadded_ranges(
    planes: tuple[Plane, ...], originals: Iterable[tuple[Plane, ...]]
) -> tuple[range, range]:
    """Return the rows and columns of *planes* inside the zero padding.

    One of *originals* must match the cells there; if none does, there is no padding.
    """
    height, width = len(planes[0]), len(planes[0][0])
    for original in originals:
        if len(original) != len(planes):
            continue
        inner = len(original[0]), len(original[0][0])
        for top in range(height - inner[0] + 1):
            for left in range(width - inner[1] + 1):
                rows, columns = range(top, top + inner[0]), range(left, left + inner[1])
                if _is_padded_copy(planes, original, rows, columns):
                    return rows, columns
    return _list_all_rows_and_columns(planes[0])


def _is_padded_copy(
    planes: tuple[Plane, ...], original: tuple[Plane, ...], rows: range, columns: range
) -> bool:
    """Return whether *planes* are *original* at *rows* and *columns*, and zero elsewhere."""
    return all(
        cell
        == (
            small[row - rows.start][column - columns.start]
            if row in rows and column in columns
            else 0
        )
        for plane, small in zip(planes, original, strict=True)
        for row, cells in enumerate(plane)
        for column, cell in enumerate(cells)
    )


def _reconstruct_plane(windows: Sequence[CoveredPatch], channel: int) -> Plane:
    known = {place: cell for window in windows for place, cell in window.iter_cells(channel)}
    height, width = (1 + max(place[axis] for place in known) for axis in range(PLANE_AXES))
    return tuple(tuple(known.get((row, index)) for index in range(width)) for row in range(height))
