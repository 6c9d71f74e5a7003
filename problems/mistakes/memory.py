"""Mistakes about memory: number of values, bytes, bits, units, storage."""

from typing import Final

from grader.registry import MistakeInfo
from problems.mistakes.table import build_mistakes

MISTAKES: Final[tuple[MistakeInfo, ...]] = build_mistakes(
    {
        "values_for_bytes": (
            8,
            "How many bytes does one number take?",
            "Gave how many numbers there are, not their bytes.",
        ),
        "decimal_for_binary": (
            6,
            "How many bytes does the unit have: a power of ten, or of two?",
            "Divided by powers of 1000 where the unit has powers of 1024.",
        ),
        "binary_for_decimal": (
            5,
            "How many bytes does the unit have: a power of ten, or of two?",
            "Divided by powers of 1024 where the unit has powers of 1000.",
        ),
        "prefix_too_small": (
            4,
            "How often is the number divided on the way to this unit?",
            "Gave the number for the next smaller unit, such as KiB for MiB.",
        ),
        "bits_for_bytes": (
            2,
            "Are bits asked for, or bytes?",
            "Gave bits where bytes are asked for, or the reverse.",
        ),
        "long_format_counted": (
            5,
            "How many bits does one number have in the format that is named?",
            "Counted 32 bits for each number where the format has fewer.",
        ),
        "queries_counted": (
            4,
            "What of an earlier token is needed again when the next one is written?",
            "Counted the queries beside the keys and values.",
        ),
        "batch_left_out": (
            5,
            "How many examples are in memory together?",
            "Left out the batch: counted one example.",
        ),
        "gradients_left_out": (
            5,
            "What does training keep beside the numbers themselves?",
            "Left out the gradients.",
        ),
        "optimizer_state_left_out": (
            4,
            "What does the optimiser remember from step to step?",
            "Left out the state of the optimiser.",
        ),
        "one_moment": (
            3,
            "How many numbers does this optimiser keep for each parameter?",
            "Counted one moment of the two that the optimiser keeps.",
        ),
        "short_copies_only": (
            3,
            "Which numbers have the short format in mixed precision, and which have the long one?",
            "Counted all numbers in the short format.",
        ),
        "long_copy_left_out": (
            3,
            "To which copy of the parameters does the optimiser add its small steps?",
            "Left out the copy of the parameters in the long format.",
        ),
        "largest_map_only": (
            4,
            "What does a layer need in memory beside its output?",
            "Took the largest map alone, not an input and an output together.",
        ),
        "every_map_kept": (
            4,
            "Which maps can be freed once a layer has been computed?",
            "Added up all maps, as training keeps them.",
        ),
        "keys_only": (
            8,
            "What is kept of each token?",
            "Counted the keys or the values, not both.",
        ),
    }
)
