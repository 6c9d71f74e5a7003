"""Mistakes about parameters: biases, channels, batch normalization, blocks."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "no_bias": (
            36,
            "Are the weights the only parameters of this layer?",
            "Left out the biases.",
        ),
        "one_bias": (
            8,
            "How many filters, or units, have a bias?",
            "Counted one bias for the layer instead of one per filter or unit.",
        ),
        "embedding_biased": (
            3,
            "What does an embedding add to the row that it looks up?",
            "Counted a bias for an embedding, which has none.",
        ),
        "input_biased": (
            3,
            "Which of the layers have learnable parameters?",
            "Counted biases for the input layer too.",
        ),
        "input_channels_left_out": (
            50,
            "How many channels does one filter cover?",
            "Left out the input channels: counted each filter as a single k x k slice.",
        ),
        "output_channels_left_out": (
            9,
            "How many filters does the layer have?",
            "Left out the number of filters: counted only one filter.",
        ),
        "side_for_area": (
            2,
            "How many cells does one slice of the kernel have?",
            "Used the side of the kernel instead of its area: k instead of k x k.",
        ),
        "bias_in_each_channel": (
            4,
            "How many biases does one filter have?",
            "Counted a bias for each channel of each filter instead of one per filter.",
        ),
        "separable_for_standard": (
            5,
            "Which kind of convolution does the question ask about?",
            "Gave the depthwise separable formula for the standard layer.",
        ),
        "standard_for_separable": (
            5,
            "Which kind of convolution does the question ask about?",
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
            "Go through the layers one by one: does your result include all of them?",
            "Left out the last layer.",
        ),
        "batch_norm_left_out": (
            4,
            "Are convolutions and fully connected layers the only ones with parameters?",
            "Left out the parameters of batch normalization.",
        ),
        "batch_norm_all": (
            6,
            "Which numbers of batch normalization are learned, and which are running statistics?",
            "Counted the running mean and variance: 4 per channel instead of 2.",
        ),
        "batch_norm_learnable": (
            4,
            "Does batch normalization store only what it learns?",
            "Left out the running mean and variance: 2 per channel instead of 4.",
        ),
        "earlier_channels_used": (
            11,
            "What is the input of this layer? Look at the layer just before it.",
            "Used the channels or width of an earlier layer as the input of a later one.",
        ),
        "bias_per_input_channel": (
            3,
            "To which channels is a bias added?",
            "Counted one bias per input channel instead of one per output channel.",
        ),
        "weights_shared": (
            4,
            "Do all positions use the same filters here?",
            "Counted the filters once, as in a convolution, where each position has its own.",
        ),
        "bias_added": (
            4,
            "Do biases count here?",
            "Counted biases where there are none, or where only weights count.",
        ),
        "bias_per_filter": (
            3,
            "Do all positions share one bias here?",
            "Counted one bias per filter where each position has its own.",
        ),
        "projection_left_out": (
            5,
            "Which layer adapts the input of the block to its output?",
            "Left out the 1x1 projection on the shortcut.",
        ),
        "projection_counted": (
            3,
            "Does the shortcut of this block have weights?",
            "Counted a 1x1 projection on an identity shortcut.",
        ),
        "biased_before_batch_norm": (
            4,
            "How does the normalization after a convolution affect its bias?",
            "Counted biases for convolutions that are followed by batch normalization.",
        ),
        "reductions_left_out": (
            4,
            "Which layers precede the larger kernels of this module?",
            "Left out the 1x1 reductions: applied the larger kernels to the module's input.",
        ),
        "pool_branch_left_out": (
            3,
            "Which branches of the module have weights?",
            "Left out the 1x1 convolution after the pooling of the module.",
        ),
        "reductions_concatenated": (
            4,
            "Which outputs of the module are concatenated?",
            "Added the channels of the 1x1 reductions to those that are concatenated.",
        ),
    }
)
