"""Mistakes about learned vectors: autoencoder codes, distances of pairs, word vectors."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "exponent_not_halved": (
            6,
            "Of what is the logarithm given: of the standard deviation, or of its square?",
            "Took the logarithm of the variance for that of the standard deviation.",
        ),
        "log_variance_sign": (
            4,
            "Does a code whose logarithm is very negative have a large or a small spread?",
            "Took e to the negative logarithm of the variance.",
        ),
        "log_variance_kept": (
            4,
            "Can what multiplies the noise be negative?",
            "Multiplied the noise by the logarithm of the variance itself.",
        ),
        "noise_subtracted": (
            3,
            "What sign does the noise have, and what sign the formula?",
            "Subtracted the noise.",
        ),
        "deviation_for_variance": (
            4,
            "Which measure of spread stands in the formula, and with which power?",
            "Put the standard deviation where the variance belongs.",
        ),
        "one_not_subtracted": (
            4,
            "How large must the divergence of the standard normal distribution from itself be?",
            "Left out the -1 of each dimension.",
        ),
        "logarithm_added": (
            4,
            "What happens to the divergence when the variance all but vanishes?",
            "Added the logarithm of the variance instead of subtracting it.",
        ),
        "mean_not_squared": (
            4,
            "Does it matter whether the mean is positive or negative?",
            "Did not square the mean.",
        ),
        "code_mean_left_out": (
            4,
            "Does it matter where the code lies, or only how wide it is?",
            "Left out the means.",
        ),
        "distance_squared": (
            5,
            "Is the distance asked for, or its square?",
            "Took the squared distance.",
        ),
        "distance_not_squared": (
            5,
            "Is the distance asked for, or its square?",
            "Took the root of the squared distance.",
        ),
        "lengths_not_divided": (
            5,
            "Does this similarity depend on how long the vectors are?",
            "Gave the product of the vectors without dividing by their lengths.",
        ),
        "lengths_not_rooted": (
            4,
            "What is the length of a vector?",
            "Divided by the squared lengths.",
        ),
        "margin_forgotten": (
            5,
            "Is it enough that the negative lies a little farther away than the positive?",
            "Left out the margin.",
        ),
        "margin_subtracted": (
            4,
            "Does a larger margin make the task harder or easier?",
            "Subtracted the margin.",
        ),
        "negative_loss_kept": (
            5,
            "What is left to learn once the margin is kept?",
            "Left out the maximum with 0.",
        ),
        "pairs_exchanged": (
            4,
            "Which of the two is to come near, and which is to go away?",
            "Exchanged what is to be near and what is to be far.",
        ),
        "lack_not_squared": (
            4,
            "What happens to the distance that is missing up to the margin?",
            "Did not square what is missing up to the margin.",
        ),
        "one_table": (
            6,
            "Has a word the same vector as a centre and as a context of another word?",
            "Counted one table of vectors where there are two.",
        ),
        "output_biased": (
            3,
            "What is added to the product of two word vectors?",
            "Counted a bias for each word, where there is none.",
        ),
        "text_without_ends": (
            6,
            "How many neighbours does the first word of the text have?",
            "Counted windows that reach beyond the ends of the text.",
        ),
        "centre_counted": (
            5,
            "Is a word its own context?",
            "Counted the centre as a context of itself.",
        ),
        "one_side": (
            4,
            "On which sides of a word does its context lie?",
            "Counted the contexts on one side alone.",
        ),
        "power_left_out": (
            4,
            "Are frequent words drawn as often as they occur?",
            "Left out the power: took the shares of the counts.",
        ),
        "powers_not_divided": (
            4,
            "What do probabilities add up to?",
            "Did not divide by the sum of the powers.",
        ),
        "even_samples": (
            3,
            "Is each word as likely to be drawn as any other?",
            "Gave each word the same probability.",
        ),
        "negatives_as_contexts": (
            5,
            "Should the score of a negative sample be large or small?",
            "Took the sigmoid of the negatives' scores with the sign of a true context.",
        ),
        "negatives_left_out": (
            4,
            "Which words does the model have to tell apart from the true context?",
            "Left out the terms of the negative samples.",
        ),
        "negatives_averaged": (
            3,
            "Are the terms of the negative samples added up, or averaged?",
            "Averaged the terms of the negative samples.",
        ),
    }
)
