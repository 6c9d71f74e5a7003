"""Mistakes about parameters: biases, channels, batch normalisation."""

from typing import Final

from grader.book import MistakeInfo
from problems.mistakes.table import listed

__all__ = ["MISTAKES"]

MISTAKES: Final[tuple[MistakeInfo, ...]] = listed(
    {
        "no_bias": (
            36,
            "Weights are not the only parameters of this layer.",
            "Left out the biases.",
        ),
        "one_bias": (
            8,
            "How many filters, or units, have a bias?",
            "Counted one bias for the layer instead of one for each filter or unit.",
        ),
        "input_biased": (
            3,
            "Which of the layers have learnable numbers of their own?",
            "Counted biases for the input layer too.",
        ),
        "input_channels_left_out": (
            50,
            "How deep is one filter?",
            "Left out the input channels: each filter counted as a single k x k slice.",
        ),
        "output_channels_left_out": (
            9,
            "How many filters does the layer have?",
            "Left out the number of filters: counted one of them.",
        ),
        "separable_for_standard": (
            5,
            "Which kind of convolution is asked for here?",
            "Gave the depthwise separable formula for the standard layer.",
        ),
        "standard_for_separable": (
            5,
            "Which kind of convolution is asked for here?",
            "Gave the standard formula for the depthwise separable layer.",
        ),
        "depthwise_only": (
            3,
            "A depthwise separable convolution has two steps.",
            "Counted the depthwise step and left out the pointwise one.",
        ),
        "pointwise_only": (
            3,
            "A depthwise separable convolution has two steps.",
            "Counted the pointwise step and left out the depthwise one.",
        ),
        "layer_left_out": (
            6,
            "Go through the layers one by one: are all of them in your result?",
            "Left out the last layer.",
        ),
        "batch_norm_left_out": (
            4,
            "Are convolutions and fully connected layers the only ones that learn?",
            "Left out the parameters of batch normalisation.",
        ),
        "batch_norm_all": (
            6,
            "Which numbers of batch normalisation are learned, and which are only measured?",
            "Counted the running mean and variance: 4 a channel instead of 2.",
        ),
        "batch_norm_learnable": (
            4,
            "Batch normalisation keeps more than what it learns.",
            "Left out the running mean and variance: 2 a channel instead of 4.",
        ),
    }
)
