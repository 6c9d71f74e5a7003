"""Mistakes about attention, positions, transformer blocks and vision transformers."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "output_projection_left_out": (
            6,
            "What happens to the heads' results before they leave the layer?",
            "Left out the output projection of the attention.",
        ),
        "heads_unshared": (
            5,
            "How wide is one head if all of them share the features?",
            "Counted every head at the full width instead of its share.",
        ),
        "one_head": (
            3,
            "How many heads does the layer have?",
            "Counted one head.",
        ),
        "one_projection": (
            3,
            "What is made of each token before the scores are computed?",
            "Counted one matrix where queries, keys and values have one each.",
        ),
        "norms_left_out": (
            5,
            "Are the fully connected layers the only ones that learn?",
            "Left out the parameters of layer normalisation.",
        ),
        "feed_forward_left_out": (
            4,
            "What follows the attention in a block?",
            "Left out the fully connected layers of the block.",
        ),
        "one_feed_forward_layer": (
            4,
            "How does a block come back to the width that it started from?",
            "Counted one of the two fully connected layers of the block.",
        ),
        "cross_attention_left_out": (
            3,
            "How does a decoder look at what the encoder gives?",
            "Left out the attention to the encoder.",
        ),
        "attention_left_out": (
            3,
            "Where do the tokens of the sequence meet in this block?",
            "Left out the attention: counted the fully connected layers and norms.",
        ),
        "projections_left_out": (
            4,
            "Where do queries, keys and values come from?",
            "Left out the projections: counted the scores and the weighted sum.",
        ),
        "attention_products_left_out": (
            4,
            "Which products of attention have no weights of their own?",
            "Counted the weight matrices and left out the scores and the weighted sum.",
        ),
        "weighted_sum_left_out": (
            4,
            "What is done with the attention weights once they are known?",
            "Counted the scores and left out the weighted sum of the values.",
        ),
        "patches_of_one_side": (
            4,
            "Does one row of patches cover the image?",
            "Counted the patches along one side.",
        ),
        "pixels_for_patches": (
            3,
            "Is it asked how many patches there are, or how large one is?",
            "Gave the pixels of a patch.",
        ),
        "class_token_left_out": (
            5,
            "Are the patches the only tokens?",
            "Left out the class token.",
        ),
        "class_token_counted": (
            3,
            "Which tokens does this network have?",
            "Counted a class token where there is none.",
        ),
        "position_embedding_left_out": (
            4,
            "How does the network know where a patch was?",
            "Left out the learned positions.",
        ),
        "scale_left_out": (
            6,
            "What keeps the scores moderate when the vectors are long?",
            "Left out the division of the scores by the root of the width.",
        ),
        "scale_added": (
            3,
            "Which form of the scores is asked for?",
            "Divided the scores by the root of the width where that is not asked for.",
        ),
        "scaled_by_width": (
            5,
            "By what exactly are the scores divided?",
            "Divided the scores by the width, not by its root.",
        ),
        "key_not_transposed": (
            4,
            "Which vectors does a score multiply: rows with rows, or rows with columns?",
            "Multiplied by the keys as they stand, without the transposition.",
        ),
        "mask_ignored": (
            5,
            "Which positions may a query look at here?",
            "Left out the mask.",
        ),
        "masked_after_softmax": (
            4,
            "Do the weights of a query still add up to a whole?",
            "Set masked weights to zero after the softmax and did not renormalise.",
        ),
        "masked_by_zeros": (
            5,
            "Which score does the softmax turn into no weight at all?",
            "Set masked scores to 0 before the softmax, not to minus infinity.",
        ),
        "mask_reversed": (
            4,
            "In which direction must no query look?",
            "Masked the earlier positions instead of the later ones.",
        ),
        "positions_from_one": (
            6,
            "What number does the first position have?",
            "Counted the positions from 1.",
        ),
        "sines_exchanged": (
            5,
            "Which features are sines, those with even or those with odd numbers?",
            "Exchanged sines and cosines.",
        ),
        "exponent_doubled": (
            5,
            "What does i count: the features, or their pairs?",
            "Took the number of the feature for that of its pair.",
        ),
        "frequency_of_the_feature": (
            5,
            "Which features share one angle?",
            "Gave a cosine another angle than the sine of its pair.",
        ),
        "exponent_halved": (
            3,
            "What stands beside i in the exponent?",
            "Left out the 2 in the exponent.",
        ),
        "sines_before_cosines": (
            3,
            "In which order do the sines and cosines of a row stand?",
            "Put all sines before all cosines instead of in turn.",
        ),
        "other_base": (
            3,
            "Of which number is the power taken by which the position is divided?",
            "Took 1000 for 10000 as the base of the wavelengths.",
        ),
        "frequency_inverted": (
            3,
            "Do the waves grow longer or shorter along the features?",
            "Multiplied by the power of the base instead of dividing by it.",
        ),
    }
)
