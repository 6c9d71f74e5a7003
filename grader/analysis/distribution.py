"""Distribution of the totals of an assignment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from grader.analysis.figures import TINY

__all__ = ["BELOW", "BINS", "PLACES", "Bin", "Distribution", "Moments", "distribution"]

BINS: Final = 10
BELOW: Final = -1
"""The bin of negative totals; that of totals above the maximum is `BINS`."""
PLACES: Final = 9
"""Decimals of the width of a bin within which a total counts as on its edge."""
FOR_SKEWNESS: Final = 3
FOR_KURTOSIS: Final = 4


@dataclass(frozen=True, slots=True)
class Bin:
    """Number of totals from *low* up to *high*; only the last regular bin includes *high*."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """Statistics of the totals of *n* students; None if there are too few or all are equal.

    *sd* divides by N - 1; *skewness* and *kurtosis* are those of the k-statistics (0 and 0 for a
    normal distribution); *quartiles* are the first, the median and the third.
    """

    n: int
    maximum: float
    mean: float | None = None
    median: float | None = None
    sd: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    quartiles: tuple[float, float, float] | None = None
    histogram: tuple[Bin, ...] = ()


class Moments(NamedTuple):
    """Moments of *n* numbers, from which their distribution is computed.

    *powers* are the means of the second, third and fourth powers of the deviations from the mean,
    in *unit*; *quartiles* are the first, the median and the third.
    """

    n: int
    mean: float
    ends: tuple[float, float]
    powers: tuple[float, float, float]
    quartiles: tuple[float, float, float]
    unit: float = 1.0


def distribution(
    moments: Moments | None, maximum: float, places: Mapping[int, int]
) -> Distribution:
    """Return the distribution with these *moments*; None if there are no totals.

    *places* is the number of totals per bin, `BELOW` and `BINS` (above) included.
    """
    if moments is None:
        return Distribution(0, float(maximum), histogram=_histogram((0.0, 0.0), maximum, places))
    sd, skewness, kurtosis = _shape(moments)
    return Distribution(
        n=moments.n,
        maximum=float(maximum),
        mean=moments.mean,
        median=moments.quartiles[1],
        sd=sd,
        skewness=skewness,
        kurtosis=kurtosis,
        quartiles=moments.quartiles,
        histogram=_histogram(moments.ends, maximum, places),
    )


def _shape(moments: Moments) -> tuple[float | None, float | None, float | None]:
    """Return sd, skewness (k3 / k2**1.5) and kurtosis (k4 / k2**2)."""
    n, (second, third, fourth) = moments.n, moments.powers
    if n < 2:  # noqa: PLR2004  (one number has no spread)
        return None, None, None
    low, high = moments.ends
    if high - low <= TINY * max(abs(low), abs(high)):
        return 0.0, None, None
    sd = moments.unit * (second * n / (n - 1)) ** 0.5
    if n < FOR_SKEWNESS:
        return sd, None, None
    skewness = (n * (n - 1)) ** 0.5 / (n - 2) * third / second**1.5
    if n < FOR_KURTOSIS:
        return sd, skewness, None
    peaked = (n + 1) * fourth / second**2 - 3 * (n - 1)
    return sd, skewness, (n - 1) / ((n - 2) * (n - 3)) * peaked


def _histogram(
    ends: tuple[float, float], maximum: float, places: Mapping[int, int]
) -> tuple[Bin, ...]:
    """Return the bins; empty if the maximum is not positive."""
    if maximum <= 0:
        return ()
    edges = [maximum * edge / BINS for edge in range(BINS + 1)]
    bins = [Bin(edges[at], edges[at + 1], places.get(at, 0)) for at in range(BINS)]
    if below := places.get(BELOW):
        bins.insert(0, Bin(ends[0], 0.0, below))
    if above := places.get(BINS):
        bins.append(Bin(float(maximum), ends[1], above))
    return tuple(bins)
