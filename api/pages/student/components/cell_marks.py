"""Marks for the cells of an answer: right, wrong or unreadable."""

from collections.abc import Sequence
from typing import Final

from api.pages.student.components.grids import build_grid, cell_texts_for_grid
from api.pages.student.components.inputs import CellMark
from api.schemas.student.problem import PartAsked
from grader.errors import AnswerError
from grader.reading import NumberStyle, RawAnswer, normalize_number_style, read_tensor

UNREADABLE: Final = "unreadable"


def compute_cell_marks(
    part: PartAsked,
    typed: RawAnswer | None,
    *,
    status: str,
    correct: Sequence[bool],
    decimal_style: NumberStyle | None = None,
) -> tuple[CellMark, ...]:
    """Return a mark for each cell of an answer, or nothing if there are none.

    *correct* tells which cells of a readable answer are right. *decimal_style* is the
    decimal notation of the course.
    """
    if status != UNREADABLE:
        return tuple("right" if one else "wrong" for one in correct)
    grid = build_grid(part)
    if grid is None or grid.columns or typed is None:
        return ()
    texts = cell_texts_for_grid(grid, typed, decimal_style=decimal_style) or ()
    return tuple("" if _is_readable(text, decimal_style) else "unread" for text in texts)


def _is_readable(text: str, decimal_style: NumberStyle | None) -> bool:
    try:
        read_tensor(normalize_number_style([text], decimal_style))
    except AnswerError:
        return False
    return True
