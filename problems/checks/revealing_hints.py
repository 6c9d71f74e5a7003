"""Lint for hints that state the key, which gives away the answer at the first mistake."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.display.tex import to_tex
from grader.registry import Registry
from grader.values import is_number
from grader.variants.variant import Variant

MIN_VARIANTS: Final = 3
"""With fewer variants, a number in a hint may equal the key by chance."""


def find_revealing_hints(variants: Sequence[Variant], registry: Registry) -> Iterator[str]:
    """Yield a warning for each of the author's mistakes whose hint always states the key.

    A hint is reported only if it states the key in every variant.
    """
    if len(variants) < MIN_VARIANTS:
        return
    for part in variants[0].problem.parts:
        if not isinstance(part, KeyedPart):
            continue
        for mistake in part.mistakes:
            if all(
                _reveals_key(mistake.say.fill(variant.student_scope(registry)), variant, part.id)
                for variant in variants
            ):
                yield f"parts.{part.id}.mistakes.{mistake.id}: its hint says the key; ask instead"


def _reveals_key(text: str, variant: Variant, part: str) -> bool:
    """Return whether *text* contains the key of *part* as a separate number."""
    key = variant.keys.get(part)
    if key is None or not is_number(key):
        return False
    return bool(re.search(rf"(?<![\w.,]){re.escape(to_tex(key))}(?![\w]|[.,]\d)", text))
