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
    }
)
