"""Floats in and figures out: NaN stands for *not opened* inside, None for *no figure* outside."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "TINY",
    "Column",
    "Floats",
    "Table",
    "centred",
    "column",
    "known",
    "matrix",
    "ratio",
    "shown",
]

Floats: TypeAlias = npt.NDArray[np.float64]
Column: TypeAlias = Sequence[float | Fraction | None] | Floats
"""Numbers, one for each student or item; None and NaN say that there is none."""
Table: TypeAlias = Sequence[Column] | Floats
"""A row for each student, a column for each item."""

TINY: Final = 1e-9
"""A spread below this share of the numbers themselves is rounding: the numbers are constant."""
WHOLE: Final = 0.5
"""The least share of a percent that is not told in whole percents when it is next to 0 or 100."""


def column(values: Column) -> Floats:
    """Return *values* as floats with NaN for None; infinite ones are a ValueError."""
    return _finite(np.asarray(values, dtype=np.float64))


def matrix(rows: Table, *, width: int) -> Floats:
    """Return *rows* as a matrix of *width* columns, also when there is no row.

    Ragged rows, another width and infinite numbers are a ValueError.
    """
    return _finite(np.asarray(rows, dtype=np.float64).reshape(len(rows), width))


def _finite(values: Floats) -> Floats:
    if np.isinf(values).any():
        raise ValueError("Scores and maxima are finite numbers.")
    return values


def known(figure: float | np.float64) -> float | None:
    """Return *figure* as a plain float, None for NaN."""
    return None if math.isnan(figure) else float(figure)


def ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Return the quotients, NaN where the divisor is zero or either number is NaN."""
    top, bottom = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    quotients: Floats = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotients, where=(bottom != 0) & ~np.isnan(bottom))
    return quotients


def centred(columns: Floats) -> Floats:
    """Return how far each number is from the mean of its column; exactly 0 in a constant one."""
    there = ~np.isnan(columns)
    filled = np.where(there, columns, 0.0)
    away: Floats = columns - ratio(filled.sum(axis=0), there.sum(axis=0))
    spread = np.abs(np.where(there, away, 0.0)).max(axis=0, initial=0.0)
    size = np.abs(filled).max(axis=0, initial=0.0)
    return np.where(there & (spread <= TINY * size), 0.0, away)


def shown(share: float) -> str:
    """Return a share in whole percents, with one more figure next to 0 and 100.

    >>> shown(0.354), shown(0.996), shown(1)
    ('35%', '99.6%', '100%')
    """
    percent = 100 * share
    edge = min(abs(percent), abs(100 - percent))
    return f"{percent:.1f}%" if 0 < edge < WHOLE else f"{percent:.0f}%"
