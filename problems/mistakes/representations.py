"""Mistakes about learned vectors: codes of an autoencoder, distances of pairs, word vectors."""

from typing import Final

from grader.book import MistakeInfo
from problems.mistakes.table import listed

__all__ = ["MISTAKES"]

MISTAKES: Final[tuple[MistakeInfo, ...]] = listed(
    {
        "variance_for_deviation": (
            6,
            "Of what is the logarithm given: of the standard deviation, or of its square?",
            "Took the logarithm of the variance for that of the standard deviation.",
        ),
        "log_variance_sign": (
            4,
            "Which spread has a code whose logarithm is far below 0, a large or a small one?",
            "Took e to the negative logarithm of the variance.",
        ),
        "log_variance_kept": (
            4,
            "Can what multiplies the noise be negative?",
            "Multiplied the noise by the logarithm of the variance itself.",
        ),
        "noise_subtracted": (
            3,
            "Which sign has the noise, and which the formula?",
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
            "What happens to the divergence when the variance comes near to 0?",
            "Added the logarithm of the variance instead of subtracting it.",
        ),
        "mean_not_squared": (
            4,
            "Does it matter on which side of 0 the mean lies?",
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
    }
)
