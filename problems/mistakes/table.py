"""How the mistakes of a family are written down: id to rank, hint and note."""

from collections.abc import Mapping
from typing import TypeAlias

from grader.book import MistakeInfo

__all__ = ["Row", "listed"]

Row: TypeAlias = tuple[int, str, str]
"""How common the mistake is, what the student is told, what the instructor reads."""


def listed(table: Mapping[str, Row]) -> tuple[MistakeInfo, ...]:
    """Return the mistakes of *table*, which has a row for each id.

    >>> listed({"no_bias": (36, "Weights are not all.", "Left out the biases.")})[0].rank
    36
    """
    return tuple(MistakeInfo(mistake, *row) for mistake, row in table.items())
