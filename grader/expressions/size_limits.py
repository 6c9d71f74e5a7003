"""Limits of the sizes of values, and of the work that one expression may do."""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.expressions.arithmetic import MAX_BITS
from grader.values import MAX_CELLS, Tensor, Value, simplify_number

MAX_ITEMS: Final = 65_536
MAX_WORK: Final = MAX_CELLS
"""Maximum number of cells in all steps of an expression; the bank has a few hundred."""


class WorkBudget:
    """Counter of the cells that all steps of one expression take and return.

    Each step on a tensor has a limit of its own; this one limits an expression of many steps.
    """

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells = 0

    def spend(self, value: Value) -> None:
        """Count the cells of *value*; raise `SolverError` if the total is too large."""
        if type(value) is int:
            return
        self.cells += _count_cells(value)
        if self.cells > MAX_WORK:
            raise SolverError(
                f"the expression works on more than {MAX_WORK:,} cells of tensors and tuples in "
                "all; use smaller ones, or fewer steps"
            )


def enforce_size_limits(value: Value) -> Value:
    """Return *value*, or raise `SolverError` if it has too many bits, cells or items."""
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise SolverError(f"a number has more than {MAX_BITS} bits")
    elif isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise SolverError(f"a fraction has more than {MAX_BITS} bits")
        return simplify_number(value)
    elif isinstance(value, Tensor):
        if len(value.cells) > MAX_CELLS:
            raise SolverError(f"a tensor has more than {MAX_CELLS} cells")
        for cell in value.cells:
            enforce_size_limits(cell)
    elif isinstance(value, tuple):
        _enforce_tuple_size_limits(value)
    return value


def _enforce_tuple_size_limits(value: tuple[Value, ...]) -> None:
    """Raise `SolverError` if a tuple with its contents is too large."""
    items = cells = 0
    waiting: list[Value] = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is int and item.bit_length() <= MAX_BITS:
            continue
        if isinstance(item, tuple):
            items += len(item)
            waiting += item if items <= MAX_ITEMS else ()
        elif isinstance(item, Tensor):
            cells += len(item.cells)
        if items > MAX_ITEMS or cells > MAX_CELLS:
            raise SolverError("a tuple has too many items")
        if not isinstance(item, tuple):
            enforce_size_limits(item)


def _count_cells(value: Value) -> int:
    """Return the number of cells or items of a value; 0 for a number."""
    if isinstance(value, Tensor):
        return len(value.cells)
    if not isinstance(value, tuple):
        return 0
    cells = len(value)
    for item in value:
        if isinstance(item, (tuple, Tensor)):
            cells += _count_cells(item)
    return cells
