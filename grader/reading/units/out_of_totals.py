"""Shares typed as a number out of a total: ``8 out of 12``."""

import re
from dataclasses import replace
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.numbers import read_number
from grader.reading.result import RawAnswer, Reading
from grader.values import Number

OUT_OF_TOTAL: Final = lazy_regex(
    r"\s*(?P<part>\d{1,15})\s+(?:out\s+)?of\s+(?P<whole>[1-9]\d{0,14})[\s.]*", re.ASCII
)


def read_out_of_total(typed: RawAnswer) -> Reading[Number] | None:
    """Return the share typed as ``8 out of 12``, or None for anything else."""
    match = OUT_OF_TOTAL.fullmatch(typed) if isinstance(typed, str) else None
    if match is None:
        return None
    fraction = f"{match['part']}/{match['whole']}"
    return replace(read_number(fraction), notes=(f"This was read as {fraction}.",))
