"""Windows of convolution and pooling steps: the cells each covers, and its result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final

from api.pages.drawing.planes import (
    PLANE_AXES,
    CoveredPatch,
    Plane,
    WindowInput,
    find_window_input,
    read_planes,
    reconstruct_input,
)
from api.pages.drawing.window_positions import window_calculation, window_calculation_with_position
from api.schemas.student.solution import WorkedStep
from grader.values import Number, simplify_number

DILATION_LIMIT: Final = 4


@dataclass(frozen=True, slots=True)
class WindowMove:
    """One position of a window: the covered cells, the *kernels* and the output cell.

    *kernels* is empty for a pooling, and *mode* then names the operation. *text* is the
    calculation, *line* the calculation with the position.
    """

    covered: CoveredPatch
    kernels: tuple[Plane, ...]
    position: tuple[int, int]
    total: Number
    mode: str
    text: str
    line: str

    def products(self, channel: int) -> tuple[Number, ...]:
        """Return the products of input and kernel in *channel*, row by row."""
        pairs = zip(
            _known_cells(self.covered.patches[channel]),
            _known_cells(self.kernels[channel]),
            strict=True,
        )
        return tuple(pair * two for pair, two in pairs)

    def running_sums(self) -> tuple[Number, ...]:
        """Return the running sums of the products, or of the channels if there are several.

        If a bias changes the total, the total is added at the end.
        """
        products = [self.products(index) for index in range(len(self.kernels))]
        terms = products[0] if len(products) == 1 else tuple(map(sum, products))
        sums = tuple(accumulate(terms))
        return sums if sums[-1] == self.total else (*sums, self.total)


@dataclass(frozen=True, slots=True)
class WindowPath:
    """The path of a window over an input to an output map.

    *map_index* is the index of the map if there are several.
    """

    moves: tuple[WindowMove, ...]
    window_input: WindowInput
    map_index: int | None

    @property
    def map_size(self) -> tuple[int, int]:
        """The rows and columns of the output map, as far as it is shown."""
        rows, columns = ([move.position[axis] for move in self.moves] for axis in range(PLANE_AXES))
        return 1 + max(rows), 1 + max(columns)


def _known_cells(plane: Plane) -> tuple[Number, ...]:
    return tuple(cell for row in plane for cell in row if cell is not None)


def build_window_paths(
    steps: Sequence[WorkedStep], *, previous_arrays: Sequence[Any], problem_arrays: Sequence[Any]
) -> Iterator[WindowPath]:
    """Yield the path of each output map in *steps*; only one and two axes are supported."""
    by_map: dict[tuple[int, ...], list[WindowMove]] = {}
    for step in steps:
        axes = len(step.data["corner"])
        if axes <= PLANE_AXES and step.data.get("dilation") != []:
            index, position = _split_map_index_from_cell(step.data["place"], axes)
            by_map.setdefault((axes, *index), []).append(_build_move(step, position, axes))
    for (axes, *rest), moves in by_map.items():
        matched_moves, window_input = _match_moves_to_input(
            moves, previous_arrays=previous_arrays, problem_arrays=problem_arrays, axes=axes
        )
        yield WindowPath(matched_moves, window_input, rest[0] if rest else None)


def _split_map_index_from_cell(
    position: Sequence[int], axes: int
) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Return the map index and the (row, column) of a position.

    A position in a map of a single cell has no row and column; they are (0, 0).
    """
    if len(position) < axes:
        return tuple(position), (0, 0)
    return tuple(position[:-axes]), _row_and_column(position[-axes:], 0)


def _match_moves_to_input(
    moves: Sequence[WindowMove],
    *,
    previous_arrays: Sequence[Any],
    problem_arrays: Sequence[Any],
    axes: int,
) -> tuple[tuple[WindowMove, ...], WindowInput]:
    """Return the moves and the input that they cover.

    The data of a pooling step lack the dilation, so small ones are tried until an input
    matches.
    """
    for dilation in range(1, DILATION_LIMIT) if moves[0].mode else (0,):
        matched_moves = tuple(
            _with_dilation(move, dilation) if dilation else move for move in moves
        )
        covered = [move.covered for move in matched_moves]
        window_input = find_window_input(
            covered, previous_arrays=previous_arrays, problem_arrays=problem_arrays, axes=axes
        )
        if window_input is not None:
            return matched_moves, window_input
    return tuple(moves), reconstruct_input([move.covered for move in moves])


def _with_dilation(move: WindowMove, dilation: int) -> WindowMove:
    return replace(move, covered=replace(move.covered, dilation=(dilation, dilation)))


def _build_move(step: WorkedStep, position: tuple[int, int], axes: int) -> WindowMove:
    data = step.data
    return WindowMove(
        covered=CoveredPatch(
            _row_and_column(data["corner"], 0),
            _row_and_column(data.get("dilation", [1] * axes), 1),
            read_planes(data["patch"], axes),
        ),
        kernels=read_planes(data["kernel"], axes) if "kernel" in data else (),
        position=position,
        total=simplify_number(Fraction(data["total"])),
        mode=data.get("mode", ""),
        text=window_calculation(step),
        line=window_calculation_with_position(step),
    )


def _row_and_column(axes: Sequence[int], missing: int) -> tuple[int, int]:
    """Return *axes* as (row, column); with a single axis, the row is *missing*."""
    return (missing, axes[0]) if len(axes) == 1 else (axes[0], axes[1])
