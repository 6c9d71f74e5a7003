"""Mistakes about memory: number of values, bytes, bits, units, storage."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "values_for_bytes": (
            8,
            "How many bytes does one number take?",
            "Gave the number of values, not their bytes.",
        ),
        "decimal_for_binary": (
            6,
            "Is the unit a power of ten or a power of two?",
            "Divided by powers of 1000 where the unit has powers of 1024.",
        ),
        "binary_for_decimal": (
            5,
            "Is the unit a power of ten or a power of two?",
            "Divided by powers of 1024 where the unit has powers of 1000.",
        ),
        "prefix_too_small": (
            4,
            "How many times is the number divided to get to this unit?",
            "Gave the number for the next smaller unit, such as KiB for MiB.",
        ),
        "bits_for_bytes": (
            2,
            "Does the question ask for bits or for bytes?",
            "Gave bits instead of bytes, or the reverse.",
        ),
        "long_format_counted": (
            5,
            "How many bits does one number have in the given format?",
            "Counted 32 bits for each number where the format has fewer.",
        ),
        "queries_counted": (
            4,
            "Which vectors of an earlier token are needed again when the next one is generated?",
            "Counted the queries besides the keys and values.",
        ),
        "batch_left_out": (
            5,
            "How many examples are in memory together?",
            "Left out the batch: counted one example.",
        ),
        "gradients_left_out": (
            5,
            "What does training keep besides the parameters or activations?",
            "Left out the gradients.",
        ),
        "optimizer_state_left_out": (
            4,
            "What does the optimizer store from step to step?",
            "Left out the state of the optimizer.",
        ),
        "one_moment": (
            3,
            "How many numbers does this optimizer keep for each parameter?",
            "Counted only one of the two moments that the optimizer keeps.",
        ),
        "short_copies_only": (
            3,
            "In mixed precision, which numbers have the short format, and which have the long one?",
            "Counted all numbers in the short format.",
        ),
        "long_copy_left_out": (
            3,
            "To which copy of the parameters does the optimizer add its small steps?",
            "Left out the copy of the parameters in the long format.",
        ),
        "largest_map_only": (
            4,
            "What does a layer need in memory besides its output?",
            "Used only the largest map, not an input and an output together.",
        ),
        "every_map_kept": (
            4,
            "Which maps can be freed once a layer has been computed?",
            "Added up all maps, as training keeps them.",
        ),
        "keys_only": (
            8,
            "What is stored for each token?",
            "Counted the keys or the values, but not both.",
        ),
    }
)
