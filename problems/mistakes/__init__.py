"""Catalog of mistakes behind wrong solver versions: rank, student hint, staff note.

A rank approximates how many of 586 collected wrong values the mistake explains. A count
that covers several mistakes is divided among them; a mistake that the collection lacks
has a rank by judgment, on the same scale. The hint points at the cause, never at the
right value. Mistakes of rank 1 are rare: they never decide which variants are published.
"""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes import (
    boxes,
    cost,
    detection,
    expressions,
    gradients,
    losses,
    memory,
    metrics,
    networks,
    parameters,
    rare_boxes,
    rare_counts,
    rare_scores,
    rare_values,
    recurrent,
    representations,
    shapes,
    sizes,
    training,
    transformers,
    values,
)

__all__ = ["FAMILIES", "MISTAKES"]

FAMILIES: Final = (
    sizes,
    shapes,
    values,
    gradients,
    losses,
    representations,
    parameters,
    recurrent,
    transformers,
    cost,
    memory,
    networks,
    detection,
    boxes,
    metrics,
    training,
    expressions,
    rare_values,
    rare_boxes,
    rare_counts,
    rare_scores,
)

MISTAKES: Final[dict[str, MistakeInfo]] = {
    mistake.id: mistake for family in FAMILIES for mistake in family.MISTAKES
}
