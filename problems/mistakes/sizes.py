"""Mistakes about sizes along an axis: rounding, padding, strides, both ends."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "rounded_up": (
            30,
            "Only whole steps count: check which way you rounded.",
            "Rounded up, or to the nearest, where the formula takes the floor.",
        ),
        "fraction_left": (
            11,
            "A count must be an integer: what happens to the fraction?",
            "Left the quotient as a fraction instead of taking the floor.",
        ),
        "forgot_plus_one": (
            32,
            "Check the ends: count the positions, not only the steps between them.",
            "Left out the '+ 1' of the size formula.",
        ),
        "forgot_minus_one": (
            8,
            "Check the ends: count the steps between the cells, not the cells.",
            "Left out the '- 1' of the formula.",
        ),
        "padding_left_out": (
            15,
            "The padding changes this result: did you include it?",
            "Computed as if there were no padding.",
        ),
        "padding_once": (
            12,
            "How many sides of an axis are padded?",
            "Added the padding at one end of the axis only.",
        ),
        "padding_added": (
            4,
            "What does padding do to the output of a transposed convolution?",
            "Added the padding where a transposed convolution subtracts it.",
        ),
        "padding_of_both_sides": (
            4,
            "Does the question ask for the padding of both sides together, or of each side?",
            "Gave the padding of both sides together instead of each side.",
        ),
        "ends_swapped": (
            3,
            "At which end is the extra cell of padding added or cropped here?",
            "Put the extra cell of an uneven padding or crop at the other end.",
        ),
        "output_padding_left_out": (
            3,
            "The output padding changes this result too.",
            "Left out the output padding of the transposed convolution.",
        ),
        "stride_left_out": (
            16,
            "How far does the kernel or window move from one position to the next?",
            "Computed with stride 1.",
        ),
        "size_over_stride": (
            10,
            "The stride alone does not decide the size: what does the kernel do at the border?",
            "Divided the input size by the stride and ignored the kernel.",
        ),
        "default_stride_one": (
            8,
            "How far apart do two neighboring pooling windows start?",
            "Took the default stride of pooling as 1; it is the window size.",
        ),
        "dilation_left_out": (
            8,
            "How many cells does the kernel span when it is dilated?",
            "Computed with dilation 1.",
        ),
        "transposed_cropped": (
            5,
            "Does the output end at the position of the last input cell, or where its kernel ends?",
            "Cropped the transposed convolution to size x stride, as 'same' padding would.",
        ),
        "convolution_for_transposed": (
            6,
            "Does this layer shrink its input or enlarge it?",
            "Used the size formula of a convolution for a transposed one.",
        ),
        "sizes_counted": (
            4,
            "Count the layers, not the sizes before and after them.",
            "Counted the sizes in the sequence, one more than the layers.",
        ),
    }
)
