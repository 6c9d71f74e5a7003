"""Fairness of variants: tests whether some are harder than others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from grader.analysis.inference import (
    MIN_STUDENTS,
    ConfidenceInterval,
    adjust_p_values,
    chi_square_tail,
    fisher_exact_p_value,
    wilson_interval,
)

MAX_FALSE_DISCOVERY_RATE: Final = 0.05
"""Accepted share of false positives among the flagged variants."""
POOLED_VARIANTS: Final = "others"
"""Name of the row that pools all variants with fewer than 20 students."""


class VariantTally(NamedTuple):
    """Number of students with a variant, and of those who were right at the first attempt.

    A caller may also tally by a property of variants, such as the value of one parameter.
    """

    variant: str
    n: int
    right: int


@dataclass(frozen=True, slots=True)
class VariantFacility:
    """Facility of one variant, or of *variants* pooled: the share of students who were right.

    *p_value* is that of Fisher's exact test against all other students, *adjusted* for the number
    of variants tested (Benjamini and Hochberg); both are None if either side has fewer than 20
    students. *unlike* is set if the variant differs from all variants together.
    """

    variant: str
    variants: int
    n: int
    right: int
    facility: float
    interval: ConfidenceInterval
    p_value: float | None = None
    adjusted: float | None = None
    unlike: bool = False


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """Variants from the hardest to the easiest, and the facility over all of them.

    *chi_square* with *degrees* of freedom, and its *p_value*, compare the rows of at least 20
    students; None if there are fewer than two such rows, or if all or none were right.
    """

    n: int
    facility: float | None
    rows: tuple[VariantFacility, ...]
    chi_square: float | None
    degrees: int
    p_value: float | None

    @property
    def differing_variants(self) -> tuple[VariantFacility, ...]:
        """The variants that differ from all together, the hardest first."""
        return tuple(row for row in self.rows if row.unlike)


def compare_variants(tallies: Sequence[VariantTally]) -> FairnessReport:
    """Compare the difficulty of variants; those with fewer than 20 students share one row.

    A variant differs if its interval excludes the overall facility and the exact test agrees
    after adjustment for the number of variants.
    """
    n, right = sum(tally.n for tally in tallies), sum(tally.right for tally in tallies)
    if not n:
        return FairnessReport(0, None, (), None, 0, None)
    rows = _build_variant_rows(list(_pool_small_tallies(tallies)), VariantTally("", n, right))
    large = [row for row in rows if row.n >= MIN_STUDENTS]
    statistic = _chi_square_statistic(large)
    degrees = max(0, len(large) - 1)
    p_value = None if statistic is None else chi_square_tail(statistic, degrees)
    hardest_first = tuple(sorted(rows, key=lambda row: (row.facility, row.variant)))
    return FairnessReport(n, right / n, hardest_first, statistic, degrees, p_value)


def _pool_small_tallies(tallies: Iterable[VariantTally]) -> Iterable[tuple[VariantTally, int]]:
    """Yield each tally of at least 20 students, then the others pooled, with their number."""
    small = []
    for tally in tallies:
        if tally.n >= MIN_STUDENTS:
            yield tally, 1
        elif tally.n:
            small.append(tally)
    if small:
        right = sum(one.right for one in small)
        yield VariantTally(POOLED_VARIANTS, sum(one.n for one in small), right), len(small)


def _build_variant_rows(
    pooled: Sequence[tuple[VariantTally, int]], everyone: VariantTally
) -> list[VariantFacility]:
    """Return a row for each tally; tallies with enough students on both sides are tested."""
    tested = [
        index
        for index, (one, _) in enumerate(pooled)
        if min(one.n, everyone.n - one.n) >= MIN_STUDENTS
    ]
    raw_p_values = [_compute_p_value(pooled[at][0], everyone) for at in tested]
    p_values = dict(
        zip(tested, zip(raw_p_values, adjust_p_values(raw_p_values), strict=True), strict=True)
    )
    return [
        _build_variant_row(one, everyone, variants=count, tested=p_values.get(index))
        for index, (one, count) in enumerate(pooled)
    ]


def _compute_p_value(tally: VariantTally, everyone: VariantTally) -> float:
    return fisher_exact_p_value(tally.right, tally.n, all_right=everyone.right, everyone=everyone.n)


def _build_variant_row(
    tally: VariantTally,
    everyone: VariantTally,
    *,
    variants: int,
    tested: tuple[float, float] | None,
) -> VariantFacility:
    share, interval = tally.right / tally.n, wilson_interval(tally.right / tally.n, tally.n)
    if tested is None:
        return VariantFacility(tally.variant, variants, tally.n, tally.right, share, interval)
    outside = not interval.low <= everyone.right / everyone.n <= interval.high
    unlike = outside and tested[1] <= MAX_FALSE_DISCOVERY_RATE
    return VariantFacility(
        tally.variant, variants, tally.n, tally.right, share, interval, *tested, unlike=unlike
    )


def _chi_square_statistic(rows: Sequence[VariantFacility]) -> float | None:
    """Return Pearson's chi-square statistic of the table of rows by right and wrong."""
    n, right = sum(row.n for row in rows), sum(row.right for row in rows)
    if len(rows) <= 1 or right in {0, n}:
        return None
    share = right / n
    return sum((row.right - row.n * share) ** 2 / (row.n * share * (1 - share)) for row in rows)
