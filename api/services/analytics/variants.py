"""Fairness of variants: whether some are harder than others, by variant and by parameter."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from api.schemas.analytics.problem import ParameterFairness, VariantsOut
from api.schemas.analytics.statistics import FairnessOut
from api.services.analytics.queries.assignment import AnalyticsData
from api.services.analytics.queries.keys import VariantKeys
from api.services.engine.variant_identity import VariantIdentity
from api.services.engine.variants import ORIGINAL_POSITION
from grader.analysis import (
    MIN_STUDENTS,
    FairnessReport,
    ReviewFlag,
    VariantTally,
    compare_variants,
    flag_variants,
)

HASH_PREFIX_LENGTH: Final = 4
"""Number of hash characters that distinguish draw blocks."""

VariantTallies: TypeAlias = Sequence[tuple[VariantIdentity, int, int]]
"""Variants, each with the number of answers to it and the number of right ones."""


def compare_variant_difficulty(
    data: AnalyticsData, item_index: int, keys: VariantKeys
) -> tuple[VariantsOut, tuple[ReviewFlag, ...]]:
    """Return the difficulty of the variants of a part, and flags for the uneven ones."""
    tallies = [
        (VariantIdentity(row.draw_hash, row.seed), row.n, row.right)
        for row in data.rows["tallies"]
        if row.item == item_index
    ]
    by_variant = _compute_fairness(tallies, _variant_labeler(keys))
    comparable = []
    for name, values in keys.labels_by_parameter.items():
        by_value = _compute_fairness(tallies, values.get)
        if _is_comparable(by_value):
            comparable.append((name, by_value))
    flags = [*flag_variants(by_variant)]
    for _, parameter_fairness in comparable:
        flags += flag_variants(parameter_fairness)
    variants_out = VariantsOut(
        by_variant=FairnessOut.model_validate(by_variant),
        by_parameter=tuple(
            ParameterFairness(parameter=name, fairness=FairnessOut.model_validate(one))
            for name, one in comparable
        ),
    )
    return variants_out, tuple(flags)


def _compute_fairness(
    tallies: VariantTallies, name_of: Callable[[VariantIdentity], str | None]
) -> FairnessReport:
    """Return the fairness over groups of variants; *name_of* labels a group, None leaves it out."""
    n, right = Counter[str](), Counter[str]()
    for numbers, count, count_right in tallies:
        name = name_of(numbers)
        if name is not None:
            n[name] += count
            right[name] += count_right
    return compare_variants(
        [VariantTally(name, count, right[name]) for name, count in sorted(n.items())]
    )


def _variant_labeler(keys: VariantKeys) -> Callable[[VariantIdentity], str]:
    """Return the function that labels variants by position in the list that students draw from."""

    def label(numbers: VariantIdentity) -> str:
        position = keys.positions.get(numbers)
        if position is None:
            return f"{_seed_label(numbers)}, old numbers {numbers.draw_hash[:HASH_PREFIX_LENGTH]}"
        return "original" if position == ORIGINAL_POSITION else str(position)

    return label


def _seed_label(identity: VariantIdentity) -> str:
    return "original" if identity.seed == ORIGINAL_POSITION else f"seed {identity.seed}"


def _is_comparable(result: FairnessReport) -> bool:
    """Return whether at least two values have enough students to compare."""
    large: Sequence[object] = [row for row in result.rows if row.n >= MIN_STUDENTS]
    return len(large) > 1
