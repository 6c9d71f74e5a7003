"""Rare mistakes about array values and gradients: edges, channels, signs, numbers of steps."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "strided_result_cropped": (
            1,
            "How far does the window move from one value of the result to the next?",
            "Computed at stride one and kept the first values, as many as there should be.",
        ),
        "window_over_the_edge": (
            1,
            "What happens to cells at the far edge that a whole step no longer reaches?",
            "Let a last window reach over the far edge and filled it with zeros.",
        ),
        "stride_for_dilation": (
            1,
            "Which number spaces the positions of the kernel, and which the cells under it?",
            "Exchanged the stride and the dilation.",
        ),
        "absolute_values_taken": (
            1,
            "What becomes of the negative values here?",
            "Took absolute values where none are asked for, or for a ReLU.",
        ),
        "relu_applied": (
            1,
            "Is an activation function asked for here?",
            "Set negative values to zero where no ReLU is asked for.",
        ),
        "negative_part_kept": (
            1,
            "Which values does a ReLU let through?",
            "Kept the negative values and set the positive ones to zero.",
        ),
        "result_negated": (
            1,
            "Check the signs: are the values of the kernel added up as they stand?",
            "Gave every value with the opposite sign.",
        ),
        "last_channel_only": (
            1,
            "How deep does one filter reach?",
            "Computed with the last channel alone.",
        ),
        "middle_channel_only": (
            1,
            "How deep does one filter reach?",
            "Computed with the second of three channels alone.",
        ),
        "first_channel_left_out": (
            1,
            "Does the sum include every channel?",
            "Left the first channel out of the sum.",
        ),
        "middle_channel_left_out": (
            1,
            "Does the sum include every channel?",
            "Left the second of three channels out of the sum.",
        ),
        "last_channel_left_out": (
            1,
            "Does the sum include every channel?",
            "Left the last channel out of the sum.",
        ),
        "one_filter_for_all": (
            1,
            "Which filter makes which map of the result?",
            "Computed every map with the first filter.",
        ),
        "filters_exchanged": (
            1,
            "Which filter makes which map of the result?",
            "Gave the maps of the filters in the reverse order.",
        ),
        "minimum_for_maximum": (
            1,
            "Which value of each window does this pooling keep?",
            "Took the minimum of each window.",
        ),
        "divided_by_side": (
            1,
            "How many cells lie in one window, or in one patch?",
            "Divided by the side of the window or patch instead of its area.",
        ),
        "means_rounded": (
            1,
            "Must the averages be whole numbers?",
            "Rounded the averages to whole numbers.",
        ),
        "means_cut_off": (
            1,
            "Must the averages be whole numbers?",
            "Rounded the averages down to whole numbers.",
        ),
        "kernel_not_scaled": (
            1,
            "By what is the kernel multiplied before it is added?",
            "Added the kernel itself for every input cell, without multiplying it by the cell.",
        ),
        "stopped_one_step_early": (
            1,
            "Go through the steps to the very end: is the last one in your result?",
            "Stopped one step, layer or cell too early.",
        ),
        "one_step_too_far": (
            1,
            "After which step is the result asked for?",
            "Went one step or cell too far.",
        ),
        "gradient_negated": (
            1,
            "Check the sign: does the loss grow with this value, or does it fall?",
            "Gave the gradient with the opposite sign.",
        ),
        "mean_over_positions": (
            1,
            "Are the contributions of the positions added up here, or averaged?",
            "Divided the gradient of the weights by the number of positions.",
        ),
        "maxima_for_gradients": (
            1,
            "Is it the value of a cell that is passed back, or its gradient?",
            "Wrote the maxima of the input in place of the gradients.",
        ),
    }
)
