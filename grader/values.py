"""Value types of keys, answers and parameters: exact numbers, shapes, tensors, formulas.

A number is an `int` or a `Fraction`, never a float, so that comparisons have no rounding noise. A
float from outside (a NumPy solver, a JSON document) is converted from its shortest decimal form.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt

from grader.errors import SolverError

MAX_CELLS: Final = 50_000
"""Maximum number of cells of one tensor, and of all steps of one expression.

Those of the bank have a few hundred.
"""
MAX_MODERATE_INTEGER = 2**31

Number: TypeAlias = int | Fraction
NUMBERS: Final[frozenset[type]] = frozenset({int, Fraction})
"""Exact types of a number; a Boolean has another type."""
Array: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.float64]


class OpaqueValue:
    """A value that only solvers inspect, such as a network; expressions pass it on."""

    __slots__ = ()

    def get_field(self, name: str) -> "Value":
        """Return the field that an expression writes as ``value.name``."""
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Record(OpaqueValue):
    """A record of named values, such as the previous row of a table: ``prev.shape``."""

    fields: Mapping[str, "Value"]

    def get_field(self, name: str) -> "Value":
        """Return the field; raise `KeyError` if there is none."""
        return self.fields[name]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array of exact numbers: *shape*, and the *cells* row by row (C order)."""

    shape: tuple[int, ...]
    cells: tuple[Number, ...]

    @classmethod
    def from_nested(cls, nested: object) -> "Tensor":
        """Return nested sequences of numbers as a tensor; raise `ValueError` if they are ragged.

        A row may be a tensor or an array.

        >>> Tensor.from_nested([[1, 2], [3, 4]]).shape
        (2, 2)
        """
        shape: list[int] = []
        level: list[object] = [nested]
        while level and all(isinstance(item, (list, tuple, Tensor, np.ndarray)) for item in level):
            rows = [tuple(_row_items(item)) for item in level]
            lengths = {len(row) for row in rows}
            if len(lengths) != 1:
                raise ValueError(f"rows of different lengths: {sorted(lengths)}")
            shape.append(lengths.pop())
            level = [item for row in rows for item in row]
        if 0 in shape:
            raise ValueError("an axis is empty")
        return cls(tuple(shape), tuple(to_exact_number(item) for item in level))

    @classmethod
    def from_array(cls, array: npt.NDArray[np.generic]) -> "Tensor":
        """Return a NumPy *array* of any shape as a tensor."""
        if array.size > MAX_CELLS:
            raise SolverError(f"an array of {array.size} cells is larger than {MAX_CELLS}")
        cells = array.ravel().tolist()
        if np.issubdtype(array.dtype, np.integer):
            return cls(array.shape, tuple(cells))
        return cls(array.shape, tuple(to_exact_number(cell) for cell in cells))

    def to_array(self) -> Array:
        """Return a NumPy array: int64 if all cells are integers of moderate size, else float64."""
        if set(map(type, self.cells)) <= {int} and _products_fit_int64(self.cells):
            return np.array(self.cells, dtype=np.int64).reshape(self.shape)
        try:
            floats = [float(cell) for cell in self.cells]
        except OverflowError as error:
            raise SolverError("a cell is too large to compute with") from error
        return np.array(floats, dtype=np.float64).reshape(self.shape)

    def __getitem__(self, index: int) -> "Tensor | Number":
        """Return the sub-tensor at *index* of the first axis, or a number if there is one axis."""
        if not self.shape or not -self.shape[0] <= index < self.shape[0]:
            raise IndexError(index)
        index %= self.shape[0]
        if len(self.shape) == 1:
            return self.cells[index]
        step = math.prod(self.shape[1:])
        return Tensor(self.shape[1:], self.cells[index * step : (index + 1) * step])

    def rows(self) -> "Iterator[Tensor | Number]":
        """Yield the sub-tensors of the first axis, in order."""
        return (self[index] for index in range(self.shape[0]))

    def select(self, selectors: tuple[int | slice, ...]) -> "Tensor | Number":
        """Return the cells that an index or a slice selects on each of the first axes.

        Raises `IndexError` if an index does not fit, or if nothing is left.

        >>> Tensor((2, 2), (1, 2, 3, 4)).select((slice(None), 1))
        Tensor(shape=(2,), cells=(2, 4))
        """
        positions = np.arange(len(self.cells)).reshape(self.shape)[selectors]
        if not positions.size:
            raise IndexError("it has no cells")
        cells = tuple(self.cells[position] for position in positions.ravel().tolist())
        return Tensor(positions.shape, cells) if positions.shape else cells[0]

    def map(self, change: Callable[[Number], Number]) -> "Tensor":
        """Return the tensor with *change* applied to each cell."""
        return Tensor(self.shape, tuple(change(cell) for cell in self.cells))


def _products_fit_int64(cells: tuple[Number, ...]) -> bool:
    """Return whether sums of products of the cells fit into 64 bits."""
    return not cells or (min(cells) >= -MAX_MODERATE_INTEGER and max(cells) <= MAX_MODERATE_INTEGER)


Value: TypeAlias = bool | int | Fraction | str | Tensor | OpaqueValue | tuple["Value", ...]


def is_number(value: object) -> TypeGuard[Number]:
    """Return whether *value* is an exact number; a Boolean is not."""
    return type(value) in NUMBERS


def absolute_value(number: Number) -> Number:
    """Return the absolute value of *number*; type checkers see `abs` of a union as an `object`."""
    return number if number >= 0 else -number


def simplify_number(number: Fraction) -> Number:
    """Return *number* as an integer if it is one."""
    return number.numerator if number.denominator == 1 else number


def round_to_figures(number: Fraction, figures: int) -> Number:
    """Return *number* rounded to *figures* significant figures; integer digits always stay."""
    most = max(figures, len(str(abs(number.numerator) // number.denominator)))
    top, bottom = Decimal(number.numerator), Decimal(number.denominator)
    return simplify_number(Fraction(Context(prec=most).divide(top, bottom)))


def has_same_form_and_sign(value: Value, expected: Value, *, whole: bool = False) -> bool:
    """Return whether *value* has the type and shape of *expected*, and is positive if that is.

    With *whole*, a number must be an integer; the sizes of a shape always must. A tensor must be
    positive if every cell of the expected one is.
    """
    if is_number(expected):
        if not is_number(value) or (whole and not isinstance(value, int)):
            return False
        return value > 0 or expected <= 0
    if isinstance(expected, tuple):
        return (
            isinstance(value, tuple)
            and len(value) == len(expected)
            and all(
                has_same_form_and_sign(one, two, whole=True)
                for one, two in zip(value, expected, strict=True)
            )
        )
    if isinstance(expected, Tensor):
        return (
            isinstance(value, Tensor)
            and value.shape == expected.shape
            and (all(cell > 0 for cell in value.cells) or any(cell <= 0 for cell in expected.cells))
        )
    return False


def _row_items(row: Any) -> Iterable[Any]:
    """Return the items of a *row*: a tensor, an array or a sequence."""
    return row.rows() if isinstance(row, Tensor) else row


def to_exact_number(number: object) -> Number:
    """Return *number* as an exact number; a float by its shortest decimal form: 0.1 is a tenth.

    A float without decimals becomes that integer: 2.0**60 is not rounded to its first digits.

    Raises `SolverError` if there is no finite number.

    >>> to_exact_number(0.1), to_exact_number(2.0)
    (Fraction(1, 10), 2)
    """
    if isinstance(number, (bool, np.bool_)):
        raise SolverError(f"{number!r} is not a number")
    if isinstance(number, (int, np.integer)):
        return int(number)
    if isinstance(number, Fraction):
        return simplify_number(number)
    if isinstance(number, (float, np.floating)):
        if not math.isfinite(number):
            raise SolverError(f"{number!r} is not a finite number")
        value = float(number)
        return (
            int(value) if value.is_integer() else Fraction(*Decimal(repr(value)).as_integer_ratio())
        )
    raise SolverError(f"{type(number).__name__} is not a number")


def to_nested(shape: Sequence[int], cells: Iterable[Number]) -> list[object]:
    """Return *cells* as nested lists of the given *shape* (at least one axis)."""
    level: list[object] = list(cells)
    for length in reversed(shape[1:]):
        level = [level[index : index + length] for index in range(0, len(level), length)]
    return level
