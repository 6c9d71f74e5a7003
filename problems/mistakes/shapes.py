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
        "flatten_without_channels": (
            6,
            "What else does a map have, apart from height and width?",
            "Flattened height times width and left out the channels.",
        ),
    }
)
