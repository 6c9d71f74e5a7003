"""Rare mistakes about sizes, fields and counts: same padding, one axis for all, single biases."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "macs_halved": (
            1,
            "Is a multiply-accumulate more than one operation, or less?",
            "Halved the MACs instead of doubling them.",
        ),
        "same_padding_assumed": (
            1,
            "Is there padding here that keeps the size? If not, what is lost at the border?",
            "Took the size over the stride, as if the padding were chosen to keep the size.",
        ),
        "first_axis_for_all": (
            1,
            "Do all axes have the same numbers here?",
            "Used the number of the first axis for all axes.",
        ),
        "last_axis_for_all": (
            1,
            "Do all axes have the same numbers here?",
            "Used the number of the last axis for all axes.",
        ),
        "kernel_sides_exchanged": (
            1,
            "Which side of the kernel lies along the height, and which along the width?",
            "Exchanged the sides of the kernel.",
        ),
        "kernel_sides_added": (
            1,
            "How many cells does a kernel with these sides have?",
            "Added the sides of the kernel instead of multiplying them.",
        ),
        "channels_multiplied": (
            1,
            "How many maps does one filter make, whatever the number of input channels is?",
            "Multiplied the number of filters by the input channels.",
        ),
        "channels_scaled_by_area": (
            1,
            "On which axes does this layer work?",
            "Multiplied the channels by the factor of each axis as well.",
        ),
        "first_layer_skipped": (
            1,
            "Go through the layers one by one: is the first one in your result?",
            "Left out the first layer.",
        ),
        "one_stride_left_out": (
            1,
            "Which layers have a stride? Is each of them in your result?",
            "Left out the last stride that is larger than one.",
        ),
        "dilation_times_kernel": (
            1,
            "How many gaps does a dilated kernel have, and how many cells lie between its ends?",
            "Took the kernel times the dilation as the extent of a dilated kernel.",
        ),
        "kernels_for_steps": (
            1,
            "By how many cells does a further layer widen the field?",
            "Added the whole kernel of each layer to a field of one cell.",
        ),
        "last_kernel_for_steps": (
            1,
            "By how many cells does the last layer widen the field?",
            "Added the whole kernel of the last layer, where one cell is in the field already.",
        ),
        "fields_added": (
            1,
            "What do the fields of neighboring cells have in common?",
            "Added the field of the last layer to the field of those before it.",
        ),
        "depthwise_for_each_output": (
            1,
            "How many channels does the depthwise step see?",
            "Counted a depthwise filter for each output channel.",
        ),
        "side_of_the_map": (
            1,
            "At how many places does the kernel stop along both axes?",
            "Took the side of the output map for the number of its positions.",
        ),
        "bias_per_input": (
            1,
            "To what does a bias belong: to an input or to an output?",
            "Counted a bias for each input instead of each output.",
        ),
        "last_bias_left_out": (
            1,
            "Which layers have a bias? Is each of them in your result?",
            "Left out the biases of the last layer.",
        ),
        "bias_of_one_gate": (
            1,
            "Which of the gates have a bias?",
            "Counted the biases of one gate alone.",
        ),
        "second_bias_of_one_gate": (
            1,
            "Which of the gates have the second bias?",
            "Counted the second bias vector for one gate alone.",
        ),
        "bias_of_one_projection": (
            1,
            "Which of the projections have a bias?",
            "Counted the biases of one projection alone.",
        ),
        "positions_counted": (
            1,
            "Are the weights of a filter the same at every position?",
            "Multiplied the weights by the positions of the output.",
        ),
        "stopped_two_steps_early": (
            1,
            "Go through the layers to the very end: are the last ones in your result?",
            "Stopped two layers too early.",
        ),
        "first_convolution_left_out": (
            1,
            "How many convolutions are there? Is each of them in your result?",
            "Left out the first convolution.",
        ),
        "last_convolution_left_out": (
            1,
            "How many convolutions are there? Is each of them in your result?",
            "Left out the last convolution.",
        ),
    }
)
