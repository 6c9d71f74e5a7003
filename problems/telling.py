"""The lint of hints: one that says the key gives the answer away with the first mistake."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from grader.book import Book
from grader.definitions.parts import KeyedPart
from grader.display.text import show_tex
from grader.values import is_number
from grader.variants.variant import Variant

__all__ = ["told_keys"]

FEWEST: Final = 3
"""In fewer variants a number of a hint is the key by chance."""


def told_keys(variants: Sequence[Variant], book: Book) -> Iterator[str]:
    """Yield the author's mistakes whose hint says the number that is asked for in every variant."""
    if len(variants) < FEWEST:
        return
    for part in variants[0].problem.parts:
        if not isinstance(part, KeyedPart):
            continue
        for mistake in part.mistakes:
            if all(_tells(mistake.say.fill(one.scope(book)), one, part.id) for one in variants):
                yield f"parts.{part.id}.mistakes.{mistake.id}: its hint says the key; ask instead"


def _tells(text: str, variant: Variant, part: str) -> bool:
    """Tell whether the key of a part stands in *text*, as a number of its own."""
    key = variant.keys.get(part)
    if key is None or not is_number(key):
        return False
    return bool(re.search(rf"(?<![\w.,]){re.escape(show_tex(key))}(?![\w]|[.,]\d)", text))
