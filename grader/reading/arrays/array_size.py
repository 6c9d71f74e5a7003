"""Size of an array given as nested lists: equal lengths, and limits on depth and size."""

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

from grader.display.text import counted
from grader.errors import AnswerError
from grader.reading.arrays.cells import MAX_CELLS, Cell

__all__ = ["NESTED", "shape_of", "sides", "slim_shape", "too_large"]

MAX_AXES: Final = 8
NESTED: Final = "nested lists such as [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]"

Nested: TypeAlias = Sequence[object]


def shape_of(nested: Nested) -> tuple[tuple[int, ...], Nested]:
    """Return the length of each axis, and the leaves; raise `AnswerError` if lengths differ."""
    shape: list[int] = []
    level: Nested = [nested]
    while any(isinstance(item, list) for item in level):
        lists = [item for item in level if isinstance(item, list)]
        if len(lists) < len(level):
            raise AnswerError("Numbers and brackets stand side by side.", expected=NESTED)
        _check_lengths(lists, shape)
        shape.append(len(lists[0]))
        if math.prod(shape) > MAX_CELLS:
            raise too_large()
        if len(shape) > MAX_AXES:
            raise AnswerError("The lists are nested too deeply.", expected=f"{MAX_AXES} levels")
        level = [item for inner in lists for item in inner]
    return tuple(shape), level


def _check_lengths(lists: Sequence[list[object]], shape: Sequence[int]) -> None:
    """Raise `AnswerError` for the first list whose length differs from that of the first."""
    length = len(lists[0])
    if not length:
        raise AnswerError("A row has no cells.", expected="at least one number in each row")
    for at, items in enumerate(lists):
        if len(items) == length:
            continue
        inside = any(isinstance(item, list) for item in (*items, *lists[0]))
        unit, inner = ("Block", "row") if inside else ("Row", "cell")
        raise AnswerError(
            f"{unit} {_place(at, shape)} has {counted(len(items), inner)}, "
            f"{unit.lower()} {_place(0, shape)} has {length}.",
            expected=f"as many {inner}s in each {unit.lower()}",
            position=_position(items),
        )


def _place(at: int, shape: Sequence[int]) -> str:
    """Return the position of list *at* within its level as text, such as ``2 of block 1``."""
    if len(shape) <= 1:
        return str(at + 1)
    block, row = divmod(at, shape[-1])
    return f"{row + 1} of block {block + 1}"


def _position(items: Sequence[object]) -> int | None:
    first = next(iter(items), None)
    while isinstance(first, list):
        first = next(iter(first), None)
    return first.start if isinstance(first, Cell) else None


def slim_shape(shape: tuple[int, ...], rank: int | None) -> tuple[int, ...]:
    """Return *shape* without leading and trailing axes of size 1, such as a batch axis.

    *shape* is returned unchanged if it has no more axes than *rank*, or still has too many.
    """
    slim, axes = shape, len(shape) if rank is None else rank
    while len(slim) > axes and slim[0] == 1:
        slim = slim[1:]
    while len(slim) > axes and slim[-1] == 1:
        slim = slim[:-1]
    return slim if len(slim) == axes else shape


def sides(shape: tuple[int, ...]) -> str:
    """Return *shape* as text: ``2×3``."""
    return "×".join(map(str, shape))


def too_large() -> AnswerError:
    """Return the error for an array with more than `MAX_CELLS` cells."""
    return AnswerError(f"The array has more than {MAX_CELLS:,} cells.", expected="a smaller array")
