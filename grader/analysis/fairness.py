"""Fairness of variants: tests whether some are harder than others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from grader.analysis.inference import (
    MIN_STUDENTS,
    Interval,
    adjusted,
    chi_square_tail,
    fisher_exact,
    wilson,
)

__all__ = ["OTHERS", "Fairness", "Tally", "VariantFacility", "fairness"]

FALSE_SHARE: Final = 0.05
"""The accepted share of false positives among the variants flagged."""
OTHERS: Final = "others"
"""The name of the row that holds all variants with fewer than 20 students."""


class Tally(NamedTuple):
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
    interval: Interval
    p_value: float | None = None
    adjusted: float | None = None
    unlike: bool = False


@dataclass(frozen=True, slots=True)
class Fairness:
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
    def unlike(self) -> tuple[VariantFacility, ...]:
        """The variants that differ from all together, the hardest first."""
        return tuple(row for row in self.rows if row.unlike)


def fairness(tallies: Sequence[Tally]) -> Fairness:
    """Compare the difficulty of variants; those with fewer than 20 students share one row.

    A variant is unlike if its interval excludes the overall facility and the exact test agrees
    after adjustment for the number of variants.
    """
    n, right = sum(one.n for one in tallies), sum(one.right for one in tallies)
    if not n:
        return Fairness(0, None, (), None, 0, None)
    rows = _judged(list(_pooled(tallies)), Tally("", n, right))
    large = [row for row in rows if row.n >= MIN_STUDENTS]
    statistic = _chi_square(large)
    degrees = max(0, len(large) - 1)
    p_value = None if statistic is None else chi_square_tail(statistic, degrees)
    hardest_first = tuple(sorted(rows, key=lambda row: (row.facility, row.variant)))
    return Fairness(n, right / n, hardest_first, statistic, degrees, p_value)


def _pooled(tallies: Iterable[Tally]) -> Iterable[tuple[Tally, int]]:
    """Yield each tally of at least 20 students, then the others pooled, with their number."""
    small = []
    for one in tallies:
        if one.n >= MIN_STUDENTS:
            yield one, 1
        elif one.n:
            small.append(one)
    if small:
        right = sum(one.right for one in small)
        yield Tally(OTHERS, sum(one.n for one in small), right), len(small)


def _judged(pooled: Sequence[tuple[Tally, int]], everyone: Tally) -> list[VariantFacility]:
    """Return a row for each tally; tallies with enough students on both sides are tested."""
    tested = [
        at for at, (one, _) in enumerate(pooled) if min(one.n, everyone.n - one.n) >= MIN_STUDENTS
    ]
    found = [_p_value(pooled[at][0], everyone) for at in tested]
    p_values = dict(zip(tested, zip(found, adjusted(found), strict=True), strict=True))
    return [
        _row(one, everyone, variants=count, tested=p_values.get(at))
        for at, (one, count) in enumerate(pooled)
    ]


def _p_value(one: Tally, everyone: Tally) -> float:
    return fisher_exact(one.right, one.n, all_right=everyone.right, everyone=everyone.n)


def _row(
    one: Tally, everyone: Tally, *, variants: int, tested: tuple[float, float] | None
) -> VariantFacility:
    share, interval = one.right / one.n, wilson(one.right / one.n, one.n)
    if tested is None:
        return VariantFacility(one.variant, variants, one.n, one.right, share, interval)
    outside = not interval.low <= everyone.right / everyone.n <= interval.high
    unlike = outside and tested[1] <= FALSE_SHARE
    return VariantFacility(
        one.variant, variants, one.n, one.right, share, interval, *tested, unlike=unlike
    )


def _chi_square(rows: Sequence[VariantFacility]) -> float | None:
    """Return Pearson's chi-square statistic of the table of rows by right and wrong."""
    n, right = sum(row.n for row in rows), sum(row.right for row in rows)
    if len(rows) <= 1 or right in {0, n}:
        return None
    share = right / n
    return sum((row.right - row.n * share) ** 2 / (row.n * share * (1 - share)) for row in rows)
