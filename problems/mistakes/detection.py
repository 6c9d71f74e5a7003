"""Mistakes about detectors: what a head predicts."""

from typing import Final

from grader.book import MistakeInfo
from problems.mistakes.table import listed

__all__ = ["MISTAKES"]

MISTAKES: Final[tuple[MistakeInfo, ...]] = listed(
    {
        "boxes_times_five_plus_classes": (
            10,
            "To what do the class scores belong in this version: to a cell or to a box?",
            "Used the rule of the first version, B*5 + C, for a later one.",
        ),
        "class_scores_per_box": (
            8,
            "To what do the class scores belong in this version: to a cell or to a box?",
            "Used the rule of the later versions, B*(5 + C), for the first.",
        ),
        "objectness_left_out": (
            10,
            "A box has more numbers than its coordinates and class scores.",
            "Left out the objectness of each box.",
        ),
        "one_anchor": (
            6,
            "How many boxes does each cell predict?",
            "Counted one box a cell.",
        ),
        "background_counted": (
            3,
            "How does this detector say that there is nothing?",
            "Counted a background class.",
        ),
    }
)
