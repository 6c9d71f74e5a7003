"""Mistakes about training: batches, steps, epochs."""

from typing import Final

from grader.book import MistakeInfo
from problems.mistakes.table import listed

__all__ = ["MISTAKES"]

MISTAKES: Final[tuple[MistakeInfo, ...]] = listed(
    {
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
)
