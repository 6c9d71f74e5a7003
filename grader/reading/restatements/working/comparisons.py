"""A value beside another one: ``6672 instead of 2602``, ``half of 504``, ``5, of which 2 are``."""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    describe_dropped,
    parse_plain,
)
from grader.reading.screening.qualifiers import QUALIFIER

INSTEAD: Final = lazy_regex(
    rf"(?P<value>[^0-9]*{NUMBER}[^0-9;:()]*?)[\s,]+\(?(?:instead\s+of|rather\s+than)\s+{NUMBER}(?:\s+[^\W\d_]+){{0,2}}[\s.)]*",
    re.IGNORECASE,
)
MULTIPLES: Final = {
    "half": Fraction(1, 2),
    "a half": Fraction(1, 2),
    "one half": Fraction(1, 2),
    "a third": Fraction(1, 3),
    "one third": Fraction(1, 3),
    "a quarter": Fraction(1, 4),
    "one quarter": Fraction(1, 4),
    "twice": Fraction(2),
    "double": Fraction(2),
}
MULTIPLE: Final = lazy_regex(
    rf"\s*(?P<share>{'|'.join(MULTIPLES)})\s+(?:of\s+)?(?P<whole>{NUMBER})(?:\s*[^\W\d_]{{1,6}})?\s*"
    r"(?:,\s*(?:i\.\s?e\.,?|so|that\s+is,?)|=|:)\s*(?P<value>[^=;]*[0-9][^=;]*)",
    re.IGNORECASE,
)
SUBSET: Final = lazy_regex(
    rf"(?P<text>[^0-9]*(?P<value>{NUMBER})[^0-9(),;]*?)\s*[,(]\s*"
    rf"(?:of\s+which\s+(?P<which>{NUMBER})|(?P<them>{NUMBER})\s+of\s+(?:them|these|which))"
    r"\s+(?:are|is)\s+(?P<noun>[^\W\d_]{4,})\s*\)?[\s.]*",
    re.IGNORECASE,
)
NUMBERS: Final = lazy_regex(NUMBER)
SIGNED: Final = lazy_regex(rf"\s*(?:±|\+/-|\+-|\\pm)\s*(?P<value>{NUMBER})[\s.]*")
SYMMETRIC: Final = lazy_regex(r"\[\s*-\s*([^\W\d_])\s*,\s*\1\s*\]")
"""An interval around zero, ``[-a, a]``."""
BARE_PREFIX: Final = lazy_regex(rf"(?P<value>[^\n]*?{NUMBER}\s?[kMGTP])[\s.]*")
COUNTED_UNIT: Final = lazy_regex(r"(?<!\w)(?P<unit>MACs|FLOPs|bytes|parameters)(?!\w)")
SHORT_UNITS: Final = {"bytes": "B", "parameters": "params"}
DIFFERENCE: Final = lazy_regex(
    r"(?<!\w)(?:sav(?:e|es|ed|ing|ings)|fewer|less|more|smaller|larger|reduc\w*|differ\w*|times|factor|by\s+how)(?!\w)",
    re.IGNORECASE,
)
"""Words of a question about both numbers."""


def drop_replaced_number(text: str, question: str) -> Rewriting | None:
    """Return the value before ``instead of`` and the number that it replaces.

    >>> drop_replaced_number("6672 instead of 2602", "").text
    '6672'
    """
    match = INSTEAD.fullmatch(text)
    if match is None or DIFFERENCE.search(question):
        return None
    value = match["value"].strip()
    return Rewriting(value, describe_dropped(text[len(match["value"]) :]), value)


def drop_count_of_subset(text: str, question: str) -> Rewriting | None:
    """Return a count without the number of those that the *question* does not ask about.

    >>> drop_count_of_subset("384, of which 192 are learned", "How many numbers?").text
    '384'
    >>> drop_count_of_subset("384, of which 192 are learned", "How many learned numbers?")
    """
    match = SUBSET.fullmatch(text)
    if match is None or match["noun"].lower()[:STEM_LETTERS] in question.lower():
        return None
    subset = Fraction(parse_plain(match["which"] or match["them"]))
    if not subset < Fraction(parse_plain(match["value"])) or QUALIFIER.fullmatch(match["noun"]):
        return None
    value = match["text"].strip()
    return Rewriting(value, describe_dropped(text[match.end("text") :]), value)


def keep_result_of_multiple(text: str, question: str) -> Rewriting | None:
    """Return the result of ``half of 504, i.e. 252``, if it is that multiple.

    >>> keep_result_of_multiple("half of 504, i.e. 252 x 252", "").text
    '252 x 252'
    >>> keep_result_of_multiple("half of 504, i.e. 250 x 250", "")
    """
    del question
    match = MULTIPLE.fullmatch(text)
    if match is None:
        return None
    share = MULTIPLES[" ".join(match["share"].lower().split())]
    result = share * Fraction(parse_plain(match["whole"]))
    value = match["value"].strip()
    numbers = {Fraction(parse_plain(number)) for number in NUMBERS.findall(value)}
    if numbers != {result}:
        return None
    return Rewriting(value, describe_dropped(text[: match.start("value")]), value)


def drop_plus_minus_sign(text: str, question: str) -> Rewriting | None:
    """Return the limit of an interval around zero without its two signs.

    >>> drop_plus_minus_sign("± 0.1", "The interval is $[-a, a]$. What is $a$?").text
    '0.1'
    """
    match = SIGNED.fullmatch(text)
    if match is None or not SYMMETRIC.search(question):
        return None
    return Rewriting(match["value"], ("The limit was read without its signs.",), match["value"])


def complete_unit_prefix(text: str, question: str) -> Rewriting | None:
    """Return a number with a prefix alone with the only unit that the *question* asks for.

    >>> complete_unit_prefix("20.3 G", "How many MACs does it take?").text
    '20.3 GMACs'
    """
    units = {match["unit"] for match in COUNTED_UNIT.finditer(question)}
    match = BARE_PREFIX.fullmatch(text)
    if match is None or len(units) != 1:
        return None
    unit = units.pop()
    value = f"{match['value']}{SHORT_UNITS.get(unit, unit)}"
    return Rewriting(value, (f"The prefix was read as one of {unit}.",), value)
