"""Tables and matrices as lines of text with aligned columns, at most 96 characters wide."""

from collections.abc import Sequence
from typing import Final

from grader.display.text import to_text
from grader.values import Tensor, Value

MAX_TEXT_WIDTH: Final = 96
COLUMN_GAP: Final = "  "
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"


def format_matrix(tensor: Tensor) -> str:
    """Return a matrix as lines; a tensor of more axes as one matrix after another.

    If a matrix is too wide, columns before the last are omitted.

    >>> print(format_matrix(Tensor.from_nested([[0, 10], [-3, 4]])))
     0  10
    -3   4
    """
    if len(tensor.shape) <= 1:
        return _align_columns([[to_text(cell) for cell in tensor.cells]])
    rows = [row for row in tensor.rows() if isinstance(row, Tensor)]
    if len(rows[0].shape) > 1:
        return "\n\n".join(map(format_matrix, rows))
    return _align_columns([[to_text(cell) for cell in row.cells] for row in rows])


def format_table(head: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
    """Return a table as lines: columns of texts aligned left, columns of numbers right.

    >>> print(format_table(("layer", "n"), (("conv", 7), ("relu", 120))))
    layer    n
    conv     7
    relu   120
    """
    columns = range(len(head))
    texts = {at for at in columns if all(isinstance(row[at], str) for row in rows)}
    return _align_columns(
        [list(head), *([to_text(cell) for cell in row] for row in rows)], left=texts
    )


def _align_columns(rows: list[list[str]], *, left: Sequence[int] | set[int] = ()) -> str:
    """Return rows of cells in aligned columns: those in *left* to the left, others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    visible = _select_visible_columns(widths)
    lines = (
        COLUMN_GAP.join(
            ELLIPSIS
            if at is None
            else row[at].ljust(widths[at])
            if at in left
            else row[at].rjust(widths[at])
            for at in visible
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _select_visible_columns(widths: list[int]) -> list[int | None]:
    """Return the columns that fit, with None for the ones omitted before the last."""
    if sum(widths) + len(COLUMN_GAP) * (len(widths) - 1) <= MAX_TEXT_WIDTH:
        return [*range(len(widths))]
    room = MAX_TEXT_WIDTH - widths[-1] - len(COLUMN_GAP) - len(ELLIPSIS)
    fitting: list[int | None] = []
    for index, width in enumerate(widths[:-1]):
        room -= width + len(COLUMN_GAP)
        if room < 0:
            break
        fitting.append(index)
    return [*fitting, None, len(widths) - 1]
