"""Mistakes about gradients: backward through convolutions, pooling and activations."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "kernel_not_rotated": (
            6,
            "Which cell of the kernel took this input to that output?",
            "Convolved with the kernel as it stands where the gradient needs it rotated.",
        ),
        "full_left_out": (
            4,
            "Do the inputs at the border influence the output too?",
            "Kept the kernel inside of the gradient instead of letting it reach over the border.",
        ),
        "positions_not_summed": (
            5,
            "How often is one bias added in the forward pass?",
            "Gave the gradient of each position instead of their sum.",
        ),
        "one_use_only": (
            3,
            "How often is this weight used?",
            "Gave the contribution of the first use alone.",
        ),
        "sums_multiplied": (
            3,
            "Which input meets which derivative?",
            "Multiplied the sums instead of summing the products.",
        ),
        "gradient_spread_evenly": (
            5,
            "Which cells of a window can change its maximum?",
            "Shared the gradient of a maximum out among the window, as an average does.",
        ),
        "windows_overwritten": (
            4,
            "What does a cell get that is the largest of two windows?",
            "Let a later window overwrite what an earlier one gave instead of adding.",
        ),
        "gradient_to_the_largest": (
            3,
            "Which cells of a window can change its average?",
            "Gave the gradient of an average to the largest cell, as a maximum does.",
        ),
        "gradient_not_divided": (
            4,
            "By how much does an average grow when one of its cells does?",
            "Gave every cell the whole gradient of the average.",
        ),
        "gate_left_open": (
            6,
            "What does this function let through where its input is negative?",
            "Passed the gradient on where the activation is closed.",
        ),
        "slope_of_output": (
            4,
            "Is the formula of this derivative written for the input or for the output?",
            "Put the input where the derivative takes the output of the activation.",
        ),
        "upstream_left_out": (
            5,
            "The chain rule has one more factor here.",
            "Gave the local derivative without the gradient that comes from above.",
        ),
        "target_not_subtracted": (
            5,
            "What does the target contribute to this gradient?",
            "Gave the probabilities without subtracting the target.",
        ),
        "gradient_sign": (
            4,
            "Does the loss rise or fall when this score grows?",
            "Gave the gradient with the opposite sign.",
        ),
    }
)
