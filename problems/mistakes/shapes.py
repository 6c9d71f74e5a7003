"""Mistakes about shapes: channels, the order of axes, flattening."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "channels_kept": (
            10,
            "What determines the number of output channels?",
            "Kept the number of input channels.",
        ),
        "channels_pooled": (
            5,
            "Which axes does pooling change?",
            "Divided the channels by the pooling stride as well.",
        ),
        "channels_scaled": (
            4,
            "Which axes does this layer change?",
            "Multiplied the number of channels as well.",
        ),
        "shuffled_along_one_axis": (
            5,
            "Along how many axes does a map change its size?",
            "Shuffled along one axis: divided the channels by the factor once instead of twice.",
        ),
        "crop_of_both_sides": (
            4,
            "Is that what both ends lose together, or each of them?",
            "Gave what both ends lose together instead of each end.",
        ),
        "axes_swapped": (
            7,
            "Which axis comes first in the requested layout?",
            "Exchanged height and width.",
        ),
        "layout_swapped": (
            7,
            "Which axis comes first in the requested layout?",
            "Put the channels at the other end of the shape.",
        ),
        "weight_axes_exchanged": (
            5,
            "Is the first axis of these weights the input channels or the output channels?",
            (
                "Exchanged the channels of the weights: the shape for the opposite kind of "
                "convolution."
            ),
        ),
        "other_channels_grouped": (
            4,
            "Groups divide one of the two numbers of channels in this shape: which?",
            "Divided the other number of channels by the groups.",
        ),
        "one_group_alone": (
            3,
            "Does this tensor contain the weights of all groups?",
            "Gave the weights of only one group.",
        ),
        "kernel_axes_first": (
            4,
            "In which order does the question ask for the axes of the weights?",
            "Put the kernel axes first, as in Keras.",
        ),
        "flatten_without_channels": (
            6,
            "What else does a map have, apart from height and width?",
            "Flattened height times width and left out the channels.",
        ),
    }
)
