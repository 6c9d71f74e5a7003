"""Tables and matrices as lines of text with aligned columns, at most 96 characters wide."""

from collections.abc import Sequence
from typing import Final

from grader.display.text import show
from grader.values import Tensor, Value

__all__ = ["WIDTH", "grid", "table"]

WIDTH: Final = 96
GAP: Final = "  "
CUT: Final = "\N{HORIZONTAL ELLIPSIS}"


def grid(tensor: Tensor) -> str:
    """Return a matrix as lines; a tensor of more axes as one matrix after another.

    If a matrix is too wide, columns before the last are omitted.

    >>> print(grid(Tensor.of([[0, 10], [-3, 4]])))
     0  10
    -3   4
    """
    if len(tensor.shape) <= 1:
        return _lines([[show(cell) for cell in tensor.cells]])
    rows = [row for row in tensor.rows() if isinstance(row, Tensor)]
    if len(rows[0].shape) > 1:
        return "\n\n".join(map(grid, rows))
    return _lines([[show(cell) for cell in row.cells] for row in rows])


def table(head: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
    """Return a table as lines: columns of texts aligned left, columns of numbers right.

    >>> print(table(("layer", "n"), (("conv", 7), ("relu", 120))))
    layer    n
    conv     7
    relu   120
    """
    columns = range(len(head))
    texts = {at for at in columns if all(isinstance(row[at], str) for row in rows)}
    return _lines([list(head), *([show(cell) for cell in row] for row in rows)], left=texts)


def _lines(rows: list[list[str]], *, left: Sequence[int] | set[int] = ()) -> str:
    """Return rows of cells in aligned columns: those in *left* to the left, others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    shown = _shown(widths)
    lines = (
        GAP.join(
            CUT
            if at is None
            else row[at].ljust(widths[at])
            if at in left
            else row[at].rjust(widths[at])
            for at in shown
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _shown(widths: list[int]) -> list[int | None]:
    """Return the columns that fit, with None for the ones omitted before the last."""
    if sum(widths) + len(GAP) * (len(widths) - 1) <= WIDTH:
        return [*range(len(widths))]
    room = WIDTH - widths[-1] - len(GAP) - len(CUT)
    fitting: list[int | None] = []
    for at, width in enumerate(widths[:-1]):
        room -= width + len(GAP)
        if room < 0:
            break
        fitting.append(at)
    return [*fitting, None, len(widths) - 1]
