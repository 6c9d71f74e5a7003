"""Rare mistakes about array values and gradients: edges, channels, signs, numbers of steps."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "strided_result_cropped": (
            1,
            "How far does the window move from one output value to the next?",
            (
                "Computed with stride 1 and kept as many of the first values as the output should "
                "have."
            ),
        ),
        "window_over_the_edge": (
            1,
            "What happens to cells at the end that no whole window covers?",
            "Let a last window extend beyond the edge and filled it with zeros.",
        ),
        "stride_for_dilation": (
            1,
            "Which number is the step of the kernel, and which is the spacing of its weights?",
            "Exchanged the stride and the dilation.",
        ),
        "absolute_values_taken": (
            1,
            "What happens to the negative values here?",
            "Took absolute values without a reason, or instead of a ReLU.",
        ),
        "relu_applied": (
            1,
            "Does the question include an activation function?",
            "Set negative values to zero although there is no ReLU.",
        ),
        "negative_part_kept": (
            1,
            "Which values does a ReLU let through?",
            "Kept the negative values and set the positive ones to zero.",
        ),
        "result_negated": (
            1,
            "Check the signs: are the values of the kernel used with their own signs?",
            "Gave every value with the opposite sign.",
        ),
        "last_channel_only": (
            1,
            "How many channels does one filter cover?",
            "Used only the last channel.",
        ),
        "middle_channel_only": (
            1,
            "How many channels does one filter cover?",
            "Used only the second of three channels.",
        ),
        "first_channel_left_out": (
            1,
            "Does the sum include every channel?",
            "Left out the first channel of the sum.",
        ),
        "middle_channel_left_out": (
            1,
            "Does the sum include every channel?",
            "Left out the second of three channels of the sum.",
        ),
        "last_channel_left_out": (
            1,
            "Does the sum include every channel?",
            "Left out the last channel of the sum.",
        ),
        "one_filter_for_all": (
            1,
            "Which filter produces which map of the result?",
            "Computed every map with the first filter.",
        ),
        "filters_exchanged": (
            1,
            "Which filter produces which map of the result?",
            "Gave the maps of the filters in reverse order.",
        ),
        "minimum_for_maximum": (
            1,
            "Which value of each window does this pooling keep?",
            "Took the minimum of each window.",
        ),
        "divided_by_side": (
            1,
            "How many cells does one window, or one patch, contain?",
            "Divided by the side of the window or patch instead of its area.",
        ),
        "means_rounded": (
            1,
            "Must the averages be integers?",
            "Rounded the averages to integers.",
        ),
        "means_cut_off": (
            1,
            "Must the averages be integers?",
            "Rounded the averages down to integers.",
        ),
        "kernel_not_scaled": (
            1,
            "What is the kernel multiplied by before it is added?",
            "Added the unscaled kernel for every input cell.",
        ),
        "stopped_one_step_early": (
            1,
            "Go through the steps to the very end: does your result include the last one?",
            "Stopped one step, layer or cell too early.",
        ),
        "one_step_too_far": (
            1,
            "After which step does the question ask for the result?",
            "Went one step or cell too far.",
        ),
        "gradient_negated": (
            1,
            "Check the sign: does the loss increase or decrease with this value?",
            "Gave the gradient with the opposite sign.",
        ),
        "mean_over_positions": (
            1,
            "Are the contributions of the positions summed here, or averaged?",
            "Divided the gradient of the weights by the number of positions.",
        ),
        "maxima_for_gradients": (
            1,
            "Is the value of a cell passed back, or its gradient?",
            "Gave the maxima of the input instead of the gradients.",
        ),
    }
)
