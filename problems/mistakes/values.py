"""Mistakes about the values of arrays: kernels, pooling, running sums."""

from typing import Final

from grader.book import MistakeInfo
from problems.mistakes.table import listed

__all__ = ["MISTAKES"]

MISTAKES: Final[tuple[MistakeInfo, ...]] = listed(
    {
        "kernel_flipped": (
            19,
            "Deep-learning libraries lay the kernel on the input as it stands: did you turn it?",
            "Rotated the kernel by 180 degrees, or failed to where the problem asks for it.",
        ),
        "transposed_output": (
            7,
            "Compare rows and columns of your result with those of the input.",
            "Gave the transpose of the result.",
        ),
        "average_for_max": (
            4,
            "Which kind of pooling is asked for?",
            "Average pooling where max pooling is asked for.",
        ),
        "max_for_average": (
            4,
            "Which kind of pooling is asked for?",
            "Max pooling where average pooling is asked for.",
        ),
        "overlap_overwritten": (
            5,
            "What happens in the cells where two copies of the kernel overlap?",
            "Let later copies of the kernel overwrite earlier ones instead of adding them.",
        ),
        "last_stamp_only": (
            4,
            "A running sum keeps what the earlier cells have contributed.",
            "Gave the contribution of the last input cell alone.",
        ),
    }
)
