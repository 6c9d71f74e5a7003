"""Mistakes about attention, positions, transformer blocks and vision transformers."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "output_projection_left_out": (
            6,
            "What happens to the outputs of the heads before they leave the layer?",
            "Left out the output projection of the attention.",
        ),
        "heads_unshared": (
            5,
            "How wide is one head if the features are divided among all heads?",
            "Counted every head with the full width instead of its share.",
        ),
        "one_head": (
            3,
            "How many heads does the layer have?",
            "Counted only one head.",
        ),
        "one_projection": (
            3,
            "What is computed from each token before the scores?",
            "Counted one matrix instead of one each for queries, keys and values.",
        ),
        "norms_left_out": (
            5,
            "Are the fully connected layers the only ones with parameters?",
            "Left out the parameters of layer normalization.",
        ),
        "feed_forward_left_out": (
            4,
            "What follows the attention in a block?",
            "Left out the fully connected layers of the block.",
        ),
        "one_feed_forward_layer": (
            4,
            "How does a block return to its input width?",
            "Counted only one of the two fully connected layers of the block.",
        ),
        "cross_attention_left_out": (
            3,
            "How does a decoder use the output of the encoder?",
            "Left out the attention to the encoder.",
        ),
        "attention_left_out": (
            3,
            "Where do the tokens of the sequence interact in this block?",
            "Left out the attention: counted only the fully connected layers and norms.",
        ),
        "projections_left_out": (
            4,
            "Where do queries, keys and values come from?",
            "Left out the projections: counted only the scores and the weighted sum.",
        ),
        "attention_products_left_out": (
            4,
            "Which matrix products of attention involve no weights?",
            "Counted the weight matrices and left out the scores and the weighted sum.",
        ),
        "weighted_sum_left_out": (
            4,
            "What is done with the attention weights once they are computed?",
            "Counted the scores and left out the weighted sum of the values.",
        ),
        "patches_of_one_side": (
            4,
            "Does one row of patches cover the image?",
            "Counted the patches along only one side.",
        ),
        "pixels_for_patches": (
            3,
            "Does the question ask how many patches there are, or how large one is?",
            "Gave the number of pixels of a patch.",
        ),
        "class_token_left_out": (
            5,
            "Are the patches the only tokens in the sequence?",
            "Left out the class token.",
        ),
        "class_token_counted": (
            3,
            "Which tokens does this network have?",
            "Counted a class token although there is none.",
        ),
        "position_embedding_left_out": (
            4,
            "How does the network know the position of a patch?",
            "Left out the learned position embedding.",
        ),
        "scale_left_out": (
            6,
            "What keeps the scores small when the vectors have many entries?",
            "Left out the division of the scores by the square root of the width.",
        ),
        "scale_added": (
            3,
            "Which form of the scores does the question ask for?",
            "Divided the scores by the square root of the width although they are unscaled here.",
        ),
        "scaled_by_width": (
            5,
            "What exactly are the scores divided by?",
            "Divided the scores by the width instead of its square root.",
        ),
        "key_not_transposed": (
            4,
            "Which vectors does a score multiply: rows with rows, or rows with columns?",
            "Multiplied by the keys without transposing them.",
        ),
        "mask_ignored": (
            5,
            "To which positions may a query attend here?",
            "Left out the mask.",
        ),
        "masked_after_softmax": (
            4,
            "Do the weights of a query still add up to one?",
            "Set masked weights to zero after the softmax and did not renormalize.",
        ),
        "masked_by_zeros": (
            5,
            "For which score does the softmax give a weight of zero?",
            "Set masked scores to 0 before the softmax, not to minus infinity.",
        ),
        "mask_reversed": (
            4,
            "In which direction must a query not look?",
            "Masked the earlier positions instead of the later ones.",
        ),
        "positions_from_one": (
            6,
            "What is the number of the first position?",
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
            "Used the number of the feature instead of that of its pair.",
        ),
        "frequency_of_the_feature": (
            5,
            "Which features share one angle?",
            "Gave a cosine a different angle than the sine of its pair.",
        ),
        "exponent_halved": (
            3,
            "What is i multiplied by in the exponent?",
            "Left out the 2 in the exponent.",
        ),
        "sines_before_cosines": (
            3,
            "In which order are the sines and cosines of a row?",
            "Put all sines before all cosines instead of alternating them.",
        ),
        "other_base": (
            3,
            "The position is divided by a power of which number?",
            "Used 1000 instead of 10000 as the base of the wavelengths.",
        ),
        "frequency_inverted": (
            3,
            "Do the wavelengths increase or decrease along the features?",
            "Multiplied by the power of the base instead of dividing by it.",
        ),
    }
)
