"""Mistakes about the cost of layers: MACs, FLOPs, savings."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "flops_for_macs": (
            9,
            "Are operations asked for, or multiply-accumulate operations?",
            "Gave FLOPs: twice the multiply-accumulate operations.",
        ),
        "positions_left_out": (
            6,
            "How often is each weight used?",
            "Left out the positions, or time steps, that use each weight: gave their number.",
        ),
        "bias_counted": (
            3,
            "Which of these operations are multiply-accumulates?",
            "Counted the additions of the biases as multiply-accumulates.",
        ),
        "remaining_for_saved": (
            4,
            "Is it asked what is saved, or what is left?",
            "Gave the share that remains instead of the share saved.",
        ),
        "percent_of_the_smaller": (
            3,
            "Percent of which of the two?",
            "Took the saving in percent of the reduced value instead of the standard one.",
        ),
        "macs_for_flops": (
            5,
            "Are multiply-accumulate operations asked for, or single operations?",
            "Gave multiply-accumulate operations: half of the FLOPs.",
        ),
        "ratio_inverted": (
            4,
            "Which of the two stands below the fraction bar?",
            "Gave the inverse of the ratio.",
        ),
    }
)
