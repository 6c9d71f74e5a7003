"""Checks that solvers share: each returns its argument in a plain form or raises `SolverError`."""

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.values import MAX_CELLS, Array, Number, Tensor, exact

__all__ = [
    "LARGEST",
    "Grid",
    "Pair",
    "Shape",
    "along_axes",
    "array",
    "fitting",
    "flag",
    "numbers",
    "pair",
    "rows_of",
    "shape_of",
    "share",
    "whole",
]

LARGEST: Final = 10**15
LONGEST_LIST: Final = 1000
MOST_LISTED: Final = 10_000
LONGEST_NUMBER: Final = 128
MOST_AXES: Final = 3

Shape: TypeAlias = tuple[int, ...]
Pair: TypeAlias = int | tuple[int, int]
Grid: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.float64] | Sequence[object]


def whole(value: object, what: str, *, least: int = 1) -> int:
    """Return *value* as an integer that is at least *least*.

    >>> whole(3, "stride")
    3
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise SolverError(f"{what} must be a whole number, not {_shown(value)}")
    if not least <= value <= LARGEST:
        raise SolverError(f"{what} must be from {least} to {LARGEST}, not {_shown(value)}")
    return int(value)


def flag(value: object, what: str) -> bool:
    """Return *value*, which must be a truth value."""
    if not isinstance(value, bool):
        raise SolverError(f"{what} must be True or False, not {_shown(value)}")
    return value


def pair(value: object, what: str, *, least: int = 1) -> tuple[int, int]:
    """Return *value* for height and width; one number stands for both.

    >>> pair(3, "kernel_size")
    (3, 3)
    """
    if not isinstance(value, (tuple, list)):
        side = whole(value, what, least=least)
        return side, side
    if len(value) != 2:  # noqa: PLR2004 - height and width
        raise SolverError(f"{what} must be one number or two, not {len(value)}")
    return whole(value[0], what, least=least), whole(value[1], what, least=least)


def along_axes(value: object, what: str, *, axes: int | None = None) -> Shape:
    """Return *value* as sizes along so many *axes*, or as many as it names, from one to three.

    One number stands for all of them; where their number is open, for height and width.

    >>> along_axes(3, "kernel_size"), along_axes((3,), "kernel_size"), along_axes(8, "x", axes=3)
    ((3, 3), (3,), (8, 8, 8))
    """
    if not isinstance(value, (tuple, list)):
        return (whole(value, what),) * (2 if axes is None else axes)
    if axes is None and not 1 <= len(value) <= MOST_AXES:
        raise SolverError(f"{what} must be one to {MOST_AXES} numbers, not {len(value)}")
    if axes is not None and len(value) != axes:
        raise SolverError(f"{what} must have a number for each of {axes} axes, not {len(value)}")
    return tuple(whole(size, what) for size in value)


def shape_of(value: object, what: str = "the shape") -> Shape:
    """Return *value* as a tuple of at least one size, each at least 1."""
    if not isinstance(value, (tuple, list)) or not value:
        raise SolverError(f"{what} must be a tuple of sizes, not {_shown(value)}")
    return tuple(whole(size, f"each size of {what}") for size in value)


def fitting(sizes: Sequence[int], what: str = "the result", *, most: int = MAX_CELLS) -> None:
    """Guarantee that an array of these *sizes* has no more than *most* cells."""
    cells = math.prod(sizes)
    if cells > most:
        raise SolverError(f"{what} would have {cells} cells, the limit is {most}")


def array(value: object, what: str, *, ranks: tuple[int, ...]) -> Array:
    """Return *value* as an array of integers or floats that has one of the *ranks*.

    Nested tuples are taken too, so that an expression may spell a kernel as ``[[1, 0], [0, 1]]``,
    and tuples of arrays, so that it may stack rows as ``(X[0], X[2])``.

    >>> array(((1, 2), (3, 4)), "x", ranks=(2,)).shape
    (2, 2)
    """
    found = value if isinstance(value, np.ndarray) else _spelled(value, what)
    if found.ndim not in ranks:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise SolverError(f"{what} must have {wanted} axes, not {found.ndim}")
    if not found.size:
        raise SolverError(f"{what} is empty")
    if np.issubdtype(found.dtype, np.integer):
        return found.astype(np.int64, copy=False)
    return found.astype(np.float64, copy=False)


def numbers(value: object, what: str, *, most: int = LONGEST_LIST) -> tuple[Number, ...]:
    """Return a list, tuple or row of an array as exact numbers, at least one.

    >>> numbers((1, 0.5), "scores")
    (1, Fraction(1, 2))
    """
    items = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(items, (tuple, list)) or not items:
        raise SolverError(f"{what} must be a list of numbers, not {_shown(value)}")
    if len(items) > most:
        raise SolverError(f"{what} has {len(items)} numbers, the limit is {most}")
    found = tuple(exact(item) for item in items)
    if any(
        max(one.numerator.bit_length(), one.denominator.bit_length()) > LONGEST_NUMBER
        for one in found
    ):
        raise SolverError(f"a number of {what} has too many digits")
    return found


def share(value: object, what: str) -> Number:
    """Return *value* as an exact number from 0 to 1.

    >>> share(0.5, "threshold")
    Fraction(1, 2)
    """
    (found,) = numbers((value,), what)
    if not 0 <= found <= 1:
        raise SolverError(f"{what} must be from 0 to 1, not {_shown(value)}")
    return found


def rows_of(
    value: object, what: str, *, width: int | None = None, most: int = LONGEST_LIST
) -> tuple[tuple[Number, ...], ...]:
    """Return a matrix as rows of exact numbers, each of the *width*, or all as wide as the first.

    >>> rows_of([[1, 2], [3, 0.5]], "the boxes")
    ((1, 2), (3, Fraction(1, 2)))
    """
    items = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(items, (tuple, list)) or not items:
        raise SolverError(f"{what} must be a list of rows, not {_shown(value)}")
    if len(items) > most:
        raise SolverError(f"{what} has {len(items)} rows, the limit is {most}")
    listed = sum(len(item) for item in items if isinstance(item, (tuple, list)))
    if listed > MOST_LISTED:
        raise SolverError(f"{what} has {listed} numbers, the limit is {MOST_LISTED}")
    found = tuple(numbers(item, f"a row of {what}", most=most) for item in items)
    wanted = len(found[0]) if width is None else width
    if any(len(row) != wanted for row in found):
        raise SolverError(f"each row of {what} must have {wanted} numbers")
    return found


def _spelled(value: object, what: str) -> Array:
    try:
        return Tensor.of(value).array()
    except ValueError as error:
        raise SolverError(f"{what} is ragged: {error}") from error


def _shown(value: object) -> str:
    """Return *value* in a line, cut short, for messages."""
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - a line's worth
