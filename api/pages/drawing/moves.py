"""The windows of a run of steps, convolutions and poolings alike: what each covers and gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final

from api.pages.drawing.planes import AXES, Plane, Sheet, Under, planes_of, sheet_of, sheet_under
from api.pages.drawing.spots import caption, line
from api.schemas.student.solution import WorkedStep
from grader.values import Number, simplest

__all__ = ["Move", "Way", "ways"]

MOST_SPREAD: Final = 4


@dataclass(frozen=True, slots=True)
class Move:
    """One place of a window: what it covers, the *kernels* on it, and the cell that it gives.

    *kernels* are empty for a pooling, whose *mode* then says what is done. *text* is what is
    reckoned, *line* the same with its place.
    """

    under: Under
    kernels: tuple[Plane, ...]
    place: tuple[int, int]
    total: Number
    mode: str
    text: str
    line: str

    def products(self, channel: int) -> tuple[Number, ...]:
        """Return the products under the window of a *channel*, row by row."""
        pairs = zip(_flat(self.under.patches[channel]), _flat(self.kernels[channel]), strict=True)
        return tuple(one * two for one, two in pairs)

    def running(self) -> tuple[Number, ...]:
        """Return the sum after each product, or of several channels each channel; then the bias."""
        products = [self.products(at) for at in range(len(self.kernels))]
        terms = products[0] if len(products) == 1 else tuple(map(sum, products))
        sums = tuple(accumulate(terms))
        return sums if sums[-1] == self.total else (*sums, self.total)


@dataclass(frozen=True, slots=True)
class Way:
    """A window on its way over a sheet, to a map; *map* is its number where there are several."""

    moves: tuple[Move, ...]
    sheet: Sheet
    map: int | None

    @property
    def size(self) -> tuple[int, int]:
        """Return the rows and columns of the map, as far as it is shown."""
        rows, columns = ([one.place[axis] for one in self.moves] for axis in range(AXES))
        return 1 + max(rows), 1 + max(columns)


def _flat(plane: Plane) -> tuple[Number, ...]:
    return tuple(cell for row in plane for cell in row if cell is not None)


def ways(
    steps: Sequence[WorkedStep], *, shown: Sequence[Any], given: Sequence[Any]
) -> Iterator[Way]:
    """Yield the ways of the windows in *steps* that move along one axis or two, map by map."""
    by_map: dict[tuple[int, ...], list[Move]] = {}
    for step in steps:
        axes = len(step.data["corner"])
        if axes <= AXES and step.data.get("dilation") != []:
            index, place = _split(step.data["place"], axes)
            by_map.setdefault((axes, *index), []).append(_move(step, place, axes))
    for (axes, *rest), moves in by_map.items():
        found, sheet = _laid(moves, shown=shown, given=given, axes=axes)
        yield Way(found, sheet, rest[0] if rest else None)


def _split(place: Sequence[int], axes: int) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Return the index of the map and the place in it, which a map of one cell does not tell."""
    if len(place) < axes:
        return tuple(place), (0, 0)
    return tuple(place[:-axes]), _pair(place[-axes:], 0)


def _laid(
    moves: Sequence[Move], *, shown: Sequence[Any], given: Sequence[Any], axes: int
) -> tuple[tuple[Move, ...], Sheet]:
    """Return the moves on what they cover; of a pooling the data do not say how far apart."""
    for spread in range(1, MOST_SPREAD) if moves[0].mode else (0,):
        laid = tuple(_spread(one, spread) if spread else one for one in moves)
        under = [one.under for one in laid]
        sheet = sheet_under(under, shown=shown, given=given, axes=axes)
        if sheet is not None:
            return laid, sheet
    return tuple(moves), sheet_of([one.under for one in moves])


def _spread(move: Move, spread: int) -> Move:
    return replace(move, under=replace(move.under, spread=(spread, spread)))


def _move(step: WorkedStep, place: tuple[int, int], axes: int) -> Move:
    data = step.data
    return Move(
        under=Under(
            _pair(data["corner"], 0),
            _pair(data.get("dilation", [1] * axes), 1),
            planes_of(data["patch"], axes),
        ),
        kernels=planes_of(data["kernel"], axes) if "kernel" in data else (),
        place=place,
        total=simplest(Fraction(data["total"])),
        mode=data.get("mode", ""),
        text=caption(step),
        line=line(step),
    )


def _pair(axes: Sequence[int], missing: int) -> tuple[int, int]:
    """Return row and column; what has one axis has one row."""
    return (missing, axes[0]) if len(axes) == 1 else (axes[0], axes[1])
