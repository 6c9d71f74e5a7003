"""Arrays of exact numbers, for results that are fractions: updates of parameters, mean losses.

A float of an array counts as its shortest decimal, so that 0.1 is one tenth.
"""

import math
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.values import Number, Tensor, simplest
from problems.solvers.bounds import Grid, fitting

__all__ = ["Cells", "Exact", "Plain", "exact_array", "exact_number", "matching", "plain", "reduced"]

MAX_EXACT_CELLS: Final = 1000
MAX_COMMON_BITS: Final = 256
SIMPLEST: Final = np.frompyfunc(simplest, 1, 1)

Cells: TypeAlias = Number | Grid
"""A number, or an array of any shape, as it is given to a solver."""
Exact: TypeAlias = npt.NDArray[np.object_]
"""An array of fractions."""
Plain: TypeAlias = Any
"""A number where the result has no axes, else an array."""


def exact_array(value: object, what: str, *, ranks: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Exact:
    """Return *value*, a number or an array of one of the *ranks*, as an array of fractions.

    More than 1000 cells, and fractions without a moderate common denominator, are a `SolverError`:
    their sums would grow without bound.

    >>> exact_array([0.1, 2], "x").tolist()
    [Fraction(1, 10), Fraction(2, 1)]
    """
    found = _tensor(value, what)
    if len(found.shape) not in ranks:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise SolverError(f"{what} must have {wanted} axes, not {len(found.shape)}")
    fitting(found.shape, what, most=MAX_EXACT_CELLS)
    _bounded(found.cells, what)
    cells = np.empty(len(found.cells), dtype=object)
    cells[:] = [Fraction(cell) for cell in found.cells]
    return cells.reshape(found.shape)


def _tensor(value: object, what: str) -> Tensor:
    """Return *value* as a tensor, which has no axes for a number."""
    if isinstance(value, np.ndarray):
        fitting(value.shape, what, most=MAX_EXACT_CELLS)
        return Tensor.from_array(value)
    try:
        return Tensor.of(value)
    except ValueError as error:
        raise SolverError(f"{what} is ragged: {error}") from error
    except SolverError as error:
        raise SolverError(f"{what} must hold numbers: {error}") from error


def _bounded(cells: tuple[Number, ...], what: str) -> None:
    """Guarantee that no sum or product of a few *cells* is a long number."""
    common = 1
    for cell in cells:
        common = math.lcm(common, cell.denominator)
        if max(common.bit_length(), cell.numerator.bit_length()) > MAX_COMMON_BITS:
            raise SolverError(f"the numbers of {what} have too many digits")


def exact_number(value: object, what: str) -> Fraction:
    """Return *value*, which must be one number, as a fraction.

    >>> exact_number(0.9, "momentum")
    Fraction(9, 10)
    """
    found: Fraction = exact_array(value, what, ranks=(0,)).item()
    return found


def matching(one: object, two: object, names: tuple[str, str]) -> tuple[Exact, Exact]:
    """Return two values as arrays of fractions, which must have one shape."""
    left, right = exact_array(one, names[0]), exact_array(two, names[1])
    if left.shape != right.shape:
        raise SolverError(
            f"{names[0]} has the shape {left.shape}, {names[1]} the shape {right.shape}"
        )
    return left, right


def plain(cells: Exact | Fraction) -> Plain:
    """Return fractions with integers for the whole ones: an array, or a number without axes.

    >>> plain(exact_array([0.5, 2], "x")).tolist()
    [Fraction(1, 2), 2]
    """
    return simplest(cells) if isinstance(cells, Fraction) else SIMPLEST(cells)


def reduced(losses: npt.NDArray[Any] | Fraction, reduction: str) -> Plain:
    """Return the mean or the sum of *losses*, or all of them, as *reduction* says.

    Losses without axes are one number.

    >>> reduced(exact_array([1, 2], "losses"), "mean")
    Fraction(3, 2)
    """
    if reduction not in {"mean", "sum", "none"}:
        raise SolverError(f"reduction must be mean, sum or none, not {str(reduction)[:20]}")
    cells = np.asarray(losses)
    found = np.asarray(cells if reduction == "none" else getattr(cells, reduction)())
    result = found if found.ndim else found.item()
    return plain(result) if cells.dtype == object else result
