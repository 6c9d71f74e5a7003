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
            "How far apart in the image are neighbouring inputs of a later layer?",
            "Added the kernels as if all strides were 1.",
        ),
        "kernels_added": (
            4,
            "How much does a further layer add to the field, and how far apart are its inputs?",
            "Added the sizes of the kernels, whatever the strides.",
        ),
        "kernels_multiplied": (
            3,
            "By how many cells does a further layer widen the field?",
            "Multiplied the sizes of the kernels that follow one another.",
        ),
        "own_stride_included": (
            3,
            "Does a layer's own stride change what one of its outputs sees?",
            "Multiplied by the layer's own stride too, not only by those before it.",
        ),
        "strides_added": (
            4,
            "How far does one step of a later layer carry through all the layers before it?",
            "Added the strides instead of multiplying them.",
        ),
        "pooling_left_out": (
            5,
            "Do only convolutions change what a later layer sees?",
            "Left out the pooling layers.",
        ),
        "parallel_layers_added": (
            4,
            "How many layers does one value pass on its way through the network?",
            "Counted the layers of parallel branches together instead of the longest path.",
        ),
        "pooling_counted": (
            3,
            "Which layers have weights?",
            "Counted pooling layers as layers with weights.",
        ),
        "norms_counted": (
            2,
            "Which layers are counted here, and which only rescale what they get?",
            "Counted batch normalisations as layers of their own.",
        ),
        "flatten_before_pool": (
            6,
            "How large are the maps when they are flattened?",
            "Flattened the maps as they are before the last pooling.",
        ),
        "add_for_concat": (
            5,
            "What becomes of the channels where paths meet?",
            "Left the channels as they are where a skip or a branch is concatenated.",
        ),
        "concat_for_add": (
            4,
            "What becomes of the channels where paths meet?",
            "Put the channels side by side where a residual block adds.",
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
            "How often does this block occur?",
            "Counted a repeated block once.",
        ),
        "one_block_fewer": (
            3,
            "How often does this block occur, the first time included?",
            "Counted one repetition too few.",
        ),
        "groups_left_out": (
            5,
            "How many of the input channels does one filter see?",
            "Counted a grouped or depthwise convolution as a full one.",
        ),
        "input_positions": (
            4,
            "At how many places of its input does the kernel stop?",
            "Multiplied by the positions of the input instead of the output.",
        ),
        "fully_connected_left_out": (
            4,
            "Go through the layers to the very end: what follows the convolutions?",
            "Left out the fully connected layers.",
        ),
        "first_layer_left_out": (
            4,
            "Go through the layers one by one: are all of them in your result?",
            "Left out the first layer.",
        ),
        "input_not_held": (
            4,
            "What must still be there while a layer computes its output?",
            "Gave the largest output alone, without what the layer takes.",
        ),
    }
)
