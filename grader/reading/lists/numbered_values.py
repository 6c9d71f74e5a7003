"""Values with a number or letter each, in order: ``x1 = 3, x2 = 5``, ``(a) 3 (b) 5``, ``3 → 5``."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.characters import clean_text
from grader.reading.numbers import MAX_TEXT, read_number
from grader.reading.result import Reading
from grader.values import Number, Tensor

_NUMBER: Final = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?%?"
ARROWS: Final = lazy_regex(
    rf"[\s$]*({_NUMBER}(?:\s*(?:→|⇒|-+>|=>|\\to|\\rightarrow)\s*{_NUMBER})+)[\s.$]*"
)
ARROW: Final = lazy_regex(r"→|⇒|-+>|=>|\\to|\\rightarrow")
ENDS: Final = lazy_regex(
    rf"\s*(?:(?:ranges?|goes|going|runs?|reaches)\s+)?(?:from\s+)?({_NUMBER})\s*(?:to|until)\s+({_NUMBER})[\s.]*",
    re.IGNORECASE,
)
"""Two ends of an interval."""
CORNERS: Final = lazy_regex(
    rf"\s*from\s+\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)\s*to\s+"
    rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)[\s.]*",
    re.IGNORECASE,
)
"""Two corners of a box."""
LABEL: Final = lazy_regex(
    r"(?:(?<=\A)|(?<=[\s,;|&]))(?:"
    r"\(?(?P<letter>[a-h])\)[ \t]*[:=]?"
    r"|(?P<stem>(?!and\b)[^\W\d_]{1,12}(?: [^\W\d_]{1,12}){0,3})[ \t_#]*"
    r"\{?(?P<number>[0-9]{1,3})\}?[ \t]*(?:=|:|≈)(?!=)"
    r"|(?P<single>[^\W\d_])[ \t]*(?:=|:)(?!=)"
    r")",
    re.IGNORECASE,
)
EQUATION: Final = lazy_regex(r"[^=\n]*[0-9)][ \t]*(?:=|≈)[ \t]*[^=\n]+")
CONJUNCTION: Final = lazy_regex(r"(?:[\s,;|&]|\band\b)+\Z", re.IGNORECASE)
LETTER: Final = lazy_regex(r"[^\W\d_]")
DECIMAL_COMMAS: Final = lazy_regex(
    r"\s*(?:[^\W\d_]\w?\s*=)?[\s(\[]*(-?[0-9]{1,9}(?:,[0-9]{1,9})?(?:(?:\s*;\s*|\s+)-?[0-9]{1,9}(?:,[0-9]{1,9})?)+)[\s.)\]]*"
)
"""Numbers with at most one comma each, separated by spaces or semicolons."""
LEADING_ZERO: Final = lazy_regex(r"(?<![0-9,])-?0,[0-9]")
"""A decimal comma that cannot separate two numbers in a list without other separators."""
SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
NOTE: Final = "The values were read in the order of their names."
MIN_VALUES: Final = 2


def read_numbered_values(typed: str) -> Reading[Tensor] | None:
    """Return the vector of values that are numbered or joined in order; None for other text.

    >>> read_numbered_values("x1 = 3, x2 = 5").text, read_numbered_values("3 → 5").text
    ('[3, 5]', '[3, 5]')
    """
    text = clean_text(typed, limit=MAX_TEXT) if len(typed) <= MAX_TEXT else ""
    text = text.translate(SUBSCRIPTS)
    pieces: Sequence[str] = ()
    notes: tuple[str, ...] = ()
    if arrows := ARROWS.fullmatch(text):
        pieces = ARROW.split(arrows[1])
    elif ends := ENDS.fullmatch(text) or CORNERS.fullmatch(text):
        pieces = ends.groups()
    elif commas := _split_decimal_commas(text):
        pieces, notes = commas, ("Each comma was read as a decimal comma.",)
    elif labeled := split_labeled(text):
        pieces, notes = labeled, (NOTE,)
    elif "=" in text and not LETTER.search(text):
        items = [piece for piece in re.split(r"[,;\n]\s*(?=[^\s])", text) if piece.strip()]
        pieces = items if all(map(EQUATION.fullmatch, items)) else ()
    if len(pieces) < MIN_VALUES:
        return None
    cells = tuple(_read_value(piece) for piece in pieces)
    tensor = Tensor((len(cells),), cells)
    return Reading(tensor, to_text(tensor), notes)


def split_labeled(text: str) -> list[str]:
    """Return the texts behind labels that count up, ``a) … b) …``; [] if there are none such."""
    labels = list(LABEL.finditer(text))
    if len(labels) < MIN_VALUES or text[: labels[0].start()].strip(" \t\n([{$"):
        return []
    ranks = [_rank_label(label) for label in labels]
    if any(two[0] != one[0] or two[1] != one[1] + 1 for one, two in pairwise(ranks)):
        return []
    ends = [*(label.start() for label in labels[1:]), len(text)]
    pieces = [text[label.end() : end] for label, end in zip(labels, ends, strict=True)]
    return [_strip_conjunction(piece) for piece in pieces]


def _rank_label(label: re.Match[str]) -> tuple[str, int]:
    """Return the name of a label without its number, and that number."""
    if label["number"]:
        return label["stem"].lower(), int(label["number"])
    return "", ord((label["letter"] or label["single"]).lower())


def _strip_conjunction(piece: str) -> str:
    """Return *piece* without the separator or the unpaired bracket at its end."""
    piece = CONJUNCTION.sub("", piece)
    return piece.rstrip(")]}$ .") if piece.count("(") < piece.count(")") else piece.rstrip()


def _split_decimal_commas(text: str) -> list[str]:
    """Return the numbers with points for commas; [] if the commas may separate numbers."""
    match = DECIMAL_COMMAS.fullmatch(text) if "," in text else None
    if match is None:
        return []
    numbers = re.split(r"\s*;\s*|\s+", match[1])
    decimals = [number for number in numbers if "," in number]
    sure = any(map(LEADING_ZERO.match, decimals))
    return [number.replace(",", ".") for number in numbers] if sure else []


def _read_value(piece: str) -> Number:
    """Return the number in *piece*; errors lose their position, which is relative to *piece*."""
    try:
        return read_number(piece.strip()).value
    except AnswerError as error:
        raise AnswerError(error.message, expected=error.expected) from error
