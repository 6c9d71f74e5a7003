"""Mistakes about whole networks: receptive fields, depth, branches, omitted layers."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "previous_stride": (
            8,
            "Which of the strides before a layer decide how far apart its inputs lie?",
            "Multiplied by the stride of the previous layer only, not by the product of all.",
        ),
        "strides_ignored": (
            6,
            "How far apart in the image are neighboring inputs of a later layer?",
            "Added the kernels as if all strides were 1.",
        ),
        "kernels_added": (
            4,
            (
                "How much does another layer add to the receptive field, and how far apart are its "
                "inputs?"
            ),
            "Added the sizes of the kernels, regardless of the strides.",
        ),
        "kernels_multiplied": (
            3,
            "By how many cells does another layer widen the receptive field?",
            "Multiplied the sizes of consecutive kernels.",
        ),
        "own_stride_included": (
            3,
            "Does a layer's own stride change what one of its outputs sees?",
            "Multiplied by the layer's own stride too, not only by those before it.",
        ),
        "strides_added": (
            4,
            "How many pixels is one step of a later layer, through all the layers before it?",
            "Added the strides instead of multiplying them.",
        ),
        "pooling_left_out": (
            5,
            "Do only convolutions change what a later layer sees?",
            "Left out the pooling layers.",
        ),
        "pooling_stride_one": (
            3,
            "How far apart do two neighboring pooling windows start?",
            "Counted pooling layers with stride 1.",
        ),
        "pooling_windows_ignored": (
            3,
            "How many inputs does one output of a pooling layer depend on?",
            "Counted the strides of the pooling layers, but not their windows.",
        ),
        "parallel_layers_added": (
            4,
            "How many layers does one value pass through on its way to the output?",
            "Counted the layers of all parallel branches instead of the longest path.",
        ),
        "pooling_counted": (
            3,
            "Which layers have weights?",
            "Counted pooling layers as layers with weights.",
        ),
        "norms_counted": (
            2,
            "Which layers are counted here, and which only rescale their input?",
            "Counted batch normalizations as separate layers.",
        ),
        "flatten_before_pool": (
            6,
            "How large are the maps when they are flattened?",
            "Flattened the maps before the last pooling.",
        ),
        "add_for_concat": (
            5,
            "What happens to the channels where paths are joined?",
            "Kept the number of channels where a skip or a branch is concatenated.",
        ),
        "concat_for_add": (
            4,
            "What happens to the channels where paths are joined?",
            "Concatenated the channels where a residual block adds.",
        ),
        "cut_one_layer_early": (
            4,
            "Which is the last layer that belongs to this part of the network?",
            "Cut the network one layer too early.",
        ),
        "cut_one_layer_late": (
            4,
            "Which is the last layer that belongs to this part of the network?",
            "Cut the network one layer too late.",
        ),
        "block_counted_once": (
            5,
            "How many times does this block occur?",
            "Counted a repeated block once.",
        ),
        "one_block_fewer": (
            3,
            "How many times does this block occur, including the first time?",
            "Counted one repetition too few.",
        ),
        "groups_left_out": (
            5,
            "How many of the input channels does one filter see?",
            "Counted a grouped or depthwise convolution as a full one.",
        ),
        "input_positions": (
            4,
            "At how many positions of its input is the kernel applied?",
            "Multiplied by the positions of the input instead of the output.",
        ),
        "fully_connected_left_out": (
            4,
            "Go through the layers to the very end: what follows the convolutions?",
            "Left out the fully connected layers.",
        ),
        "first_layer_left_out": (
            4,
            "Go through the layers one by one: does your result include all of them?",
            "Left out the first layer.",
        ),
        "input_not_held": (
            4,
            "What must still be in memory while a layer computes its output?",
            "Gave the largest output alone, without the input of the layer.",
        ),
    }
)
