"""Mistakes about shapes: channels, the order of axes, flattening."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "channels_kept": (
            10,
            "What decides the number of channels that come out?",
            "Kept the number of input channels.",
        ),
        "channels_pooled": (
            5,
            "On which axes does pooling work?",
            "Divided the channels by the pooling stride as well.",
        ),
        "channels_scaled": (
            4,
            "On which axes does this layer work?",
            "Enlarged the channels as well.",
        ),
        "shuffled_along_one_axis": (
            5,
            "Along how many axes does a map change its size?",
            "Shuffled along one axis: took the factor once for the channels, not for both axes.",
        ),
        "crop_of_both_sides": (
            4,
            "Is that what both ends lose together, or each of them?",
            "Gave what both ends lose together for each.",
        ),
        "axes_swapped": (
            7,
            "Which axis comes first in the layout that is asked for?",
            "Exchanged height and width.",
        ),
        "layout_swapped": (
            7,
            "Which axis comes first in the layout that is asked for?",
            "Put the channels at the other end of the shape.",
        ),
        "weight_axes_exchanged": (
            5,
            "Does the first axis of these weights count what comes in, or what goes out?",
            "Exchanged the channels of the weights: the shape of the opposite kind of convolution.",
        ),
        "other_channels_grouped": (
            4,
            "Groups divide one of the two numbers of channels in this shape: which?",
            "Divided the other number of channels by the groups.",
        ),
        "one_group_alone": (
            3,
            "Does this tensor hold the weights of all groups?",
            "Gave the weights of one group alone.",
        ),
        "kernel_axes_first": (
            4,
            "In which order are the axes of the weights asked for?",
            "Put the axes of the kernel first, as Keras does.",
        ),
        "flatten_without_channels": (
            6,
            "What else does a map have, apart from height and width?",
            "Flattened height times width and left out the channels.",
        ),
    }
)
