"""How the cells of an answer are marked: which are right, or which cannot be read."""

from collections.abc import Sequence
from typing import Final

from api.pages.student.components.grids import filled, grid_of
from api.pages.student.components.inputs import Mark
from api.schemas.student.problem import PartAsked
from grader.errors import AnswerError
from grader.reading import Style, Typed, in_style, read_tensor

__all__ = ["marks_of"]

UNREADABLE: Final = "unreadable"


def marks_of(
    part: PartAsked,
    typed: Typed | None,
    *,
    status: str,
    right: Sequence[bool],
    numbers: Style | None = None,
) -> tuple[Mark, ...]:
    """Return a mark for each cell of an answer, nothing where none is told.

    *right* says of an answer that was read which cells are right. *numbers* is how the course
    marks decimals.
    """
    if status != UNREADABLE:
        return tuple("right" if one else "wrong" for one in right)
    grid = grid_of(part)
    if grid is None or grid.columns or typed is None:
        return ()
    texts = filled(grid, typed, numbers=numbers) or ()
    return tuple("" if _reads(text, numbers) else "unread" for text in texts)


def _reads(text: str, numbers: Style | None) -> bool:
    try:
        read_tensor(in_style([text], numbers))
    except AnswerError:
        return False
    return True
