"""Format of a family of mistakes: a table from id to rank, hint and note."""

from collections.abc import Mapping
from typing import TypeAlias

from grader.registry import MistakeInfo

MistakeRow: TypeAlias = tuple[int, str, str]
"""The rank of the mistake, the hint for students, the note for instructors."""


def build_mistakes(table: Mapping[str, MistakeRow]) -> tuple[MistakeInfo, ...]:
    """Return the mistakes of *table*, which has one row per id.

    >>> build_mistakes({"no_bias": (36, "Weights are not all.", "Left out the biases.")})[0].rank
    36
    """
    return tuple(MistakeInfo(mistake, *row) for mistake, row in table.items())
