"""The catalogue of mistakes that twins reproduce: rank, hint to the student, instructor's note.

A rank is about how many of 586 collected wrong values the mistake explains; where a count covers
several mistakes it is shared out among them. The hint names the cause, never the right value.
"""

from typing import Final

from grader.book import MistakeInfo

__all__ = ["MISTAKES"]

# id: (rank, what the student is told, what the instructor reads)
TABLE: Final[dict[str, tuple[int, str, str]]] = {
    # sizes
    "rounded_up": (
        30,
        "A part of a step is not a step: look again at which way the division is rounded.",
        "Rounded up, or to the nearest, where the formula takes the floor.",
    ),
    "fraction_left": (
        11,
        "A count must be a whole number: what happens to the fraction?",
        "Left the quotient as a fraction instead of taking the floor.",
    ),
    "forgot_plus_one": (
        32,
        "Check the ends: count the positions, not only the steps between them.",
        "Left out the '+ 1' of the size formula.",
    ),
    "forgot_minus_one": (
        8,
        "Check the ends: count the steps between the cells, not the cells.",
        "Left out the '- 1' of the formula.",
    ),
    "padding_left_out": (
        15,
        "The padding changes this result: where did it go?",
        "Computed as if there were no padding.",
    ),
    "padding_once": (
        12,
        "How many sides of an axis are padded?",
        "Added the padding at one end of the axis only.",
    ),
    "padding_added": (
        4,
        "What does padding do to the output of a transposed convolution?",
        "Added the padding where a transposed convolution crops by it.",
    ),
    "padding_of_both_sides": (
        4,
        "Is the padding asked for both sides together, or for each?",
        "Gave the padding of both sides together instead of each.",
    ),
    "output_padding_left_out": (
        3,
        "The output padding changes this result too.",
        "Left out the output padding of the transposed convolution.",
    ),
    "stride_left_out": (
        16,
        "By how many cells does the window move?",
        "Computed with stride 1.",
    ),
    "size_over_stride": (
        10,
        "The stride alone does not decide the size: what does the kernel do at the border?",
        "Divided the input size by the stride and ignored the kernel.",
    ),
    "default_stride_one": (
        8,
        "No stride is given here: what does pooling use then?",
        "Took the default stride of pooling as 1; it is the window.",
    ),
    "dilation_left_out": (
        8,
        "How many cells does the kernel span when it is dilated?",
        "Computed with dilation 1.",
    ),
    "transposed_cropped": (
        5,
        "Does the output end where the last input cell stands, or where its kernel ends?",
        "Cropped the transposed convolution to size x stride, as 'same' padding would.",
    ),
    "convolution_for_transposed": (
        6,
        "Does this layer shrink its input or enlarge it?",
        "Used the size formula of a convolution for a transposed one.",
    ),
    "sizes_counted": (
        4,
        "Count the layers, not the sizes before and after them.",
        "Counted the sizes in the sequence, one more than the layers.",
    ),
    # shapes
    "channels_kept": (
        10,
        "What decides the number of channels that come out?",
        "Kept the input channels instead of the number of filters.",
    ),
    "channels_pooled": (
        5,
        "On which axes does pooling work?",
        "Divided the channels by the pooling stride as well.",
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
    # values
    "kernel_flipped": (
        19,
        "Deep-learning libraries lay the kernel on the input as it stands: did you turn it?",
        "Rotated the kernel by 180 degrees, or failed to where the problem asks for it.",
    ),
    "transposed_output": (
        7,
        "Compare rows and columns of your result with those of the input.",
        "Gave the transpose of the result.",
    ),
    "average_for_max": (
        4,
        "Which kind of pooling is asked for?",
        "Average pooling where max pooling is asked for.",
    ),
    "max_for_average": (
        4,
        "Which kind of pooling is asked for?",
        "Max pooling where average pooling is asked for.",
    ),
    "overlap_overwritten": (
        5,
        "What happens in the cells where two copies of the kernel overlap?",
        "Let later copies of the kernel overwrite earlier ones instead of adding them.",
    ),
    "last_stamp_only": (
        4,
        "A running sum keeps what the earlier cells have contributed.",
        "Gave the contribution of the last input cell alone.",
    ),
    # parameters
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
    # cost
    "flops_for_macs": (
        9,
        "Are operations asked for, or multiply-accumulate operations?",
        "Gave FLOPs: twice the multiply-accumulate operations.",
    ),
    "positions_left_out": (
        6,
        "How often is each weight used?",
        "Left out the output positions: gave the number of weights.",
    ),
    "bias_counted": (
        3,
        "Which of these operations are multiply-accumulates?",
        "Counted the additions of the biases as multiply-accumulates.",
    ),
    "remaining_for_saved": (
        4,
        "Is it asked what is saved, or what is left?",
        "Gave the share that remains instead of the share saved.",
    ),
    "percent_of_the_smaller": (
        3,
        "Percent of which of the two?",
        "Took the saving in percent of the reduced value instead of the standard one.",
    ),
    # networks
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
    # detection
    "boxes_times_five_plus_classes": (
        10,
        "To what do the class scores belong in this version: to a cell or to a box?",
        "Used the rule of the first version, B*5 + C, for a later one.",
    ),
    "class_scores_per_box": (
        8,
        "To what do the class scores belong in this version: to a cell or to a box?",
        "Used the rule of the later versions, B*(5 + C), for the first.",
    ),
    "objectness_left_out": (
        10,
        "A box has more numbers than its coordinates and class scores.",
        "Left out the objectness of each box.",
    ),
    "one_anchor": (
        6,
        "How many boxes does each cell predict?",
        "Counted one box a cell.",
    ),
    "background_counted": (
        3,
        "How does this detector say that there is nothing?",
        "Counted a background class.",
    ),
    # training
    "last_batch_kept": (
        5,
        "What happens to the examples that do not fill a batch?",
        "Counted the incomplete last batch, which is dropped.",
    ),
    "last_batch_dropped": (
        5,
        "What happens to the examples that do not fill a batch?",
        "Dropped the incomplete last batch, which is kept.",
    ),
}

MISTAKES: Final[dict[str, MistakeInfo]] = {
    mistake: MistakeInfo(mistake, rank, say, note) for mistake, (rank, say, note) in TABLE.items()
}
