"""Rare mistakes about sizes, fields and counts: same padding, one axis for all, single biases."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "macs_halved": (
            1,
            "Is a multiply-accumulate operation more than one operation, or less?",
            "Halved the MACs instead of doubling them.",
        ),
        "same_padding_assumed": (
            1,
            "Does the padding here preserve the size? If not, what is lost at the border?",
            "Divided the size by the stride, as if the padding preserved the size.",
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
            "How many maps does one filter produce, regardless of the number of input channels?",
            "Multiplied the number of filters by the input channels.",
        ),
        "channels_scaled_by_area": (
            1,
            "Which axes does this layer change?",
            "Multiplied the channels by the factor of each axis as well.",
        ),
        "first_layer_skipped": (
            1,
            "Go through the layers one by one: does your result include the first one?",
            "Left out the first layer.",
        ),
        "one_stride_left_out": (
            1,
            "Which layers have a stride? Does your result include each of them?",
            "Left out the last stride that is larger than one.",
        ),
        "dilation_times_kernel": (
            1,
            "How many gaps does a dilated kernel have, and how many cells does it span?",
            "Used the kernel size times the dilation as the extent of a dilated kernel.",
        ),
        "kernels_for_steps": (
            1,
            "By how many cells does another layer widen the receptive field?",
            "Added the whole kernel of each layer to a receptive field of one cell.",
        ),
        "last_kernel_for_steps": (
            1,
            "By how many cells does the last layer widen the receptive field?",
            (
                "Added the whole kernel of the last layer, although one cell is already in the "
                "receptive field."
            ),
        ),
        "fields_added": (
            1,
            "What do the receptive fields of neighboring cells have in common?",
            "Added the receptive field of the last layer to that of the preceding layers.",
        ),
        "depthwise_for_each_output": (
            1,
            "How many channels is the depthwise step applied to?",
            "Counted a depthwise filter for each output channel.",
        ),
        "side_of_the_map": (
            1,
            "At how many positions is the kernel applied along both axes?",
            "Used the side of the output map as the number of its positions.",
        ),
        "bias_per_input": (
            1,
            "Does a bias belong to an input or to an output?",
            "Counted one bias per input instead of one per output.",
        ),
        "first_block_skipped": (
            1,
            "Go through the layers one by one: does your result include all of them?",
            "Left out the first layer and the normalization behind it.",
        ),
        "last_bias_left_out": (
            1,
            "Which layers have a bias? Does your result include each of them?",
            "Left out the biases of the last layer.",
        ),
        "bias_of_one_gate": (
            1,
            "Which of the gates have a bias?",
            "Counted the biases of only one gate.",
        ),
        "second_bias_of_one_gate": (
            1,
            "Which of the gates have the second bias?",
            "Counted the second bias vector for only one gate.",
        ),
        "bias_of_one_projection": (
            1,
            "Which of the projections have a bias?",
            "Counted the biases of only one projection.",
        ),
        "positions_counted": (
            1,
            "Are the weights of a filter the same at every position?",
            "Multiplied the weights by the positions of the output.",
        ),
        "stopped_two_steps_early": (
            1,
            "Go through the layers to the very end: does your result include the last ones?",
            "Stopped two layers too early.",
        ),
        "first_convolution_left_out": (
            1,
            "How many convolutions are there? Does your result include each of them?",
            "Left out the first convolution.",
        ),
        "last_convolution_left_out": (
            1,
            "How many convolutions are there? Does your result include each of them?",
            "Left out the last convolution.",
        ),
    }
)
