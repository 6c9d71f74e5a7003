"""Remarks behind a unit that change nothing: ``MB/image``, ``MB (10^6 bytes)``."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import tokenize
from grader.reading.units.unit_names import DIMENSIONS, parse_unit

PER_ITEM: Final = lazy_regex(r"(?<=[A-Za-z])\s?/\s?(?:image|img|sample|example|input)(?![\w/])")
"""A slash and the thing to which the quantity belongs anyway."""
DEFINITION: Final = lazy_regex(
    r"(?<=[A-Za-z])[\s,;]*(?:\(|\b(?:where|with|using|at)\b|,)\s*"
    r"(?:1\s?(?P<unit>[A-Za-z]{2,9})\s*=\s*)?(?P<size>[0-9][0-9,.^*²³⁶⁹{}\s]*?)\s*(?:B|bytes?)\s*\)?(?=[\s.]*\Z)"
)
"""The size of a unit in bytes, at the end."""
TYPED_UNIT: Final = lazy_regex(r"[0-9.)]\s*([A-Za-z]{2,9})\Z")


def blank_unit_remarks(text: str) -> str:
    """Return *text* without remarks that only repeat what the unit means.

    >>> blank_unit_remarks("12.5 MB/image (10^6 bytes)")
    '12.5 MB                   '
    """
    text = PER_ITEM.sub(_blank_out, text)
    definition = DEFINITION.search(text)
    if definition is None or not _defines_typed_unit_correctly(definition, text):
        return text
    return text[: definition.start()] + _blank_out(definition) + text[definition.end() :]


def _defines_typed_unit_correctly(definition: re.Match[str], text: str) -> bool:
    """Return whether the bytes in *definition* are the size of the unit that was typed."""
    typed = TYPED_UNIT.search(text[: definition.start()].rstrip())
    unit = parse_unit(definition["unit"] or (typed[1] if typed else ""))
    before = parse_unit(typed[1]) if typed else None
    if unit is None or unit != before or unit.dimension != "bytes":
        return False
    try:
        size = evaluate_tokens(tokenize(definition["size"]), definition["size"])
    except AnswerError:
        return False
    return size == DIMENSIONS["bytes"][unit.name]


def _blank_out(match: re.Match[str]) -> str:
    return " " * len(match[0])
