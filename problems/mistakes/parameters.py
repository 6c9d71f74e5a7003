"""Mistakes about parameters: biases, channels, batch normalization, blocks."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
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
        "embedding_biased": (
            3,
            "What does an embedding add to the row that it looks up?",
            "Counted a bias for an embedding, which has none.",
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
        "side_for_area": (
            2,
            "How many cells does one slice of the kernel have?",
            "Took the side of the kernel for its area: k where k x k belongs.",
        ),
        "bias_in_each_channel": (
            4,
            "How many biases does one filter have?",
            "Counted a bias for each channel of each filter instead of one for each filter.",
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
        "earlier_channels_used": (
            11,
            "What comes into this layer? Look at the layer just before it.",
            "Used the channels or width of an earlier layer as the input of a later one.",
        ),
        "bias_per_input_channel": (
            3,
            "To which channels is a bias added?",
            "Counted a bias for each input channel instead of each output channel.",
        ),
        "weights_shared": (
            4,
            "Do all positions use the same filters here?",
            "Counted the filters once, as in a convolution, where each position has its own.",
        ),
        "bias_added": (
            4,
            "Are biases among what is counted here?",
            "Counted biases where there are none, or where weights alone are asked for.",
        ),
        "bias_per_filter": (
            3,
            "Do all positions share one bias here?",
            "Counted one bias for each filter where each position has its own.",
        ),
        "projection_left_out": (
            5,
            "What makes the input of the block fit its output?",
            "Left out the 1x1 projection on the shortcut.",
        ),
        "projection_counted": (
            3,
            "Does the shortcut of this block have weights?",
            "Counted a 1x1 projection on a shortcut that passes its input on unchanged.",
        ),
        "biased_before_batch_norm": (
            4,
            "What does the normalisation after a convolution do to its bias?",
            "Counted biases for convolutions that batch normalisation follows.",
        ),
        "reductions_left_out": (
            4,
            "What stands before the larger kernels of this module?",
            "Left out the 1x1 reductions: the larger kernels counted on the module's input.",
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
