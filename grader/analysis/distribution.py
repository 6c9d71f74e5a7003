"""How the totals of an assignment are distributed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from grader.analysis.figures import Column, Floats, centred, column

__all__ = ["Bin", "Distribution", "describe"]

BINS: Final = 10
PLACES: Final = 9
"""A total that is this close to the edge of a bin, in decimals of its width, stands on it."""
FOR_SKEWNESS: Final = 3
FOR_KURTOSIS: Final = 4


@dataclass(frozen=True, slots=True)
class Bin:
    """How many totals lie from *low* up to *high*; only the last up to the maximum holds *high*."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """The totals of *n* students in figures; None where too few or equal totals allow none.

    *sd* has N - 1 below; *skewness* and *kurtosis* are those of the k-statistics (a normal
    distribution has 0 and 0); *quartiles* are the first, the median and the third.
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

    def percent(self, figure: float | None) -> float | None:
        """Return a figure in points as percent of the maximum; None where there is neither.

        >>> describe([1, 2], 4).percent(1.5)
        37.5
        """
        return None if figure is None or self.maximum <= 0 else 100 * figure / self.maximum


def describe(totals: Column, maximum: float) -> Distribution:
    """Return the distribution of *totals*; None and NaN are students who opened nothing.

    The histogram has ten bins from 0 to *maximum*, and one more on a side where totals go beyond.
    """
    given = column(totals)
    known = given[~np.isnan(given)]
    if not known.size:
        return Distribution(0, float(maximum), histogram=_histogram(known, maximum))
    first, median, third = map(float, np.quantile(known, (0.25, 0.5, 0.75)))
    sd, skewness, kurtosis = _moments(centred(known))
    return Distribution(
        n=known.size,
        maximum=float(maximum),
        mean=float(known.mean()),
        median=median,
        sd=sd,
        skewness=skewness,
        kurtosis=kurtosis,
        quartiles=(first, median, third),
        histogram=_histogram(known, maximum),
    )


def _moments(away: Floats) -> tuple[float | None, float | None, float | None]:
    """Return sd, skewness (k3 / k2**1.5) and kurtosis (k4 / k2**2) of centred numbers."""
    n = away.size
    if n < 2:  # noqa: PLR2004  (one number has no spread)
        return None, None, None
    largest = float(np.abs(away).max())
    if not largest:
        return 0.0, None, None
    unit = away / largest
    second, third, fourth = (float((unit**power).mean()) for power in (2, 3, 4))
    sd = largest * (second * n / (n - 1)) ** 0.5
    if n < FOR_SKEWNESS:
        return sd, None, None
    skewness = (n * (n - 1)) ** 0.5 / (n - 2) * third / second**1.5
    if n < FOR_KURTOSIS:
        return sd, skewness, None
    peaked = (n + 1) * fourth / second**2 - 3 * (n - 1)
    return sd, skewness, (n - 1) / ((n - 2) * (n - 3)) * peaked


def _histogram(totals: Floats, maximum: float) -> tuple[Bin, ...]:
    """Return the bins; none where the maximum is none.

    Places are rounded: 0.3 of 1 belongs to the bin that begins at 0.3, whatever floats make of it.
    """
    if maximum <= 0:
        return ()
    places = np.round(totals * (BINS / maximum), PLACES)
    inside = places[(places >= 0) & (places <= BINS)]
    at = np.minimum(np.floor(inside), BINS - 1).astype(np.int64)
    edges = [maximum * edge / BINS for edge in range(BINS + 1)]
    counts = np.bincount(at, minlength=BINS).tolist()
    bins = [Bin(edges[at], edges[at + 1], counts[at]) for at in range(BINS)]
    if below := int((places < 0).sum()):
        bins.insert(0, Bin(float(totals.min()), 0.0, below))
    if above := int((places > BINS).sum()):
        bins.append(Bin(float(maximum), float(totals.max()), above))
    return tuple(bins)
