"""Names before values, compared with their order in the question."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS

_NAME: Final = r"(?<![^\W\d_])[^\W\d_]{3,30}+"
NAMES: Final = lazy_regex(
    rf"({_NAME}(?:\s{{0,3}}+(?:,|×|x(?=\s)|/|\|)\s{{0,3}}+{_NAME})++)\s{{0,3}}[)\]]?\s{{0,3}}(?:=|:)",
    re.IGNORECASE,
)
"""Several names and a sign, before their values."""
_BETWEEN: Final = r"(?:[ \t]{0,9}\|[ \t]*+|\t|[ ]{2,}+)"
HEADER: Final = lazy_regex(
    rf"\A\s*+(?P<names>\|?[ \t]*+{_NAME}(?:{_BETWEEN}{_NAME})++[ \t]*+\|?)[ \t]*+\n"
    r"(?:[ \t|:-]*-[ \t|:-]*\n)?(?=[ \t|]*[-+.0-9])"
)
"""The names of the columns above the first row, and a Markdown rule."""
WORD: Final = lazy_regex(_NAME)


def refuse_other_order(text: str, question: str) -> None:
    """Raise `AnswerError` if the names before the values are in a different order in the question.

    >>> refuse_other_order("(rows, columns) = (2, 3)", "Give the rows and columns.")
    """
    names = NAMES.search(text)
    if names is None:
        return
    positions = _positions_in(question, WORD.findall(names[1]))
    if positions and positions != sorted(positions):
        raise AnswerError(
            f"The names '{truncate_line(names[1])}' are in a different order in the question.",
            expected="the values in the order of the question, without names",
            position=names.start(1),
        )


def strip_column_names(text: str, question: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* without column names that have the order of the question, and a note."""
    header = HEADER.match(text) if "\n" in text else None
    if header is None:
        return text, ()
    positions = _positions_in(question, WORD.findall(header["names"]))
    if not positions or positions != sorted(positions):
        return text, ()
    return text[header.end() :], (f"'{truncate_line(header['names'].strip())}' was ignored.",)


def _positions_in(question: str, names: list[str]) -> list[int]:
    """Return where each of *names* begins in *question*; [] if one is absent or named twice."""
    lowered = question.lower()
    positions = [lowered.find(name.lower()[:STEM_LETTERS]) for name in names]
    return positions if -1 not in positions and len(set(positions)) == len(positions) else []
