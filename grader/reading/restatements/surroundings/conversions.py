"""The same value in another unit, ``0.3749 nats (= 0.5408 bits)``, and units with a slash."""

import math
import re
from fractions import Fraction
from typing import Final, NamedTuple

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    parse_plain,
)
from grader.reading.screening.known_words import ASKED_UNIT
from grader.reading.units.quantities import GIVES_TWO_VALUES
from grader.reading.units.unit_names import DIMENSIONS, parse_unit

CONVERSION: Final = lazy_regex(
    rf"(?P<value>(?:.*[\s=≈])?(?P<number>{NUMBER})\s*(?P<unit>[^\W\d_]{{1,15}})(?:\s*\([^()]*\))?)\s*"
    r"(?:\(\s*(?:=|≈|i\.e\.,?|or|that\s+is)?|,\s*(?:which\s+is|i\.e\.,?|that\s+is|or|=|(?:the\s+)?same\s+as))\s*"
    rf"(?P<other>{NUMBER})\s*(?P<other_unit>[^\W\d_]{{1,15}})\s*\)?[\s.]*",
    re.DOTALL | re.IGNORECASE,
)
"""A value with its unit, and at the end another number with its unit."""
INFORMATION: Final = {"nats": Fraction(1 / math.log(2)), "bits": Fraction(1)}
"""Units of entropy, in bits."""
RATE: Final = lazy_regex(
    r"(?<=[0-9])\s*(?P<unit>[^\W\d_]{2,15})\s?/\s?(?P<thing>[^\W\d_]{2,15})(?=[\s.$)]*\Z)"
)


class _Measure(NamedTuple):
    """A number in the first unit of its dimension, and half a unit of its last place."""

    dimension: str
    value: Fraction
    error: Fraction


def drop_conversion(text: str, question: str) -> Rewriting | None:
    """Return a value without the same value in another unit behind it.

    Raises `AnswerError` if a text of these two alone gives two values.

    >>> drop_conversion("0.3749 nats (= 0.5408 bits)", "How many nats?").text
    '0.3749 nats'
    >>> drop_conversion("43.2 GB, same as 43200 MB", "How much memory?").text
    '43.2 GB'
    """
    match = CONVERSION.fullmatch(text)
    if match is None:
        return None
    first = _measure(match["number"], match["unit"])
    second = _measure(match["other"], match["other_unit"])
    if first is None or second is None or first.dimension != second.dimension:
        return None
    unit = ASKED_UNIT.search(question)
    if unit is not None and unit[1].lower() != match["unit"].lower():
        return None
    if abs(first.value - second.value) > first.error + second.error:
        alone = not match.start("number") and "(" not in text
        if not alone or match["unit"] == match["other_unit"]:
            return None  # the first one may be on the way: "half of 8 MB, i.e. 4 MB"
        quote = truncate_line(text.strip())
        raise AnswerError(f"'{quote}' {GIVES_TWO_VALUES}", expected="one quantity")
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text[match.end("value") :].strip(" ,.")), value)


def write_out_rate(text: str, question: str) -> Rewriting | None:
    """Return a value with ``bits per char`` for ``bits/char`` if the question has this unit.

    >>> write_out_rate("1.33 bits/char", "How many bits per character?").text
    '1.33 bits per char'
    >>> write_out_rate("1.33 bits/token", "How many bits per character?")
    """
    rate = RATE.search(text)
    if rate is None:
        return None
    unit, thing = (rate[name].lower()[:STEM_LETTERS] for name in ("unit", "thing"))
    if not re.search(rf"(?<!\w){unit}\w*\s+per\s+{thing}", question, re.IGNORECASE):
        return None
    plain = f"{text[: rate.start()]} {rate['unit']} per {rate['thing']}{text[rate.end() :]}"
    return Rewriting(plain, (), plain)


def _measure(number: str, spelling: str) -> _Measure | None:
    """Return the quantity that *number* and a unit spell; None for an unknown unit."""
    plain = parse_plain(number)
    value = Fraction(plain)
    error = Fraction(1, 2 * 10 ** len(plain.partition(".")[2])) if "." in plain else Fraction(0)
    if size := INFORMATION.get(spelling.lower()):
        return _Measure("information", value * size, error * size)
    unit = parse_unit(spelling)
    if unit is None:
        return None
    factor = Fraction(DIMENSIONS[unit.dimension][unit.name])
    return _Measure(unit.dimension, value * factor, error * factor)
