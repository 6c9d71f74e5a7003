"""Fairness of variants: whether some are harder than others, by variant and by parameter."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from api.schemas.analytics.figures import FairnessOut
from api.schemas.analytics.problem import ParameterFairness, VariantsOut
from api.services.analytics.queries.assignment import Sheet
from api.services.analytics.queries.keys import Keys
from api.services.engine.variant_identity import Numbers
from api.services.engine.variants import ORIGINAL
from grader.analysis import MIN_STUDENTS, Fairness, Flag, Tally, fairness, variant_flags

__all__ = ["variants_of"]

SHOWN: Final = 4
"""So much of a hash tells draw blocks apart."""

Tallies: TypeAlias = Sequence[tuple[Numbers, int, int]]
"""Numbers, how many answers there are to them, and how many of these are right."""


def variants_of(sheet: Sheet, at: int, keys: Keys) -> tuple[VariantsOut, tuple[Flag, ...]]:
    """Return the difficulty of the variants of a part, and flags for the uneven ones."""
    tallies = [
        (Numbers(row.draw_hash, row.seed), row.n, row.right)
        for row in sheet.rows["tallies"]
        if row.item == at
    ]
    by_variant = _fairness(tallies, _names(keys))
    found = []
    for name, values in keys.values.items():
        by_value = _fairness(tallies, values.get)
        if _tells(by_value):
            found.append((name, by_value))
    flags = [*variant_flags(by_variant)]
    for _, one in found:
        flags += variant_flags(one)
    told = VariantsOut(
        by_variant=FairnessOut.model_validate(by_variant),
        by_parameter=tuple(
            ParameterFairness(parameter=name, fairness=FairnessOut.model_validate(one))
            for name, one in found
        ),
    )
    return told, tuple(flags)


def _fairness(tallies: Tallies, name_of: Callable[[Numbers], str | None]) -> Fairness:
    """Return the fairness over groups of variants; *name_of* labels a group, None leaves it out."""
    n, right = Counter[str](), Counter[str]()
    for numbers, count, count_right in tallies:
        name = name_of(numbers)
        if name is not None:
            n[name] += count
            right[name] += count_right
    return fairness([Tally(name, count, right[name]) for name, count in sorted(n.items())])


def _names(keys: Keys) -> Callable[[Numbers], str]:
    """Return the function that labels variants by position in the list that students draw from."""

    def name(numbers: Numbers) -> str:
        place = keys.places.get(numbers)
        if place is None:
            return f"{_called(numbers)}, old numbers {numbers.draw_hash[:SHOWN]}"
        return "original" if place == ORIGINAL else str(place)

    return name


def _called(numbers: Numbers) -> str:
    return "original" if numbers.seed == ORIGINAL else f"seed {numbers.seed}"


def _tells(found: Fairness) -> bool:
    """Return whether at least two values have enough students to compare."""
    large: Sequence[object] = [row for row in found.rows if row.n >= MIN_STUDENTS]
    return len(large) > 1
