"""Patterns of wrong answers that no known mistake explains. They reveal the key: for staff.

Every pattern is a phrase that continues "It is": "twice the key", "the key, transposed".
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from grader.display.text import to_text
from grader.grading.result import PartResult
from grader.grading.rounding import equals_up_to_noise, is_precise_rounding, last_figure_unit
from grader.grading.tolerance import Tolerance, find_cell_rule
from grader.reading.decimal_places import last_decimal_unit
from grader.values import Number, Tensor, Value, absolute_value, is_number

Cells: TypeAlias = tuple[Number, ...]
ArrayShape: TypeAlias = tuple[int, ...]
CellIndices: TypeAlias = tuple[int, ...]
"""For each cell of an array, the index of its source cell in another."""

UNEXPLAINED_STATUSES: Final = frozenset({"wrong", "partial"})
POWERS: Final = range(1, 13)
UNITS: Final = ("KB and KiB", "MB and MiB", "GB and GiB", "TB and TiB")
FACTORS: Final[dict[Fraction, str]] = {
    Fraction(2): "twice the key",
    Fraction(1, 2): "half the key",
    Fraction(100): "100 times the key, as percent for a fraction",
    Fraction(1, 100): "a hundredth of the key, as a fraction for percent",
    **{
        Fraction(1024, 1000) ** (sign * power): f"the key with {units} mixed up"
        for power, units in enumerate(UNITS, 1)
        for sign in (1, -1)
    },
    **{
        Fraction(10) ** (sign * power): f"the key times 10^{sign * power}"
        for power in POWERS
        for sign in (1, -1)
        if power != 2  # noqa: PLR2004  (a hundred is the percent above)
    },
}
SORTED_FACTORS: Final = sorted(FACTORS)
APPROXIMATE_FACTORS: Final = [float(factor) for factor in SORTED_FACTORS]
ROUNDING_RANGE: Final = (0.9949, 1.0051)
"""Range of a factor's change by rounding to three figures, with a margin for floats."""

CACHED_SHAPES: Final = 32
"""Number of shapes whose cell indices are cached."""
THREE_FIGURES: Final = Tolerance(rounded=3)
MATRIX_AXES: Final = 2
PAIR_SIZE: Final = 2
MIN_SHIFTED_LENGTH: Final = 3
"""Minimum length of an axis along which a shift is no coincidence."""
AXIS_NAMES: Final = ("image", "channel", "row", "column")
SHIFT_DIRECTIONS: Final = (("up", "down"), ("left", "right"))
"""Directions of a shift along the last axis but one, and along the last."""


def describe_key_resemblances(result: PartResult) -> tuple[str, ...]:
    """Return the resemblances between the answer and the key that counted, the most telling first.

    Empty if the answer is right or cost nothing, or if a known mistake explains it.

    >>> result = PartResult("a", "wrong", Fraction(0), 1, value=126, counted_key=63)
    >>> describe_key_resemblances(result)
    ('twice the key',)
    """
    value, key = result.value, result.counted_key
    if result.status not in UNEXPLAINED_STATUSES:
        return ()
    if is_number(value) and is_number(key):
        return tuple(_describe_number_resemblances(value, key))
    if isinstance(value, Tensor) and isinstance(key, Tensor):
        phrases = (_describe_rearrangement(value, key), _describe_factor_or_addend(value, key))
        return tuple(phrase for phrase in phrases if phrase)
    if isinstance(value, tuple) and isinstance(key, tuple) and len(value) == len(key):
        return tuple(_describe_item_resemblances(value, key))
    return ()


def _describe_number_resemblances(value: Number, key: Number) -> Iterator[str]:
    step = last_figure_unit(value, last_decimal_unit(value))
    if value - key in {1, -1}:
        yield f"one {'more' if value > key else 'less'} than the key"
    if not key or not value:
        return
    if value == -key or is_precise_rounding(value, -key, step=step):
        yield "the key with the other sign"
    ratio = Fraction(value) / key
    if ratio in FACTORS:
        yield FACTORS[ratio]
    elif step is not None and SORTED_FACTORS[0] / 2 < ratio < SORTED_FACTORS[-1] * 2:
        low, high = (float(ratio) * limit for limit in ROUNDING_RANGE)
        near = SORTED_FACTORS[
            bisect_left(APPROXIMATE_FACTORS, low) : bisect_right(APPROXIMATE_FACTORS, high)
        ]
        yield from (
            FACTORS[one] for one in near if is_precise_rounding(value, key * one, step=step)
        )


def _describe_item_resemblances(value: tuple[Value, ...], key: tuple[Value, ...]) -> Iterator[str]:
    """Yield how the sizes of a shape, or the items of a set, resemble those of the key."""
    if Counter(value) == Counter(key):
        yield "the key with its axes in another order"
    pairs = [*enumerate(zip(value, key, strict=True), 1)]
    wrong = [str(at) for at, (pair, two) in pairs if pair != two]
    moves = {_subtract_or_none(pair, two) for _, (pair, two) in pairs if pair != two}
    if moves in ({1}, {-1}):
        positions = f"place{'s' if len(wrong) > 1 else ''} {' and '.join(wrong)}"
        yield f"the key but for one {'more' if 1 in moves else 'less'} in {positions}"


def _subtract_or_none(left: Value, right: Value) -> Number | None:
    return left - right if is_number(left) and is_number(right) else None


def _describe_rearrangement(value: Tensor, key: Tensor) -> str:
    """Return how the answer rearranges the cells of the key; "" if it does not."""
    if len(value.cells) == len(key.cells):
        return (
            _describe_transpose_or_flip(value, key)
            or _describe_shift(value, key)
            or _describe_reordered_slices(value, key)
        )
    return _describe_missing_slice(value, key)


def _describe_transpose_or_flip(value: Tensor, key: Tensor) -> str:
    """Return how the answer is the key transposed or flipped; "" if it is not."""
    for how, shape, indices in _enumerate_transposes_and_flips(key.shape):
        cells = _take_cells(key, indices)
        if shape == value.shape and cells != key.cells and _cells_match(value.cells, cells):
            return f"the key, {how}"
    return ""


@lru_cache(maxsize=CACHED_SHAPES)
def _enumerate_transposes_and_flips(
    shape: ArrayShape,
) -> tuple[tuple[str, ArrayShape, CellIndices], ...]:
    """Return the ways to turn an array, each with the resulting shape and cell indices."""
    indices = _index_array(shape)
    if indices.ndim == 1:
        turns = {"backwards": indices[::-1]}
    else:
        turns = {
            "transposed": indices.swapaxes(-1, -2),
            "flipped upside down": indices[..., ::-1, :],
            "flipped left to right": indices[..., ::-1],
            "turned by half": indices[..., ::-1, ::-1],
        }
    return tuple((how, turned.shape, _flatten(turned)) for how, turned in turns.items())


def _describe_shift(value: Tensor, key: Tensor) -> str:
    """Return in which direction the key is shifted by one cell, regardless of the new cells."""
    for way, to, origin in _enumerate_shifts(key.shape) if value.shape == key.shape else ():
        cells = _take_cells(key, origin)
        if len({*cells}) > 1 and _cells_match(_take_cells(value, to), cells):
            return f"the key, shifted {way} by one"
    return ""


@lru_cache(maxsize=CACHED_SHAPES)
def _enumerate_shifts(shape: ArrayShape) -> tuple[tuple[str, CellIndices, CellIndices], ...]:
    """Return the ways to shift an array by one, each with the cell indices after and before it."""
    indices = _index_array(shape)
    shifts: list[tuple[str, CellIndices, CellIndices]] = []
    for axis, (back, on) in zip((-2, -1), SHIFT_DIRECTIONS, strict=True):
        if indices.ndim + axis < 0 or indices.shape[axis] < MIN_SHIFTED_LENGTH:
            continue
        along = np.moveaxis(indices, axis, 0)
        first, last = _flatten(along[:-1]), _flatten(along[1:])
        shifts += [(back, first, last), (on, last, first)]
    return tuple(shifts)


def _describe_reordered_slices(value: Tensor, key: Tensor) -> str:
    """Return which slices of the key are in another order."""
    if value.shape != key.shape or {*value.cells} != {*key.cells}:
        return ""
    for axis, name in enumerate(_slice_names(key)):
        answer_slices, key_slices = _slice_cells(value, axis), _slice_cells(key, axis)
        if Counter(answer_slices) == Counter(key_slices):
            wrong = [
                index
                for index, (one, two) in enumerate(zip(answer_slices, key_slices, strict=True), 1)
                if one != two
            ]
            if len(wrong) > PAIR_SIZE:
                return f"the key with its {name}s in another order"
            return f"the key with {name}s {wrong[0]} and {wrong[1]} exchanged"
    return ""


def _describe_missing_slice(value: Tensor, key: Tensor) -> str:
    """Return which row, column or channel of the key the answer lacks."""
    if len(value.shape) != len(key.shape):
        return ""
    short = [
        index
        for index, (one, two) in enumerate(zip(value.shape, key.shape, strict=True))
        if one != two
    ]
    if len(short) != 1 or value.shape[short[0]] != key.shape[short[0]] - 1:
        return ""
    answer_slices, key_slices = _slice_cells(value, short[0]), _slice_cells(key, short[0])
    index = next(
        (
            index
            for index, one in enumerate(answer_slices)
            if not _cells_match(one, key_slices[index])
        ),
        len(answer_slices),
    )
    rest = zip(answer_slices[index:], key_slices[index + 1 :], strict=True)
    missing = all(_cells_match(one, two) for one, two in rest)
    return f"the key without {_slice_names(key)[short[0]]} {index + 1}" if missing else ""


def _describe_factor_or_addend(value: Tensor, key: Tensor) -> str:
    """Return the factor or addend that turns the key, or each of its channels, into the answer."""
    if value.shape != key.shape or len(key.cells) < PAIR_SIZE:
        return ""
    pairs = [*zip(value.cells, key.cells, strict=True)]
    first, divisor = next(((pair, two) for pair, two in pairs if two), (0, 0))
    factor = Fraction(first) / divisor if divisor else Fraction(0)
    if factor and all(pair == factor * two for pair, two in pairs):
        by = "with the other sign" if factor == -1 else f"times {to_text(factor)}"
        return f"the key {by} in every cell"
    if difference := _describe_constant_difference(pairs):
        return f"the key {difference} in every cell, as by a bias"
    if len(key.shape) <= MATRIX_AXES:
        return ""
    channels = zip(_slice_cells(value, 0), _slice_cells(key, 0), strict=True)
    moved = [
        _describe_constant_difference([*zip(mine, true, strict=True)]) for mine, true in channels
    ]
    return f"the key {', '.join(moved)} in its channels, as by biases" if all(moved) else ""


def _describe_constant_difference(pairs: list[tuple[Number, Number]]) -> str:
    """Return the difference of all *pairs* as "plus 3" or "minus 3", "" if it varies."""
    difference = pairs[0][0] - pairs[0][1]
    if any(pair - two != difference for pair, two in pairs):
        return ""
    return f"{'plus' if difference >= 0 else 'minus'} {to_text(absolute_value(difference))}"


def _take_cells(tensor: Tensor, indices: CellIndices) -> Cells:
    return tuple(map(tensor.cells.__getitem__, indices))


def _slice_cells(tensor: Tensor, axis: int) -> list[Cells]:
    """Return the cells of each slice across *axis*."""
    return [_take_cells(tensor, one) for one in _slice_indices(tensor.shape, axis)]


@lru_cache(maxsize=CACHED_SHAPES)
def _slice_indices(shape: ArrayShape, axis: int) -> tuple[CellIndices, ...]:
    """Return the cell indices of each slice across *axis*."""
    return tuple(map(_flatten, np.moveaxis(_index_array(shape), axis, 0)))


def _index_array(shape: ArrayShape) -> npt.NDArray[np.int64]:
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def _flatten(indices: npt.NDArray[np.int64]) -> CellIndices:
    return tuple(indices.ravel().tolist())


def _slice_names(tensor: Tensor) -> tuple[str, ...]:
    """Return the name of a slice across each axis."""
    rank = len(tensor.shape)
    if rank == 1:
        return ("number",)
    return ("slice",) * (rank - len(AXIS_NAMES)) + AXIS_NAMES[-rank:]


def _cells_match(cells: Cells, expected: Cells) -> bool:
    """Return whether all cells are those wanted, up to float noise or three-figure rounding."""
    return cells == expected or all(map(_cell_matches, cells, expected))


def _cell_matches(cell: Number, expected: Number) -> bool:
    if equals_up_to_noise(cell, expected, step=None):
        return True
    return find_cell_rule(cell, expected, THREE_FIGURES) is not None
