"""How far the items of an assignment measure the same: Cronbach's alpha."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from grader.analysis.figures import TINY, Floats, Table, centred, known, matrix, ratio

__all__ = ["Reliability", "alphas_without", "reliability"]

FEWEST: Final = 2
"""The fewest items, and the fewest students, that can agree."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha of *k* items over the *n* students who opened them all (KR-20 where they are 0 or 1).

    *sem* is the standard error of a total, in points. Both are None where there are fewer than two
    items or students, or where all totals are equal.
    """

    alpha: float | None
    sem: float | None
    k: int
    n: int


def reliability(scores: Table) -> Reliability:
    """Return Cronbach's alpha, k / (k - 1) * (1 - sum of variances / variance of the total).

    *scores* has a row for each student and NaN for what was not opened; an item that nobody opened
    does not count.
    """
    rows = np.asarray(scores, dtype=np.float64)
    table = matrix(rows, width=rows.shape[1] if rows.size else 0)
    used = table[:, ~np.isnan(table).all(axis=0)]
    complete = _complete(used)
    alpha, sd = _alpha(complete)
    sem = None if alpha is None else sd * math.sqrt(max(0.0, 1 - alpha))
    return Reliability(alpha, sem, used.shape[1], len(complete))


def alphas_without(table: Floats) -> tuple[float | None, ...]:
    """Return for each item the alpha of the others, over the students who opened every item."""
    used = ~np.isnan(table).all(axis=0)
    complete = _complete(table[:, used])
    n, k = complete.shape
    found: list[float | None] = [None] * table.shape[1]
    if n < FEWEST or k <= FEWEST:
        return tuple(found)
    variances = _variances(complete)
    others = _variances(complete.sum(axis=1, keepdims=True) - complete)
    alphas = (k - 1) / (k - 2) * (1 - ratio(variances.sum() - variances, others))
    for at, alpha in zip(np.flatnonzero(used), alphas, strict=True):
        found[at] = known(_unrounded(alpha))
    return tuple(found)


def _unrounded(alpha: float) -> float:
    """Return *alpha*, exactly 0 where floats round to it: the items then have nothing in common."""
    return 0.0 if abs(alpha) <= TINY else alpha


def _complete(table: Floats) -> Floats:
    """Return the rows without a gap; none of a table without columns."""
    full: Floats = table[~np.isnan(table).any(axis=1) & (table.shape[1] > 0)]
    return full


def _variances(columns: Floats) -> Floats:
    found: Floats = np.square(centred(columns)).sum(axis=0) / (len(columns) - 1)
    return found


def _alpha(complete: Floats) -> tuple[float | None, float]:
    """Return alpha and the standard deviation of the totals."""
    n, k = complete.shape
    if n < FEWEST or k < FEWEST:
        return None, 0.0
    total = float(_variances(complete.sum(axis=1, keepdims=True))[0])
    if not total:
        return None, 0.0
    alpha = k / (k - 1) * (1 - float(_variances(complete).sum()) / total)
    return _unrounded(alpha), math.sqrt(total)
