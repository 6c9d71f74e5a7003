"""Statistical inference: 90 % intervals, exact and approximate p-values, multiple tests.

Results are floats; nothing here decides a score. For integer degrees of freedom the tail of
chi-square has a closed form, so the standard library and NumPy suffice.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

MIN_STUDENTS: Final = 20
"""Minimum number of students for a flag."""
NORMAL_QUANTILE: Final = NormalDist().inv_cdf(0.95)
"""Normal quantile of an interval that leaves 5 % on either side."""
FISHER_Z_LOST_PAIRS: Final = 3
"""Pairs lost to Fisher's z, whose variance is 1 / (n - 3)."""
RELATIVE_TOLERANCE: Final = 1e-7
"""Relative difference below which the probabilities of two tables count as equal."""


class ConfidenceInterval(NamedTuple):
    """Confidence interval of 90 %."""

    low: float
    high: float


def wilson_interval(share: float, n: int) -> ConfidenceInterval:
    """Return the interval of a proportion, after Wilson (1927); 0 to 1 if *n* is 0.

    A mean of partial credits between 0 and 1 varies at most as much as a proportion, so for it
    the interval is conservative.
    """
    if not n:
        return ConfidenceInterval(0.0, 1.0)
    square = NORMAL_QUANTILE * NORMAL_QUANTILE
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = (
        NORMAL_QUANTILE
        / (1 + square / n)
        * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    )
    return ConfidenceInterval(max(0.0, middle - half), min(1.0, middle + half))


def fisher_interval(correlation: float, n: int) -> ConfidenceInterval | None:
    """Return the interval of a correlation by Fisher's z; None for fewer than four pairs."""
    if n <= FISHER_Z_LOST_PAIRS:
        return None
    if abs(correlation) >= 1:
        return ConfidenceInterval(correlation, correlation)
    middle, half = math.atanh(correlation), NORMAL_QUANTILE / math.sqrt(n - FISHER_Z_LOST_PAIRS)
    return ConfidenceInterval(math.tanh(middle - half), math.tanh(middle + half))


def chi_square_tail(statistic: float, degrees: int) -> float:
    """Return the probability of a chi-square of at least *statistic*, for integer *degrees*.

    The sum of Abramowitz and Stegun 26.4.4 and 26.4.5: even degrees are a Poisson sum, odd ones
    begin with the tail of a normal variable.
    """
    if statistic <= 0:
        return 1.0
    half, odd = statistic / 2, degrees % 2
    tail = math.erfc(math.sqrt(half)) if odd else 0.0
    powers = (step + odd / 2 for step in range(degrees // 2))
    logs = (power * math.log(half) - half - math.lgamma(power + 1) for power in powers)
    return min(1.0, tail + math.fsum(map(math.exp, logs)))


def fisher_exact_p_value(right: int, n: int, *, all_right: int, everyone: int) -> float:
    """Return the two-sided p-value of Fisher's exact test.

    *right* of the *n* students in a group are right, and *all_right* of *everyone*, the group
    included. The p-value sums the probabilities of all splits that are no more likely than this
    one.
    """
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, everyone + 1)))))
    least, most = max(0, n - (everyone - all_right)), min(n, all_right)
    k = np.arange(least, most + 1)
    ways = -logs[k] - logs[all_right - k] - logs[n - k] - logs[everyone - all_right - n + k]
    likely = np.exp(ways - ways.max())
    observed = likely[right - least]
    return min(
        1.0, float(likely[likely <= observed * (1 + RELATIVE_TOLERANCE)].sum() / likely.sum())
    )


def adjust_p_values(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values adjusted after Benjamini and Hochberg (1995), in the order given.

    Of the adjusted p-values below a level, at most that share are false positives, on average.
    """
    count = len(p_values)
    least, adjusted_values = 1.0, [1.0] * count
    falling = sorted(range(count), key=lambda index: p_values[index], reverse=True)
    for rank, index in zip(range(count, 0, -1), falling, strict=True):
        least = min(least, p_values[index] * count / rank)
        adjusted_values[index] = least
    return tuple(adjusted_values)
