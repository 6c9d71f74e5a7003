"""Argument checks shared by solvers.

Each check returns its argument in a normalized form or raises `SolverError`.
"""

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.values import MAX_CELLS, Array, Number, Tensor, to_exact_number

MAX_INTEGER: Final = 10**15
MAX_LIST_LENGTH: Final = 1000
MAX_LISTED_NUMBERS: Final = 10_000
MAX_NUMBER_BITS: Final = 128
MAX_AXES: Final = 3

Shape: TypeAlias = tuple[int, ...]
Pair: TypeAlias = int | tuple[int, int]
Grid: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.float64] | Sequence[object]


def as_integer(value: object, what: str, *, least: int = 1) -> int:
    """Return *value* as an integer of at least *least* and at most `MAX_INTEGER`.

    >>> as_integer(3, "stride")
    3
    """
    if type(value) is int and least <= value <= MAX_INTEGER:
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise SolverError(f"{what} must be a whole number, not {_format_short_line(value)}")
    if not least <= value <= MAX_INTEGER:
        raise SolverError(
            f"{what} must be from {least} to {MAX_INTEGER}, not {_format_short_line(value)}"
        )
    return int(value)


def require_bool(value: object, what: str) -> bool:
    """Return *value*, or raise `SolverError` if it is not a bool."""
    if not isinstance(value, bool):
        raise SolverError(f"{what} must be True or False, not {_format_short_line(value)}")
    return value


def as_pair(value: object, what: str, *, least: int = 1) -> tuple[int, int]:
    """Return *value* as a pair (height, width); a single number sets both.

    >>> as_pair(3, "kernel_size")
    (3, 3)
    """
    if not isinstance(value, (tuple, list)):
        side = as_integer(value, what, least=least)
        return side, side
    if len(value) != 2:  # noqa: PLR2004 - height and width
        raise SolverError(f"{what} must be one number or two, not {len(value)}")
    return as_integer(value[0], what, least=least), as_integer(value[1], what, least=least)


def as_axis_sizes(value: object, what: str, *, axes: int | None = None) -> Shape:
    """Return *value* as one size per axis, for one to three axes.

    A single number sets every axis, or height and width if *axes* is None. A
    tuple must have *axes* numbers, if that is set.

    >>> as_axis_sizes(3, "kernel_size"), as_axis_sizes((3,), "kernel_size")
    ((3, 3), (3,))
    >>> as_axis_sizes(8, "x", axes=3)
    (8, 8, 8)
    """
    if not isinstance(value, (tuple, list)):
        return (as_integer(value, what),) * (2 if axes is None else axes)
    if axes is None and not 1 <= len(value) <= MAX_AXES:
        raise SolverError(f"{what} must be one to {MAX_AXES} numbers, not {len(value)}")
    if axes is not None and len(value) != axes:
        raise SolverError(f"{what} must have a number for each of {axes} axes, not {len(value)}")
    return tuple(as_integer(size, what) for size in value)


def as_shape(value: object, what: str = "the shape") -> Shape:
    """Return *value* as a nonempty tuple of sizes, each at least 1."""
    if not isinstance(value, (tuple, list)) or not value:
        raise SolverError(f"{what} must be a tuple of sizes, not {_format_short_line(value)}")
    return tuple(as_integer(size, f"each size of {what}") for size in value)


def check_cell_count(
    sizes: Sequence[int], what: str = "the result", *, most: int = MAX_CELLS
) -> None:
    """Raise `SolverError` if an array of these *sizes* has more than *most* cells."""
    cells = math.prod(sizes)
    if cells > most:
        raise SolverError(f"{what} would have {cells} cells, the limit is {most}")


def as_array(value: object, what: str, *, ranks: tuple[int, ...]) -> Array:
    """Return *value* as an array of integers or floats whose rank is one of *ranks*.

    Nested sequences are accepted, so an expression can write a kernel as
    ``[[1, 0], [0, 1]]``. So are tuples of arrays, so it can stack rows as
    ``(X[0], X[2])``.

    >>> as_array(((1, 2), (3, 4)), "x", ranks=(2,)).shape
    (2, 2)
    """
    cells = value if isinstance(value, np.ndarray) else _array_from_nested(value, what)
    if cells.ndim not in ranks:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise SolverError(f"{what} must have {wanted} axes, not {cells.ndim}")
    if not cells.size:
        raise SolverError(f"{what} is empty")
    if np.issubdtype(cells.dtype, np.integer):
        return cells.astype(np.int64, copy=False)
    return cells.astype(np.float64, copy=False)


def as_numbers(value: object, what: str, *, most: int = MAX_LIST_LENGTH) -> tuple[Number, ...]:
    """Return a nonempty list, tuple or array row as exact numbers.

    >>> as_numbers((1, 0.5), "scores")
    (1, Fraction(1, 2))
    """
    items = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(items, (tuple, list)) or not items:
        raise SolverError(f"{what} must be a list of numbers, not {_format_short_line(value)}")
    if len(items) > most:
        raise SolverError(f"{what} has {len(items)} numbers, the limit is {most}")
    values = tuple(to_exact_number(item) for item in items)
    if any(
        max(one.numerator.bit_length(), one.denominator.bit_length()) > MAX_NUMBER_BITS
        for one in values
    ):
        raise SolverError(f"a number of {what} has too many digits")
    return values


def as_proportion(value: object, what: str) -> Number:
    """Return *value* as an exact number from 0 to 1.

    >>> as_proportion(0.5, "threshold")
    Fraction(1, 2)
    """
    (proportion,) = as_numbers((value,), what)
    if not 0 <= proportion <= 1:
        raise SolverError(f"{what} must be from 0 to 1, not {_format_short_line(value)}")
    return proportion


def as_rows(
    value: object, what: str, *, width: int | None = None, most: int = MAX_LIST_LENGTH
) -> tuple[tuple[Number, ...], ...]:
    """Return a matrix as rows of exact numbers.

    Each row must have *width* numbers, or as many as the first row if *width* is None.

    >>> as_rows([[1, 2], [3, 0.5]], "the boxes")
    ((1, 2), (3, Fraction(1, 2)))
    """
    items = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(items, (tuple, list)) or not items:
        raise SolverError(f"{what} must be a list of rows, not {_format_short_line(value)}")
    if len(items) > most:
        raise SolverError(f"{what} has {len(items)} rows, the limit is {most}")
    listed = sum(len(item) for item in items if isinstance(item, (tuple, list)))
    if listed > MAX_LISTED_NUMBERS:
        raise SolverError(f"{what} has {listed} numbers, the limit is {MAX_LISTED_NUMBERS}")
    rows = tuple(as_numbers(item, f"a row of {what}", most=most) for item in items)
    wanted = len(rows[0]) if width is None else width
    if any(len(row) != wanted for row in rows):
        raise SolverError(f"each row of {what} must have {wanted} numbers")
    return rows


def _array_from_nested(value: object, what: str) -> Array:
    try:
        return Tensor.from_nested(value).to_array()
    except ValueError as error:
        raise SolverError(f"{what} is ragged: {error}") from error


def _format_short_line(value: object) -> str:
    """Return *value* as one short line, for error messages."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - a line's worth
