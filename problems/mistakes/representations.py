"""Mistakes about learned vectors: autoencoder codes, distances of pairs, word vectors."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "exponent_not_halved": (
            6,
            "Is the logarithm that of the standard deviation, or that of its square?",
            "Used the logarithm of the variance as that of the standard deviation.",
        ),
        "log_variance_sign": (
            4,
            "Does a very negative log variance mean a large or a small spread?",
            "Used e to the power of the negative log variance.",
        ),
        "log_variance_kept": (
            4,
            "Can the factor of the noise be negative?",
            "Multiplied the noise by the log variance itself.",
        ),
        "noise_subtracted": (
            3,
            "Which sign does the noise have, and which sign does the formula have?",
            "Subtracted the noise.",
        ),
        "deviation_for_variance": (
            4,
            "Which measure of spread does the formula use, and to which power?",
            "Used the standard deviation instead of the variance.",
        ),
        "one_not_subtracted": (
            4,
            "What is the divergence of the standard normal distribution from itself?",
            "Left out the -1 of each dimension.",
        ),
        "logarithm_added": (
            4,
            "What happens to the divergence when the variance approaches zero?",
            "Added the logarithm of the variance instead of subtracting it.",
        ),
        "mean_not_squared": (
            4,
            "Does it matter whether the mean is positive or negative?",
            "Did not square the mean.",
        ),
        "code_mean_left_out": (
            4,
            "Does the position of the code matter, or only its spread?",
            "Left out the means.",
        ),
        "distance_squared": (
            5,
            "Does the question ask for the distance or for its square?",
            "Used the squared distance.",
        ),
        "distance_not_squared": (
            5,
            "Does the question ask for the distance or for its square?",
            "Used the distance without squaring it.",
        ),
        "lengths_not_divided": (
            5,
            "Does this similarity depend on the lengths of the vectors?",
            "Gave the product of the vectors without dividing by their lengths.",
        ),
        "lengths_not_rooted": (
            4,
            "What is the length of a vector?",
            "Divided by the squared lengths.",
        ),
        "margin_forgotten": (
            5,
            "Is it enough that the negative is slightly farther away than the positive?",
            "Left out the margin.",
        ),
        "margin_subtracted": (
            4,
            "Does a larger margin make the task harder or easier?",
            "Subtracted the margin.",
        ),
        "negative_loss_kept": (
            5,
            "What is the loss once the margin is satisfied?",
            "Left out the maximum with 0.",
        ),
        "pairs_exchanged": (
            4,
            "Which pair should be close together, and which far apart?",
            "Exchanged the positive and the negative pair.",
        ),
        "lack_not_squared": (
            4,
            "What is done with the amount by which the distance falls short of the margin?",
            "Did not square the amount by which the distance falls short of the margin.",
        ),
        "one_table": (
            6,
            "Does a word have the same vector as a center and as a context word?",
            "Counted one table of vectors instead of two.",
        ),
        "output_biased": (
            3,
            "What is added to the dot product of two word vectors?",
            "Counted a bias for each word, although there is none.",
        ),
        "text_without_ends": (
            6,
            "How many neighbors does the first word of the text have?",
            "Counted windows that extend beyond the ends of the text.",
        ),
        "centre_counted": (
            5,
            "Is a word its own context?",
            "Counted the center word as a context of itself.",
        ),
        "one_side": (
            4,
            "On which sides of a word is its context?",
            "Counted the contexts on only one side.",
        ),
        "power_left_out": (
            4,
            "Are frequent words sampled in proportion to their counts?",
            "Left out the power: used the relative frequencies.",
        ),
        "powers_not_divided": (
            4,
            "What do probabilities add up to?",
            "Did not divide by the sum of the powers.",
        ),
        "even_samples": (
            3,
            "Are all words equally likely to be sampled?",
            "Gave each word the same probability.",
        ),
        "negatives_as_contexts": (
            5,
            "Should the score of a negative sample be large or small?",
            "Used the sigmoid of the negatives' scores with the sign of a true context.",
        ),
        "negatives_left_out": (
            4,
            "Which words must the model distinguish from the true context?",
            "Left out the terms of the negative samples.",
        ),
        "negatives_averaged": (
            3,
            "Are the terms of the negative samples summed, or averaged?",
            "Averaged the terms of the negative samples.",
        ),
    }
)
