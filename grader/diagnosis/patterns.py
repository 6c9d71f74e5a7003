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

from grader.display.text import show
from grader.grading.result import Result
from grader.grading.tolerance import Tolerance, cell_accepted_by, last_figure, recognised, resembles
from grader.reading.places import decimal_step
from grader.values import Number, Tensor, is_number, magnitude

__all__ = ["patterns"]

Cells: TypeAlias = tuple[Number, ...]
Form: TypeAlias = tuple[int, ...]
Places: TypeAlias = tuple[int, ...]
"""For each cell of an array, the index of its source cell in another."""

UNNAMED: Final = frozenset({"wrong", "partial"})
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
LINE: Final = sorted(FACTORS)
ROUGHLY: Final = [float(one) for one in LINE]
NEAR: Final = (0.9949, 1.0051)
"""Largest change of a factor by rounding to three figures, with a margin for floats."""

FORMS_KEPT: Final = 32
"""Size of the cache of cell indices per shape."""
ROUNDED: Final = Tolerance(rounded=3)
MATRIX: Final = 2
PAIR: Final = 2
SHORTEST: Final = 3
"""The shortest axis along which a shift is no coincidence."""
AXES: Final = ("image", "channel", "row", "column")
WAYS: Final = (("up", "down"), ("left", "right"))
"""The ways to shift an array along its last axis but one, and along its last."""


def patterns(result: Result) -> tuple[str, ...]:
    """Return the resemblances between the answer and the key that counted, the most telling first.

    Empty if the answer is right or cost nothing, or if a known mistake explains it.

    >>> patterns(Result("a", "wrong", Fraction(0), 1, value=126, against=63))
    ('twice the key',)
    """
    value, key = result.value, result.against
    if result.status not in UNNAMED:
        return ()
    if is_number(value) and is_number(key):
        return tuple(_between_numbers(value, key))
    if isinstance(value, Tensor) and isinstance(key, Tensor):
        found = (_rearranged(value, key), _reckoned(value, key))
        return tuple(phrase for phrase in found if phrase)
    if isinstance(value, tuple) and isinstance(key, tuple) and len(value) == len(key):
        return tuple(_between_rows(value, key))
    return ()


def _between_numbers(value: Number, key: Number) -> Iterator[str]:
    step = last_figure(value, decimal_step(value))
    if value - key in {1, -1}:
        yield f"one {'more' if value > key else 'less'} than the key"
    if not key or not value:
        return
    if value == -key or resembles(value, -key, step=step):
        yield "the key with the other sign"
    ratio = Fraction(value) / key
    if ratio in FACTORS:
        yield FACTORS[ratio]
    elif step is not None and LINE[0] / 2 < ratio < LINE[-1] * 2:
        low, high = (float(ratio) * limit for limit in NEAR)
        near = LINE[bisect_left(ROUGHLY, low) : bisect_right(ROUGHLY, high)]
        yield from (FACTORS[one] for one in near if resembles(value, key * one, step=step))


def _between_rows(value: tuple[object, ...], key: tuple[object, ...]) -> Iterator[str]:
    """Yield how the sizes of a shape, or the items of a set, resemble those of the key."""
    if Counter(value) == Counter(key):
        yield "the key with its axes in another order"
    pairs = [*enumerate(zip(value, key, strict=True), 1)]
    wrong = [str(at) for at, (one, two) in pairs if one != two]
    moves = {_more(one, two) for _, (one, two) in pairs if one != two}
    if moves in ({1}, {-1}):
        place = f"place{'s' if len(wrong) > 1 else ''} {' and '.join(wrong)}"
        yield f"the key but for one {'more' if 1 in moves else 'less'} in {place}"


def _more(one: object, other: object) -> Number | None:
    return one - other if is_number(one) and is_number(other) else None


def _rearranged(value: Tensor, key: Tensor) -> str:
    """Return how the answer rearranges the cells of the key; "" if it does not."""
    if len(value.cells) == len(key.cells):
        return _turned(value, key) or _shifted(value, key) or _swapped(value, key)
    return _without_a_slice(value, key)


def _turned(value: Tensor, key: Tensor) -> str:
    """Return how the answer is the key transposed or flipped; "" if it is not."""
    for how, form, places in _turns(key.shape):
        cells = _taken(key, places)
        if form == value.shape and cells != key.cells and _alike(value.cells, cells):
            return f"the key, {how}"
    return ""


@lru_cache(maxsize=FORMS_KEPT)
def _turns(shape: Form) -> tuple[tuple[str, Form, Places], ...]:
    """Return the ways to turn an array, each with the resulting shape and cell indices."""
    places = _places(shape)
    if places.ndim == 1:
        turns = {"backwards": places[::-1]}
    else:
        turns = {
            "transposed": places.swapaxes(-1, -2),
            "flipped upside down": places[..., ::-1, :],
            "flipped left to right": places[..., ::-1],
            "turned by half": places[..., ::-1, ::-1],
        }
    return tuple((how, turned.shape, _flat(turned)) for how, turned in turns.items())


def _shifted(value: Tensor, key: Tensor) -> str:
    """Return in which direction the key is shifted by one cell, regardless of the new cells."""
    for way, to, origin in _shifts(key.shape) if value.shape == key.shape else ():
        cells = _taken(key, origin)
        if len({*cells}) > 1 and _alike(_taken(value, to), cells):
            return f"the key, shifted {way} by one"
    return ""


@lru_cache(maxsize=FORMS_KEPT)
def _shifts(shape: Form) -> tuple[tuple[str, Places, Places], ...]:
    """Return the ways to shift an array by one, each with the cell indices after and before it."""
    places = _places(shape)
    found: list[tuple[str, Places, Places]] = []
    for axis, (back, on) in zip((-2, -1), WAYS, strict=True):
        if places.ndim + axis < 0 or places.shape[axis] < SHORTEST:
            continue
        along = np.moveaxis(places, axis, 0)
        first, last = _flat(along[:-1]), _flat(along[1:])
        found += [(back, first, last), (on, last, first)]
    return tuple(found)


def _swapped(value: Tensor, key: Tensor) -> str:
    """Return which slices of the key are in another order."""
    if value.shape != key.shape or {*value.cells} != {*key.cells}:
        return ""
    for axis, name in enumerate(_axes(key)):
        mine, true = _slices(value, axis), _slices(key, axis)
        if Counter(mine) == Counter(true):
            wrong = [
                at for at, (one, two) in enumerate(zip(mine, true, strict=True), 1) if one != two
            ]
            if len(wrong) > PAIR:
                return f"the key with its {name}s in another order"
            return f"the key with {name}s {wrong[0]} and {wrong[1]} exchanged"
    return ""


def _without_a_slice(value: Tensor, key: Tensor) -> str:
    """Return which row, column or channel of the key the answer lacks."""
    if len(value.shape) != len(key.shape):
        return ""
    short = [
        at for at, (one, two) in enumerate(zip(value.shape, key.shape, strict=True)) if one != two
    ]
    if len(short) != 1 or value.shape[short[0]] != key.shape[short[0]] - 1:
        return ""
    mine, true = _slices(value, short[0]), _slices(key, short[0])
    at = next((at for at, one in enumerate(mine) if not _alike(one, true[at])), len(mine))
    rest = zip(mine[at:], true[at + 1 :], strict=True)
    missing = all(_alike(one, two) for one, two in rest)
    return f"the key without {_axes(key)[short[0]]} {at + 1}" if missing else ""


def _reckoned(value: Tensor, key: Tensor) -> str:
    """Return the factor or addend that turns the key, or each of its channels, into the answer."""
    if value.shape != key.shape or len(key.cells) < PAIR:
        return ""
    pairs = [*zip(value.cells, key.cells, strict=True)]
    first, true = next(((one, two) for one, two in pairs if two), (0, 0))
    factor = Fraction(first) / true if true else Fraction(0)
    if factor and all(one == factor * two for one, two in pairs):
        by = "with the other sign" if factor == -1 else f"times {show(factor)}"
        return f"the key {by} in every cell"
    if added := _added(pairs):
        return f"the key {added} in every cell, as by a bias"
    if len(key.shape) <= MATRIX:
        return ""
    channels = zip(_slices(value, 0), _slices(key, 0), strict=True)
    moved = [_added([*zip(mine, true, strict=True)]) for mine, true in channels]
    return f"the key {', '.join(moved)} in its channels, as by biases" if all(moved) else ""


def _added(pairs: list[tuple[Number, Number]]) -> str:
    """Return the difference of all *pairs* as "plus 3" or "minus 3", "" if it varies."""
    difference = pairs[0][0] - pairs[0][1]
    if any(one - two != difference for one, two in pairs):
        return ""
    return f"{'plus' if difference >= 0 else 'minus'} {show(magnitude(difference))}"


def _taken(tensor: Tensor, places: Places) -> Cells:
    return tuple(map(tensor.cells.__getitem__, places))


def _slices(tensor: Tensor, axis: int) -> list[Cells]:
    """Return the cells of each slice across *axis*."""
    return [_taken(tensor, one) for one in _cuts(tensor.shape, axis)]


@lru_cache(maxsize=FORMS_KEPT)
def _cuts(shape: Form, axis: int) -> tuple[Places, ...]:
    """Return the cell indices of each slice across *axis*."""
    return tuple(map(_flat, np.moveaxis(_places(shape), axis, 0)))


def _places(shape: Form) -> npt.NDArray[np.int64]:
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def _flat(places: npt.NDArray[np.int64]) -> Places:
    return tuple(places.ravel().tolist())


def _axes(tensor: Tensor) -> tuple[str, ...]:
    """Return the name of a slice across each axis."""
    rank = len(tensor.shape)
    if rank == 1:
        return ("number",)
    return ("slice",) * (rank - len(AXES)) + AXES[-rank:]


def _alike(cells: Cells, wanted: Cells) -> bool:
    """Return whether all cells are those wanted, up to float noise or three-figure rounding."""
    return cells == wanted or all(map(_near, cells, wanted))


def _near(cell: Number, wanted: Number) -> bool:
    if recognised(cell, wanted, step=None):
        return True
    return cell_accepted_by(cell, wanted, ROUNDED) is not None
