"""Mistakes about array values: kernels, pooling, running sums, layers, matrix forms."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "kernel_flipped": (
            19,
            "How is the kernel laid on the input here: as it stands, or turned round?",
            "Rotated the kernel by 180 degrees, or failed to where the problem asks for it.",
        ),
        "transposed_output": (
            7,
            "What does a row of the result stand for here, and what a column?",
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
        "kernel_transposed": (
            3,
            "Do the rows of your kernel lie along the rows of the input?",
            "Laid the transposed kernel on the input.",
        ),
        "one_channel": (
            6,
            "How deep does one filter reach?",
            "Computed with the first channel alone.",
        ),
        "channels_averaged": (
            3,
            "How does a filter put together what it finds in the channels?",
            "Averaged over the channels instead of summing.",
        ),
        "border_in_the_mean": (
            3,
            "Which cells does the average count: do the zeros of the padding belong to it?",
            "Counted the cells of the padding in the mean where they do not count, or the reverse.",
        ),
        "activation_left_out": (
            6,
            "Does anything happen to the values after the sum?",
            "Left out the activation function.",
        ),
        "softmax_without_powers": (
            4,
            "Every result of a softmax is positive: which step sees to that?",
            "Divided the scores by their sum without taking powers of e.",
        ),
        "softmax_undivided": (
            3,
            "What do the results of a softmax add up to?",
            "Took the powers of e and did not divide by their sum.",
        ),
        "other_axis": (
            4,
            "Which values belong together here: those of a row or those of a column?",
            "Computed along the other axis.",
        ),
        "weight_transposed": (
            5,
            "Which axis of the weights belongs to the inputs, and which to the outputs?",
            "Multiplied by the transposed weights.",
        ),
        "softmax_over_all": (
            4,
            "Which values share a whole: those of a row, or all of them together?",
            "Divided by the sum over the whole matrix.",
        ),
        "exponent_sign": (
            5,
            "Does a larger score make a larger or a smaller result?",
            "Took e to the power of the wrong sign: exp(z) in a sigmoid, exp(-z) in a softmax.",
        ),
        "softmax_for_sigmoid": (
            4,
            "Do the results compete, or is each a probability of its own?",
            "Took the softmax of all scores where each has a sigmoid of its own.",
        ),
        "sigmoid_for_softmax": (
            4,
            "What do the results add up to?",
            "Took the sigmoid of each score where they share a softmax.",
        ),
        "tanh_for_sigmoid": (
            4,
            "Between which two numbers do the results of this function lie?",
            "Took the hyperbolic tangent where the sigmoid is asked for.",
        ),
        "sigmoid_for_tanh": (
            4,
            "Between which two numbers do the results of this function lie?",
            "Took the sigmoid where the hyperbolic tangent is asked for.",
        ),
        "factors_swapped": (
            4,
            "Does the order of the factors matter in a product of matrices?",
            "Multiplied the matrices in the other order.",
        ),
        "cell_by_cell": (
            4,
            "How is a row of one matrix combined with a column of the other?",
            "Multiplied cell by cell instead of rows by columns.",
        ),
        "other_order": (
            3,
            "In which order are the cells written out?",
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
            "Laid the channels side by side instead of weaving their values into blocks.",
        ),
        "channels_far_apart": (
            3,
            "Which channels of the input make the first channel of the result?",
            "Took channels that lie far apart for one map, as TensorFlow orders them.",
        ),
        "variance_for_deviation": (
            5,
            "Is it the variance by which the centred values are divided?",
            "Divided by the variance instead of its root.",
        ),
        "unbiased_variance": (
            4,
            "By how many values does this variance divide the sum of squares?",
            "Took the variance that divides by one value less.",
        ),
        "mean_not_subtracted": (
            3,
            "Around which value do normalised values lie?",
            "Divided without subtracting the mean first.",
        ),
        "scale_and_shift_left_out": (
            4,
            "Which two learned numbers come after the division?",
            "Left out the scale and the shift.",
        ),
        "shift_left_out": (
            4,
            "What is added at the end?",
            "Left out the shift.",
        ),
        "norm_scale_left_out": (
            4,
            "By what are the normalised values multiplied?",
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
            "Counted all cells of the matrix, its zeros included.",
        ),
        "border_weights_counted": (
            3,
            "Does every cell of the kernel lie on the input wherever the kernel stands?",
            "Counted the weights that lie on the padding too.",
        ),
    }
)
