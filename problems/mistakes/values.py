"""Mistakes about array values: kernels, pooling, running sums, layers, matrix forms."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "kernel_flipped": (
            19,
            "Is the kernel flipped here, or not?",
            "Rotated the kernel by 180 degrees, or did not where the problem asks for it.",
        ),
        "transposed_output": (
            7,
            "What does a row of the result correspond to here, and what does a column?",
            "Gave the transpose of the result.",
        ),
        "average_for_max": (
            4,
            "Which kind of pooling does the question ask for?",
            "Used average pooling instead of max pooling.",
        ),
        "max_for_average": (
            4,
            "Which kind of pooling does the question ask for?",
            "Used max pooling instead of average pooling.",
        ),
        "overlap_overwritten": (
            5,
            "What happens in the cells where two copies of the kernel overlap?",
            "Let later copies of the kernel overwrite earlier ones instead of adding them.",
        ),
        "last_stamp_only": (
            4,
            "Does a running sum keep the contributions of the earlier cells?",
            "Gave the contribution of only the last input cell.",
        ),
        "kernel_transposed": (
            3,
            "Are the rows of your kernel aligned with the rows of the input?",
            "Applied the transposed kernel to the input.",
        ),
        "one_channel": (
            6,
            "How many channels does one filter cover?",
            "Used only the first channel.",
        ),
        "channels_averaged": (
            3,
            "How does a filter combine the results of the channels?",
            "Averaged over the channels instead of summing.",
        ),
        "border_in_the_mean": (
            3,
            "Which cells does the average include: also the zeros of the padding?",
            "Included the padding cells in the mean where they do not count, or the reverse.",
        ),
        "activation_left_out": (
            6,
            "Is anything applied to the values after the sum?",
            "Left out the activation function.",
        ),
        "softmax_without_powers": (
            4,
            "Every output of a softmax is positive: which step ensures that?",
            "Divided the scores by their sum without taking powers of e.",
        ),
        "softmax_undivided": (
            3,
            "What do the outputs of a softmax add up to?",
            "Took the powers of e and did not divide by their sum.",
        ),
        "other_axis": (
            4,
            "Which values belong together here: those of a row or those of a column?",
            "Computed along the other axis.",
        ),
        "weight_transposed": (
            5,
            "Which axis of the weights corresponds to the inputs, and which to the outputs?",
            "Multiplied by the transposed weights.",
        ),
        "softmax_over_all": (
            4,
            "Which values add up to one: those of a row, or all of them together?",
            "Divided by the sum over the whole matrix.",
        ),
        "exponent_sign": (
            5,
            "Does a larger score give a larger or a smaller result?",
            "Used the wrong sign in the power of e: exp(z) in a sigmoid, exp(-z) in a softmax.",
        ),
        "softmax_for_sigmoid": (
            4,
            "Do the results compete, or is each a separate probability?",
            "Applied a softmax to all scores instead of a sigmoid to each score.",
        ),
        "sigmoid_for_softmax": (
            4,
            "What do the results add up to?",
            "Applied a sigmoid to each score instead of a softmax to all scores.",
        ),
        "tanh_for_sigmoid": (
            4,
            "Between which two numbers do the results of this function lie?",
            "Used the hyperbolic tangent instead of the sigmoid.",
        ),
        "sigmoid_for_tanh": (
            4,
            "Between which two numbers do the results of this function lie?",
            "Used the sigmoid instead of the hyperbolic tangent.",
        ),
        "factors_swapped": (
            4,
            "Does the order of the factors matter in a product of matrices?",
            "Multiplied the matrices in the other order.",
        ),
        "cell_by_cell": (
            4,
            "How is a row of one matrix combined with a column of the other?",
            "Multiplied elementwise instead of rows by columns.",
        ),
        "other_order": (
            3,
            "In which order are the cells written?",
            "Went down the columns first instead of along the rows.",
        ),
        "zeros_between": (
            4,
            "Which values do the new cells repeat?",
            "Put each value into the first cell of its block, and zeros into the others.",
        ),
        "map_repeated": (
            4,
            "What is repeated, the whole map or each of its values?",
            "Repeated the whole map instead of each value.",
        ),
        "maps_side_by_side": (
            4,
            "The values of one position stay together. Where do those of the top left one go?",
            (
                "Placed the channels next to each other instead of interleaving their values in "
                "blocks."
            ),
        ),
        "channels_far_apart": (
            3,
            "Which channels of the input form the first channel of the result?",
            "Combined channels that are far apart into one map, as TensorFlow orders them.",
        ),
        "variance_for_deviation": (
            5,
            "Are the centered values divided by the variance?",
            "Divided by the variance instead of its square root.",
        ),
        "unbiased_variance": (
            4,
            "By how many values does this variance divide the sum of squares?",
            "Used the variance that divides by one value less.",
        ),
        "mean_not_subtracted": (
            3,
            "What is the mean of normalized values?",
            "Divided without subtracting the mean first.",
        ),
        "scale_and_shift_left_out": (
            4,
            "Which two learned numbers are applied after the division?",
            "Left out the scale and the shift.",
        ),
        "shift_left_out": (
            4,
            "What is added at the end?",
            "Left out the shift.",
        ),
        "norm_scale_left_out": (
            4,
            "What are the normalized values multiplied by?",
            "Left out the scale.",
        ),
        "scale_and_shift_exchanged": (
            3,
            "Which of the two learned numbers multiplies, and which is added?",
            "Exchanged the scale and the shift.",
        ),
        "zeros_counted": (
            4,
            "Which cells of the matrix are zero whatever the weights are?",
            "Counted all cells of the matrix, including its zeros.",
        ),
        "border_weights_counted": (
            3,
            "Is every cell of the kernel inside the input at every position?",
            "Counted the weights on the padding too.",
        ),
    }
)
