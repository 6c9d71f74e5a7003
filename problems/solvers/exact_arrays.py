"""Arrays of exact fractions, for parameter updates and mean losses.

A float in an array counts as its shortest decimal, so 0.1 is one tenth.
"""

import math
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError
from grader.values import Number, Tensor, simplify_number
from problems.solvers.bounds import Grid, check_cell_count

MAX_EXACT_CELLS: Final = 1000
MAX_COMMON_BITS: Final = 256
SIMPLIFY_CELLS: Final = np.frompyfunc(simplify_number, 1, 1)

NumberOrGrid: TypeAlias = Number | Grid
"""A number or an array of any shape, as passed to a solver."""
FractionArray: TypeAlias = npt.NDArray[np.object_]
"""An array of fractions."""
NumberOrArray: TypeAlias = Any
"""A number if the result has no axes, otherwise an array."""


def as_fraction_array(
    value: object, what: str, *, ranks: tuple[int, ...] = (0, 1, 2, 3, 4)
) -> FractionArray:
    """Return *value*, a number or an array, as an array of fractions.

    Its rank must be one of *ranks*. Raise `SolverError` for more than 1,000 cells, or
    for numerators or a common denominator of more than `MAX_COMMON_BITS` bits: sums of
    such numbers would grow without bound.

    >>> as_fraction_array([0.1, 2], "x").tolist()
    [Fraction(1, 10), Fraction(2, 1)]
    """
    tensor = _as_tensor(value, what)
    if len(tensor.shape) not in ranks:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise SolverError(f"{what} must have {wanted} axes, not {len(tensor.shape)}")
    check_cell_count(tensor.shape, what, most=MAX_EXACT_CELLS)
    _check_digits(tensor.cells, what)
    cells = np.empty(len(tensor.cells), dtype=object)
    cells[:] = [Fraction(cell) for cell in tensor.cells]
    return cells.reshape(tensor.shape)


def _as_tensor(value: object, what: str) -> Tensor:
    """Return *value* as a tensor; a single number has no axes."""
    if isinstance(value, np.ndarray):
        check_cell_count(value.shape, what, most=MAX_EXACT_CELLS)
        return Tensor.from_array(value)
    try:
        return Tensor.from_nested(value)
    except ValueError as error:
        raise SolverError(f"{what} is ragged: {error}") from error
    except SolverError as error:
        raise SolverError(f"{what} must hold numbers: {error}") from error


def _check_digits(cells: tuple[Number, ...], what: str) -> None:
    """Raise `SolverError` if sums or products of a few *cells* would be long numbers."""
    common = 1
    for cell in cells:
        common = math.lcm(common, cell.denominator)
        if max(common.bit_length(), cell.numerator.bit_length()) > MAX_COMMON_BITS:
            raise SolverError(f"the numbers of {what} have too many digits")


def as_fraction(value: object, what: str) -> Fraction:
    """Return *value*, a single number, as a fraction.

    >>> as_fraction(0.9, "momentum")
    Fraction(9, 10)
    """
    number: Fraction = as_fraction_array(value, what, ranks=(0,)).item()
    return number


def as_matching_arrays(
    first: object, second: object, names: tuple[str, str]
) -> tuple[FractionArray, FractionArray]:
    """Return two values as fraction arrays; raise `SolverError` if their shapes differ."""
    left, right = as_fraction_array(first, names[0]), as_fraction_array(second, names[1])
    if left.shape != right.shape:
        raise SolverError(
            f"{names[0]} has the shape {left.shape}, {names[1]} the shape {right.shape}"
        )
    return left, right


def simplify_fractions(cells: FractionArray | Fraction) -> NumberOrArray:
    """Return *cells* with whole fractions converted to integers.

    An array without axes gives a single number.

    >>> simplify_fractions(as_fraction_array([0.5, 2], "x")).tolist()
    [Fraction(1, 2), 2]
    """
    return simplify_number(cells) if isinstance(cells, Fraction) else SIMPLIFY_CELLS(cells)


def reduce_losses(losses: npt.NDArray[Any] | Fraction, reduction: str) -> NumberOrArray:
    """Return the mean or sum of *losses*, or with the *reduction* ``none`` all of them.

    A result without axes is a single number.

    >>> reduce_losses(as_fraction_array([1, 2], "losses"), "mean")
    Fraction(3, 2)
    """
    if reduction not in {"mean", "sum", "none"}:
        raise SolverError(f"reduction must be mean, sum or none, not {str(reduction)[:20]}")
    cells = np.asarray(losses)
    reduced_cells = np.asarray(cells if reduction == "none" else getattr(cells, reduction)())
    result = reduced_cells if reduced_cells.ndim else reduced_cells.item()
    return simplify_fractions(result) if cells.dtype == object else result
