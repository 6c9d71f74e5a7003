"""A window on its way, frame by frame: over the input, its products, and the map that grows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.pages.drawing.drawer import Drawer
from api.pages.drawing.markup import weight, written
from api.pages.drawing.moves import Move, Way
from api.pages.layout.formatting import said

__all__ = ["AROUND", "FIRST", "Frame", "Stage", "kept", "stage"]

AROUND: Final = 170
"""So many bytes stand around the drawings of a frame."""
FEW: Final = 2
"""So many frames are not worth leaving out."""
FIRST: Final = 3
"""So many frames stand open at the beginning, and one at the end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A still picture: drawings beside each other, what they show in words, and the running sum."""

    drawings: str
    text: str
    running: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """The frames of a run of windows; *shared* has what they refer to, *kernels* what moves.

    *rest* are the texts of the windows that are not drawn, each with its place in words.
    """

    about: str
    shared: str
    kernels: str
    frames: tuple[Frame, ...]
    rest: tuple[str, ...]

    @property
    def keys(self) -> tuple[Frame, ...]:
        """The first frames and the last, which stand open."""
        return tuple(one for one in self.frames if one.is_key)

    @property
    def more(self) -> tuple[Frame, ...]:
        """The frames between these."""
        return tuple(one for one in self.frames if not one.is_key)


def stage(ways: Sequence[Way], *, name: str, room: int) -> Stage:
    """Return the frames of *ways* in about *room* bytes; *name* sets their ids apart."""
    drawers = [Drawer.of(way, f"{name}{number}-") for number, way in enumerate(ways)]
    pairs = [(drawer, at) for drawer in drawers for at in range(len(drawer.way.moves))]
    kernels = "".join(drawer.kernels() for drawer in _different(drawers))
    lines = sum(weight(drawer.way.moves[at].line) for drawer, at in pairs)
    longest = max(_weight(drawer, at) for drawer, at in (pairs[0], pairs[-1]))
    room -= weight(_shared(drawers, pairs), kernels) + lines
    drawn = kept(len(pairs), max(FIRST, room // longest))
    frames = tuple(
        _frame(drawer, at, is_key=number < FIRST or number == len(pairs) - 1)
        for number, (drawer, at) in enumerate(pairs)
        if number in drawn
    )
    rest = tuple(
        said(drawer.way.moves[at].line)
        for number, (drawer, at) in enumerate(pairs)
        if number not in drawn
    )
    shared = _shared(drawers, [pairs[number] for number in sorted(drawn)])
    return Stage(_about(ways[0]), shared, kernels, frames, rest)


def kept(count: int, room: int) -> frozenset[int]:
    """Return which of *count* frames are drawn where there is room for so many."""
    if count <= room + FEW:
        return frozenset(range(count))
    return frozenset((*range(room - 1), count - 1))


def _shared(drawers: Sequence[Drawer], pairs: Sequence[tuple[Drawer, int]]) -> str:
    """Return what the frames of *pairs* refer to."""
    return "".join(
        part
        for drawer in drawers
        for part in drawer.shared({at for one, at in pairs if one is drawer})
    )


def _weight(drawer: Drawer, at: int) -> int:
    """Return how many bytes a frame takes, without the line that tells it in words."""
    found = _frame(drawer, at, is_key=False)
    return AROUND + weight(found.drawings, found.running)


def _frame(drawer: Drawer, at: int, *, is_key: bool) -> Frame:
    move = drawer.way.moves[at]
    running = " → ".join(map(written, move.running())) if move.kernels else ""
    return Frame(drawer.frame(at), said(move.text), running, is_key)


def _different(drawers: Sequence[Drawer]) -> Iterator[Drawer]:
    """Yield the drawers whose kernels no earlier one has."""
    seen = set()
    for drawer in drawers:
        kernels = drawer.way.moves[0].kernels
        if kernels and kernels not in seen:
            seen.add(kernels)
            yield drawer


def _about(way: Way) -> str:
    """Return in words how far the window moves, and how far apart its cells lie."""
    first = way.moves[0]
    facts = []
    for axis, what in ((1, "right"), (0, "down")):
        step = _stride(way.moves, axis)
        if step > 1:
            facts.append(f"{step} {what}")
    told = [f"The window moves {' and '.join(facts)} at a time."] if facts else []
    spread = max(first.under.spread)
    if spread > 1:
        told.append(f"Its cells lie {spread} apart.")
    rows, columns = way.sheet.inside
    plane = way.sheet.planes[0]
    if len(rows) * len(columns) < len(plane) * len(plane[0]):
        told.append("Grey cells are the border of zeros.")
    return " ".join(told)


def _stride(moves: Iterable[Move], axis: int) -> int:
    """Return how far the window moves along an *axis*, 1 where it does not."""
    return next(
        (one.under.corner[axis] // one.place[axis] for one in moves if one.place[axis] == 1), 1
    )
