"""Rare mistakes about deltas and formats of boxes, penalties of overlaps, and counted biases."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "size_ratio_kept": (
            1,
            "What is done with the ratio of two widths before it is predicted?",
            "Gave the ratio of the sizes without its logarithm.",
        ),
        "size_logarithm_base_ten": (
            1,
            "Which logarithm is taken of the ratio of the sizes?",
            "Took the logarithm to base ten of the ratio of the sizes.",
        ),
        "shift_over_own_size": (
            1,
            "Which box's sides is the shift divided by?",
            "Divided the shift by the sides of the box instead of those of the anchor.",
        ),
        "shift_reversed": (
            1,
            "Which center does the shift start from, and which does it lead to?",
            "Subtracted the center of the box from that of the anchor.",
        ),
        "shift_in_pixels": (
            1,
            "In which unit is the shift of the center given?",
            "Took the shift in pixels, not in sides of the anchor.",
        ),
        "size_factor_linear": (
            1,
            "How do you get from a logarithm back to the ratio?",
            "Took one plus the delta as the factor of the size, not its exponential.",
        ),
        "size_factor_raw": (
            1,
            "How do you get from a logarithm back to the ratio?",
            "Multiplied the size by the delta itself, not by its exponential.",
        ),
        "far_corner_for_size": (
            1,
            "Which numbers does this format have in the last two places?",
            "Gave the far corner in the place of width and height.",
        ),
        "half_size_for_center": (
            1,
            "From which point is the center half of a side away?",
            "Gave half of each side as the center, without the corner.",
        ),
        "lengths_of_penalty_not_squared": (
            1,
            "Are the distance and the diagonal divided, or their squares?",
            "Divided the lengths of the distance penalty without squaring them.",
        ),
        "distance_penalty_alone": (
            1,
            "Which measure is the distance penalty subtracted from?",
            "Gave the distance penalty alone.",
        ),
        "aspect_weight_left_out": (
            1,
            "What is the term of the aspect ratios multiplied by?",
            "Subtracted the term of the aspect ratios without its weight.",
        ),
        "distance_penalty_left_out": (
            1,
            "What does this measure penalize, apart from the shape?",
            "Left out the distance of the centers.",
        ),
        "aspect_term_added": (
            1,
            "Does another shape make this measure larger or smaller?",
            "Added the term of the aspect ratios.",
        ),
        "biases_of_all_layers": (
            1,
            "Does every layer have biases here?",
            "Counted biases of convolutions that have none.",
        ),
        "norm_shifts_left_out": (
            1,
            "How many numbers does a normalization learn for each channel?",
            "Counted one learned number for each channel of a normalization.",
        ),
    }
)
