"""Mistakes about the cost of layers: MACs, FLOPs, savings."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "flops_for_macs": (
            9,
            "Does the question ask for operations or for multiply-accumulate operations?",
            "Gave FLOPs: twice the multiply-accumulate operations.",
        ),
        "positions_left_out": (
            6,
            "How many times is each weight used?",
            "Counted each weight once, not at every position or time step.",
        ),
        "bias_counted": (
            3,
            "Which of these operations are multiply-accumulates?",
            "Counted the additions of biases as multiply-accumulates.",
        ),
        "remaining_for_saved": (
            4,
            "Does the question ask for what is saved, or for what remains?",
            "Gave the share that remains instead of the share saved.",
        ),
        "percent_of_the_smaller": (
            3,
            "A percentage of which of the two?",
            "Gave the saving as a percentage of the reduced value instead of the standard one.",
        ),
        "macs_for_flops": (
            5,
            "Does the question ask for multiply-accumulate operations or for single operations?",
            "Gave multiply-accumulate operations: half of the FLOPs.",
        ),
        "ratio_inverted": (
            4,
            "Which of the two is the denominator?",
            "Gave the inverse of the ratio.",
        ),
    }
)
