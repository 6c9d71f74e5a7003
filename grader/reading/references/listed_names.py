"""The order in which a question names what it asks for: ``(H, W)`` or ``(height, width)``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.wording.axis_names import AXIS_SPELLINGS

LISTED: Final = lazy_regex(
    r"(?:(?P<bracket>[(\[])\s*)?[^\W\d_]\w*(?:\s*(?:(?(bracket),|×)|×|x(?=\s)|/|\\times|→)\s*[^\W\d_]\w*)+"
)
"""Names with crosses or, in brackets, commas between them."""
NAME: Final = lazy_regex(r"(?<!\\)(?<!\w)(?!x\s)[^\W\d_]\w*")


def find_named_places(names: Sequence[str], question: str) -> list[int | None]:
    """Return the place of each of *names* in the order that *question* states, None if unknown.

    >>> find_named_places(["W", "H"], "What is the size (height, width)?")
    [1, 0]
    """
    for listed in _find_lists(question):
        indices = [index for name in names for index in _find_in_list(name, listed)]
        if len(indices) == len(names):
            return [*indices]
    return [_find_word(name, question) for name in names]


def is_listed_otherwise(names: Sequence[str], question: str) -> bool:
    """Return whether *question* lists all of *names* in brackets, in another order.

    >>> is_listed_otherwise(["W", "H"], "What is the size (H, W)?")
    True
    """
    for listed in _find_lists(question):
        indices = [index for name in names for index in _find_in_list(name, listed)]
        if len(indices) == len(names) and indices != sorted(indices):
            return True
    return False


def _find_lists(question: str) -> list[list[str]]:
    """Return the names in each pair of brackets of *question*, the last pair first."""
    return [NAME.findall(listed[0]) for listed in reversed([*LISTED.finditer(question)])]


def _find_in_list(name: str, listed: Sequence[str]) -> list[int]:
    """Return the index of the first of *listed* that means the same as *name*; [] for none."""
    return [index for index, other in enumerate(listed) if _mean_same(name, other)][:1]


def _mean_same(name: str, other: str) -> bool:
    """Return whether two names are equal, begin alike, or name one axis: ``W`` and ``width``."""
    if min(len(name), len(other)) >= STEM_LETTERS:
        return name[:STEM_LETTERS].lower() == other[:STEM_LETTERS].lower()
    return name.lower() == other.lower() or bool(_find_axes(name) & _find_axes(other))


def _find_axes(name: str) -> set[str]:
    """Return the letters of the axes that *name* spells."""
    return {
        axis
        for axis, spelling in AXIS_SPELLINGS.items()
        if re.fullmatch(spelling, name, re.IGNORECASE)
    }


def _find_word(name: str, question: str) -> int | None:
    """Return the place in *question* of a short name, or of a word that begins as *name* does."""
    end = r"(?![^\W_])" if len(name) < STEM_LETTERS else ""
    stem = re.escape(name[:STEM_LETTERS])
    match = re.search(rf"(?<![^\W_]){stem}{end}", question, re.IGNORECASE)
    return match.start() if match else None
