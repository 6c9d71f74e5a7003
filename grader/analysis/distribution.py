"""Distribution of the totals of an assignment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from grader.analysis.numerics import ROUNDING_NOISE

BIN_COUNT: Final = 10
BELOW_BIN: Final = -1
"""Bin of negative totals; `BIN_COUNT` is the bin of totals above the maximum."""
EDGE_DECIMALS: Final = 9
"""Decimals of the bin width within which a total counts as on the edge of a bin."""
MIN_STUDENTS_FOR_SKEWNESS: Final = 3
MIN_STUDENTS_FOR_KURTOSIS: Final = 4


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """Number of totals from *low* up to *high*; only the last regular bin includes *high*."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class ScoreDistribution:
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
    histogram: tuple[HistogramBin, ...] = ()


class ScoreMoments(NamedTuple):
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


def compute_distribution(
    moments: ScoreMoments | None, maximum: float, bin_counts: Mapping[int, int]
) -> ScoreDistribution:
    """Return the distribution with these *moments*; None if there are no totals.

    *bin_counts* is the number of totals per bin, `BELOW_BIN` and `BIN_COUNT` (above) included.
    """
    if moments is None:
        return ScoreDistribution(
            0, float(maximum), histogram=_build_histogram((0.0, 0.0), maximum, bin_counts)
        )
    sd, skewness, kurtosis = _compute_sd_skewness_kurtosis(moments)
    return ScoreDistribution(
        n=moments.n,
        maximum=float(maximum),
        mean=moments.mean,
        median=moments.quartiles[1],
        sd=sd,
        skewness=skewness,
        kurtosis=kurtosis,
        quartiles=moments.quartiles,
        histogram=_build_histogram(moments.ends, maximum, bin_counts),
    )


def _compute_sd_skewness_kurtosis(
    moments: ScoreMoments,
) -> tuple[float | None, float | None, float | None]:
    """Return sd, skewness (k3 / k2**1.5) and kurtosis (k4 / k2**2)."""
    n, (second, third, fourth) = moments.n, moments.powers
    if n < 2:  # noqa: PLR2004  (one number has no spread)
        return None, None, None
    low, high = moments.ends
    if high - low <= ROUNDING_NOISE * max(abs(low), abs(high)):
        return 0.0, None, None
    sd = moments.unit * (second * n / (n - 1)) ** 0.5
    if n < MIN_STUDENTS_FOR_SKEWNESS or not (second**2):  # a spread below the range of floats
        return sd, None, None
    skewness = (n * (n - 1)) ** 0.5 / (n - 2) * third / second**1.5
    if n < MIN_STUDENTS_FOR_KURTOSIS:
        return sd, skewness, None
    peaked = (n + 1) * fourth / second**2 - 3 * (n - 1)
    return sd, skewness, (n - 1) / ((n - 2) * (n - 3)) * peaked


def _build_histogram(
    ends: tuple[float, float], maximum: float, bin_counts: Mapping[int, int]
) -> tuple[HistogramBin, ...]:
    """Return the bins; empty if the maximum is not positive."""
    if maximum <= 0:
        return ()
    edges = [maximum * edge / BIN_COUNT for edge in range(BIN_COUNT + 1)]
    bins = [
        HistogramBin(edges[index], edges[index + 1], bin_counts.get(index, 0))
        for index in range(BIN_COUNT)
    ]
    if below := bin_counts.get(BELOW_BIN):
        bins.insert(0, HistogramBin(ends[0], 0.0, below))
    if above := bin_counts.get(BIN_COUNT):
        bins.append(HistogramBin(float(maximum), ends[1], above))
    return tuple(bins)
