"""Names in front of a list that give it another order: ``(n3, n2, n1) = (0, 2, 8)``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError

_NAME: Final = r"[^\W\d_]+_?\{?[0-9]*\}?"
HEADING: Final = re.compile(rf"[\s$(\[]*({_NAME}(?:\s*,\s*{_NAME})+)[\s)\]$]*(?:=|:)")
NAME_PARTS: Final = re.compile(r"([^\W\d_]+)_?\{?([0-9]*)")
COLUMN_FIRST_NAMES: Final = frozenset({("x", "y"), ("j", "i")})
"""Pairs of names of which the first counts columns.

If the question has other names, it may ask for rows.
"""


def refuse_reordered_heading(text: str, names: Sequence[str]) -> None:
    """Raise `AnswerError` if the names before a list are in an unexpected order.

    *names* are the names in the question; the heading does not consist of these.
    """
    heading = HEADING.match(text)
    if heading is None:
        return
    name_parts = [
        (name.lower(), int(digits or 0)) for name, digits in NAME_PARTS.findall(heading[1])
    ]
    stems = tuple(stem for stem, _ in name_parts)
    numbers = [number for _, number in name_parts]
    if len(set(stems)) == 1:
        doubtful = numbers != sorted(numbers)
    else:
        first_letters = [stem[0] for stem in stems]
        expected_letters = [name.strip()[:1].lower() for name in names]
        doubtful = bool(names) and (
            stems in COLUMN_FIRST_NAMES
            or (
                first_letters != expected_letters
                and sorted(first_letters) == sorted(expected_letters)
            )
        )
    if doubtful:
        raise AnswerError(
            f"The names '{heading[1]}' may put the numbers in another order.",
            expected="the numbers alone, in the order of the question",
            position=heading.start(1),
        )
