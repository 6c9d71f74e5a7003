"""Values that code prints with their names: ``loss: 0.5``, ``loss = 0.5``, ``loss 0.5``."""

from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import DIGIT, MATRIX_TEXT, QUANTITY, split_label

PRINTED_NAME: Final = lazy_regex(r"[\w ,.'/-]+(?:\([\w ,.%-]*\)[\w ]*)?")
PRINTED_VALUE: Final = lazy_regex(r"\s*([A-Za-z]\w*(?:,?[ -]\w+){0,8})\s*=\s*([-+\d][^=]{0,200})")
WORD_BREAK: Final = lazy_regex(r"[ -]")
"""Separator of the words of a printed name; code has a single word before ``=``."""
ROW: Final = r"\[\s*[-+]?\d[\d\s.,e+-]{0,400}\]"
SPACED_VALUE: Final = lazy_regex(
    r"\s{0,20}([A-Za-z][\w ,.'()/-]{0,80}?)[\s:=]{1,20}"
    rf"({ROW}|\(\d+(?:,\s*\d+)*,?\)|{QUANTITY.pattern})\s*"
)
"""Name and value with a space between them, as ``print(name, value)`` writes them."""

NEXT_VALUE: Final = lazy_regex(r"(?<=[\d\])])\s*[,;]\s+(?=[A-Za-z])")
"""Separator of values with names, ``x = 2.5, y = 4``."""
ALONE: Final = lazy_regex(rf"\s*(?:{QUANTITY.pattern}|\(\d+(?:,\s*\d+){{1,4}}\))\s*")
"""Line with a value alone, such as the shape that a cell returns."""


def split_printed_line(text: str, *, is_output: bool) -> list[str]:
    """Return the values of a printed line with their names, or the line as it is.

    >>> split_printed_line("x = 2.5, y = 4", is_output=True)
    ['x = 2.5', 'y = 4']
    """
    pieces = NEXT_VALUE.split(text) if is_output else [text]
    is_list = all(split_printed(piece, is_output=True) for piece in pieces)
    return pieces if is_list else [text]


def split_printed(text: str, *, is_output: bool) -> tuple[str, str] | None:
    """Return the name, "" for none, and the value of a line that code prints, None for no value.

    >>> split_printed("total params 64", is_output=True), split_printed("x = 5", is_output=False)
    (('total params', '64'), None)
    """
    label, value = split_label(text)
    if label and DIGIT.search(value) and not MATRIX_TEXT.search(text):
        return (label, value) if PRINTED_NAME.fullmatch(label) else None
    printed = PRINTED_VALUE.fullmatch(text)
    if printed and (is_output or WORD_BREAK.search(printed[1])):
        return printed[1], printed[2]
    if ALONE.fullmatch(text):
        return "", text.strip()
    spaced = SPACED_VALUE.fullmatch(text) if is_output else None
    return (spaced[1], spaced[2]) if spaced else None
