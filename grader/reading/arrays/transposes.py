"""Transpose sign after an array: ``[1, 2]^T``, ``ᵀ``, ``.T``, MATLAB's ``'``."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.reading.arrays.program_output import blank_match_keeping_lines
from grader.reading.grammar.errors import quote_span

_LETTER: Final = r"(?:T|t|⊤|\\top|\\intercal|\\(?:mathsf|mathrm|text)\s*\{\s*T\s*\})"
SIGN: Final = re.compile(
    rf"(?<=[\])}}])\s?(?:\^\s?(?:{_LETTER}|\{{\s?{_LETTER}\s?\}})|[ᵀᵗ⊤']|\.T|\.t\(\))(?=[\s$.`]*\Z)"
)
LABELED_SIGN: Final = re.compile(
    rf"[^\W\d_]\w*(?:\s?\^\s?(?:{_LETTER}|\{{\s?{_LETTER}\s?\}})|[ᵀᵗ⊤']|\.T|\.t\(\))\s*(?:=|:)\s*(?=[\[({{\\\n0-9-])"
)
"""A transpose sign after the name of an array."""
MARKS: Final = frozenset("Tt⊤ᵀᵗ'")


def strip_transpose(text: str, rank: int | None) -> str:
    """Return *text* without a final transpose sign, which does not change a vector.

    Raises `AnswerError` if *rank* is not 1, because the transpose would be another array.

    >>> strip_transpose("[-6, -18]^T", 1)
    '[-6, -18]  '
    """
    if not MARKS.intersection(text):
        return text
    sign = SIGN.search(text) or (LABELED_SIGN.search(text) if rank != 1 else None)
    if sign is None:
        return text
    if rank != 1:
        raise AnswerError(
            f"{quote_span(text, *sign.span())} asks for a transpose, which is not carried out.",
            expected="the array as it is after it",
            position=sign.start(),
        )
    return text[: sign.start()] + blank_match_keeping_lines(sign) + text[sign.end() :]
