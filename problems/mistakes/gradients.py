"""Mistakes about gradients: backward through convolutions, pooling and activations."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "kernel_not_rotated": (
            6,
            "Which cell of the kernel connects this input to that output?",
            "Convolved with the kernel without rotating it, where the gradient needs it rotated.",
        ),
        "full_left_out": (
            4,
            "Do the inputs at the border affect the output too?",
            "Kept the kernel inside the gradient instead of letting it extend beyond the border.",
        ),
        "positions_not_summed": (
            5,
            "How many times is one bias added in the forward pass?",
            "Gave the gradient of each position instead of their sum.",
        ),
        "one_use_only": (
            3,
            "How many times is this weight used?",
            "Gave the contribution of only the first use.",
        ),
        "sums_multiplied": (
            3,
            "Which input is multiplied by which derivative?",
            "Multiplied the sums instead of summing the products.",
        ),
        "gradient_spread_evenly": (
            5,
            "Which cells of a window can change its maximum?",
            "Distributed the gradient of a maximum over the window, as an average does.",
        ),
        "windows_overwritten": (
            4,
            "What gradient does a cell get that is the maximum of two windows?",
            "Let a later window overwrite the gradient of an earlier one instead of adding it.",
        ),
        "gradient_to_the_largest": (
            3,
            "Which cells of a window can change its average?",
            "Gave the gradient of an average only to the largest cell, as a maximum does.",
        ),
        "gradient_not_divided": (
            4,
            "By how much does an average increase when one of its cells increases?",
            "Gave every cell the whole gradient of the average.",
        ),
        "gate_left_open": (
            6,
            "What does this function let through where its input is negative?",
            "Passed the gradient through where the activation is zero.",
        ),
        "slope_of_output": (
            4,
            "Is the formula of this derivative written in terms of the input or the output?",
            "Used the input where the derivative is a function of the output of the activation.",
        ),
        "upstream_left_out": (
            5,
            "Does the chain rule have one more factor here?",
            "Gave the local derivative without the upstream gradient.",
        ),
        "target_not_subtracted": (
            5,
            "What does the target contribute to this gradient?",
            "Gave the probabilities without subtracting the target.",
        ),
        "gradient_sign": (
            4,
            "Does the loss increase or decrease when this score increases?",
            "Gave the gradient with the opposite sign.",
        ),
    }
)
