"""Sinusoidal encodings of positions: sines and cosines whose waves grow longer feature by feature.

All values are doubles. Source: Vaswani et al., Attention Is All You Need (2017), section 3.5.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, TypeAlias

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.bounds import fitting, whole
from problems.solvers.twins import instead, twins_of

__all__ = ["SOLVERS", "TWINS", "positional_encoding", "positional_encodings"]

MAX_CELLS: Final = 4096
BASE: Final = 10_000

Cell: TypeAlias = Callable[[SimpleNamespace], float]
"""What one feature of one position is, of all that `positional_encoding` is given."""


def positional_encoding(position: int, feature: int, d_model: int, *, base: int = BASE) -> float:
    """Return one feature of the encoding of a position, both counted from 0.

    Feature ``2*i`` is ``sin(position / base**(2*i/d_model))``, feature ``2*i + 1`` the cosine of
    the same angle. An odd *d_model*, and a feature that it does not have, is a `SolverError`.

    >>> round(positional_encoding(3, 2, 4), 6)
    0.029996
    """
    return _cell(_checked(position, feature, d_model, base))


def positional_encodings(length: int, d_model: int, *, base: int = BASE) -> Array:
    """Return the encodings of the positions 0, 1, ..., one row of *d_model* features for each.

    Each cell follows `positional_encoding`.

    >>> positional_encodings(2, 2).round(4)
    array([[0.    , 1.    ],
           [0.8415, 0.5403]])
    """
    return _table(_cell, length, d_model, base)


def _checked(position: int, feature: int, d_model: int, base: int) -> SimpleNamespace:
    """Return what one cell is made of, which must fit together."""
    width = whole(d_model, "d_model")
    if width % 2:
        raise SolverError(f"d_model must be even, as features come in pairs, not {width}")
    if whole(feature, "feature", least=0) >= width:
        raise SolverError(f"there is no feature {feature} among {width}, counted from 0")
    return SimpleNamespace(
        position=whole(position, "position", least=0),
        feature=feature,
        d_model=width,
        base=whole(base, "base", least=2),
    )


def _table(cell: Cell, length: int, d_model: int, base: int) -> Array:
    """Return the matrix whose cells *cell* gives."""
    fitting((whole(length, "length"), whole(d_model, "d_model")), most=MAX_CELLS)
    rows = (
        [cell(_checked(position, feature, d_model, base)) for feature in range(d_model)]
        for position in range(length)
    )
    return np.array(list(rows))


def _power(given: SimpleNamespace, exponent: int) -> float:
    return float(given.base ** (exponent / given.d_model))


def _angle(given: SimpleNamespace) -> float:
    """Return the angle in radians, the same for both features of a pair."""
    return float(given.position / _power(given, given.feature // 2 * 2))


def _wave(given: SimpleNamespace, angle: float) -> float:
    """Return the sine in a feature with an even number, else the cosine."""
    return math.cos(angle) if given.feature % 2 else math.sin(angle)


def _cell(given: SimpleNamespace) -> float:
    return _wave(given, _angle(given))


SOLVERS: Final[tuple[Solver, ...]] = (positional_encoding, positional_encodings)

# What students do instead.


def _exchanged(given: SimpleNamespace) -> float:
    return math.sin(_angle(given)) if given.feature % 2 else math.cos(_angle(given))


def _halves(given: SimpleNamespace) -> float:
    """Return the sines of all pairs first, then their cosines."""
    half = given.d_model // 2
    pair = given.feature % half
    return _cell(SimpleNamespace(**{**vars(given), "feature": 2 * pair + given.feature // half}))


def _by(exponent: Callable[[int], int]) -> Cell:
    """Return a cell whose frequency has another *exponent*, by the number of the feature."""
    return lambda given: _wave(given, given.position / _power(given, exponent(given.feature)))


def _degrees(given: SimpleNamespace) -> float:
    """Return the cell where a calculator is set to degrees."""
    return _wave(given, math.radians(_angle(given)))


def _multiplied(given: SimpleNamespace) -> float:
    return _wave(given, given.position * _power(given, given.feature // 2 * 2))


def _later(given: SimpleNamespace) -> float:
    return _cell(SimpleNamespace(**{**vars(given), "position": given.position + 1}))


def _smaller_base(given: SimpleNamespace) -> float:
    return _cell(SimpleNamespace(**{**vars(given), "base": given.base // 10}))


CELLS: Final[dict[str, Cell]] = {
    "degrees_for_radians": _degrees,
    "sines_exchanged": _exchanged,
    "sines_before_cosines": _halves,
    "frequency_of_the_feature": _by(lambda feature: feature),
    "exponent_doubled": _by(lambda feature: 2 * feature),
    "exponent_halved": _by(lambda feature: feature // 2),
    "frequency_inverted": _multiplied,
    "positions_from_one": _later,
    "other_base": _smaller_base,
}


def _one(cell: Cell) -> Solver:
    return instead(positional_encoding, lambda given: cell(_checked(**vars(given))))


def _all(cell: Cell) -> Solver:
    return instead(positional_encodings, lambda given: _table(cell, **vars(given)))


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(positional_encoding, {mistake: _one(cell) for mistake, cell in CELLS.items()}),
    *twins_of(positional_encodings, {mistake: _all(cell) for mistake, cell in CELLS.items()}),
)
