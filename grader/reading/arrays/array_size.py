"""Size of an array given as nested lists: equal lengths, and limits on depth and size."""

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

from grader.display.text import pluralize
from grader.errors import AnswerError
from grader.reading.arrays.cells import MAX_CELLS, CellSpan

MIXED_CELLS: Final = "Numbers and brackets are mixed."
EMPTY_ROW: Final = "A row has no cells."
MAX_AXES: Final = 8
NESTED_LISTS_FORM: Final = "nested lists such as [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]"

NestedList: TypeAlias = Sequence[object]


def flatten_lists(nested: NestedList) -> tuple[tuple[int, ...], NestedList]:
    """Return the length of each axis, and the leaves; raise `AnswerError` if lengths differ."""
    shape: list[int] = []
    level: NestedList = [nested]
    while any(isinstance(item, list) for item in level):
        lists = [item for item in level if isinstance(item, list)]
        if len(lists) < len(level):
            raise AnswerError(MIXED_CELLS, expected=NESTED_LISTS_FORM)
        _check_equal_lengths(lists, shape)
        shape.append(len(lists[0]))
        if math.prod(shape) > MAX_CELLS:
            raise array_too_large_error()
        if len(shape) > MAX_AXES:
            raise AnswerError("The lists are nested too deeply.", expected=f"{MAX_AXES} levels")
        level = [item for inner in lists for item in inner]
    return tuple(shape), level


def _check_equal_lengths(lists: Sequence[list[object]], shape: Sequence[int]) -> None:
    """Raise `AnswerError` for the first list whose length differs from that of the first."""
    length = len(lists[0])
    if not length:
        raise AnswerError(EMPTY_ROW, expected="at least one number in each row")
    for index, items in enumerate(lists):
        if len(items) == length:
            continue
        contains_lists = any(isinstance(item, list) for item in (*items, *lists[0]))
        unit, inner = ("Block", "row") if contains_lists else ("Row", "cell")
        raise AnswerError(
            f"{unit} {_format_list_position(index, shape)} has {pluralize(len(items), inner)}, "
            f"{unit.lower()} {_format_list_position(0, shape)} has {length}.",
            expected=f"the same number of {inner}s in each {unit.lower()}",
            position=_find_text_position(items),
        )


def _format_list_position(index: int, shape: Sequence[int]) -> str:
    """Return the position of list *index* within its level as text, such as ``2 of block 1``."""
    if len(shape) <= 1:
        return str(index + 1)
    block, row = divmod(index, shape[-1])
    return f"{row + 1} of block {block + 1}"


def _find_text_position(items: Sequence[object]) -> int | None:
    first = next(iter(items), None)
    while isinstance(first, list):
        first = next(iter(first), None)
    return first.start if isinstance(first, CellSpan) else None


def squeeze_shape(shape: tuple[int, ...], rank: int | None) -> tuple[int, ...]:
    """Return *shape* without leading and trailing axes of size 1, such as a batch axis.

    *shape* is returned unchanged if it has no more axes than *rank*, or still has too many.
    """
    squeezed, axes = shape, len(shape) if rank is None else rank
    while len(squeezed) > axes and squeezed[0] == 1:
        squeezed = squeezed[1:]
    while len(squeezed) > axes and squeezed[-1] == 1:
        squeezed = squeezed[:-1]
    return squeezed if len(squeezed) == axes else shape


def format_shape(shape: tuple[int, ...]) -> str:
    """Return *shape* as text: ``2×3``."""
    return "×".join(map(str, shape))


def array_too_large_error() -> AnswerError:
    """Return the error for an array with more than `MAX_CELLS` cells."""
    return AnswerError(f"The array has more than {MAX_CELLS:,} cells.", expected="a smaller array")
