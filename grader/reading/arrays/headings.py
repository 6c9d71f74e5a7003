"""Names in front of a list that give it another order: ``(n3, n2, n1) = (0, 2, 8)``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError

__all__ = ["refuse_heading"]

_NAME: Final = r"[^\W\d_]+_?\{?[0-9]*\}?"
HEADING: Final = re.compile(rf"[\s$(\[]*({_NAME}(?:\s*,\s*{_NAME})+)[\s)\]$]*(?:=|:)")
PIECES: Final = re.compile(r"([^\W\d_]+)_?\{?([0-9]*)")
ACROSS: Final = frozenset({("x", "y"), ("j", "i")})
"""Names of which the first counts columns; where the question has others, it may ask for rows."""


def refuse_heading(text: str, names: Sequence[str]) -> None:
    """Raise `AnswerError` if the names before a list are in an unexpected order.

    *names* are the names in the question; the heading does not consist of these.
    """
    heading = HEADING.match(text)
    if heading is None:
        return
    found = [(name.lower(), int(digits or 0)) for name, digits in PIECES.findall(heading[1])]
    stems = tuple(stem for stem, _ in found)
    numbers = [number for _, number in found]
    if len(set(stems)) == 1:
        doubtful = numbers != sorted(numbers)
    else:
        first = [stem[0] for stem in stems]
        asked = [name.strip()[:1].lower() for name in names]
        doubtful = bool(names) and (
            stems in ACROSS or (first != asked and sorted(first) == sorted(asked))
        )
    if doubtful:
        raise AnswerError(
            f"The names '{heading[1]}' may put the numbers in another order.",
            expected="the numbers alone, in the order of the question",
            position=heading.start(1),
        )
