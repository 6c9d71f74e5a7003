"""A whole number that rounds the decimal before it: ``46/25 = 1.84, round down: 1 step``."""

import re
from fractions import Fraction
from math import ceil, floor
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.concluded_values import strip_marks_unless_doubtful

ROUNDED: Final = lazy_regex(
    r"(?P<head>.*(?<![\w.,])(?P<decimal>[0-9]{1,400}\.[0-9]{1,400})(?![\w%]|[.,][0-9]))(?P<words>[^0-9=]*?)"
    r"(?P<value>(?<![\w.,-])[0-9]{1,400})(?P<noun>(?:\s[^\W\d_]{3,}){0,2})[\s.]*",
    re.DOTALL,
)
DIRECTIONS: Final = (
    (lazy_regex(r"(?<!\w)(?:up|ceil\w*|next|at\s+least)(?!\w)", re.IGNORECASE), (ceil,)),
    (
        lazy_regex(
            r"(?<!\w)(?:down|floor\w*|drop|rest|remainder|full|whole|at\s+most)(?!\w)",
            re.IGNORECASE,
        ),
        (floor,),
    ),
    (lazy_regex(r"(?<!\w)(?:nearest|rounded|round|integer)(?!\w)", re.IGNORECASE), (round,)),
)
"""Words of rounding, and the functions that they mean."""


def keep_rounded_result(text: str, question: str) -> Rewriting | None:
    """Return the whole number at the end of *text* if words say how it rounds the one before it.

    >>> keep_rounded_result("46/25 = 1.84, drop the rest: 1 step", "").text
    '1 step'
    >>> keep_rounded_result("46/25 = 1.84, drop the rest: 2 steps", "")
    """
    del question
    match = ROUNDED.fullmatch(strip_marks_unless_doubtful(text))
    if match is None:
        return None
    rounding = next((made for words, made in DIRECTIONS if words.search(match["words"])), ())
    if not any(made(Fraction(match["decimal"])) == int(match["value"]) for made in rounding):
        return None
    value = f"{match['value']}{match['noun']}"
    return Rewriting(value, describe_dropped(text[: match.start("value")]), value)
