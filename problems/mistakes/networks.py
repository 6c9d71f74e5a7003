"""Mistakes about whole networks: receptive fields, depth, branches."""

from typing import Final

from grader.book import MistakeInfo
from problems.mistakes.table import listed

__all__ = ["MISTAKES"]

MISTAKES: Final[tuple[MistakeInfo, ...]] = listed(
    {
        "previous_stride": (
            8,
            "Which of the strides before a layer decide how far apart its inputs lie?",
            "Multiplied by the stride of the previous layer only, not by the product of all.",
        ),
        "strides_ignored": (
            6,
            "How far apart in the image are neighbouring inputs of a later layer?",
            "Added the kernels as if all strides were 1.",
        ),
        "own_stride_included": (
            3,
            "Does a layer's own stride change what one of its outputs sees?",
            "Multiplied by the layer's own stride too, not only by those before it.",
        ),
        "pooling_left_out": (
            5,
            "Do only convolutions enlarge what an output sees?",
            "Left out the pooling layers.",
        ),
        "parallel_layers_added": (
            4,
            "How many layers does one value pass on its way through the network?",
            "Counted the layers of parallel branches together instead of the longest path.",
        ),
    }
)
