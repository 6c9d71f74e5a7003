"""Rows of a matrix in words, ``9 and 7 in both rows``, and repeated lists, ``[0]*6``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import NUMBER, Rewriting, describe_dropped
from grader.reading.restatements.spelled_numbers import WORDS
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

_CELL: Final = rf"[-+−]?{NUMBER}"
_CELLS: Final = rf"{_CELL}(?:\s*(?:,\s*and|,|and)\s*{_CELL})+"
SAME_ROWS: Final = lazy_regex(
    rf"\s*(?P<cells>{_CELLS})\s+in\s+(?:(?P<both>both)|(?:all|each\s+of\s+the)\s+(?P<count>[^\W\d_]+|[2-9]))\s+rows[\s.]*",
    re.IGNORECASE,
)
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")
ORDINAL_ROW: Final = lazy_regex(
    rf"(?<!\w)(?:for|in)\s+the\s+(?P<ordinal>{'|'.join(ORDINALS)})\s+(?P<noun>[^\W\d_]+)"
    rf"(?:\s+(?:i|we|it|get|have|is|are|find|gives?|row))*[\s:,=]*(?P<cells>{_CELLS})",
    re.IGNORECASE,
)
BETWEEN: Final = lazy_regex(r"(?:[\s,;.]|and)*", re.IGNORECASE)
REPEATED_LIST: Final = lazy_regex(
    rf"(?P<before>[\[,]\s*)\[\s*(?P<cell>{_CELL})\s*\]\s*\*\s*(?P<count>[1-9][0-9]?)(?=\s*[,\]])"
)
"""A list of one cell that Python repeats, inside another list."""
MIN_ROWS: Final = 2


def repeat_rows(text: str, question: str) -> Rewriting | None:
    """Return the matrix whose rows are all the same.

    >>> repeat_rows("9 and 7 in both rows", "").text
    '[[9, 7], [9, 7]]'
    """
    del question
    match = SAME_ROWS.fullmatch(text)
    if match is None:
        return None
    word = (match["count"] or "two").lower()
    count = int(word if word.isdecimal() else WORDS.get(word, 0))
    rows = [_write_row(match["cells"])] * count
    return Rewriting(f"[{', '.join(rows)}]", (), "") if count >= MIN_ROWS else None


def stack_ordinal_rows(text: str, question: str) -> Rewriting | None:
    """Return the matrix whose rows are told as the first, the second and so on.

    >>> asked = "What are the scores, with one row per query?"
    >>> stack_ordinal_rows("for the first query 1, 2, for the second one 3, 4", asked).text
    '[[1, 2], [3, 4]]'
    >>> stack_ordinal_rows("for the first key 1, 2, for the second one 3, 4", asked)
    """
    rows = list(ORDINAL_ROW.finditer(text))
    if len(rows) < MIN_ROWS or weighs_or_retracts_value(text):
        return None
    if not BETWEEN.fullmatch(ORDINAL_ROW.sub(" ", text)):
        return None
    if tuple(row["ordinal"].lower() for row in rows) != ORDINALS[: len(rows)]:
        return None
    noun = rows[0]["noun"].lower()
    stem = re.escape(noun[:STEM_LETTERS])
    per_row = re.search(rf"row\s+(?:per|for\s+each)\s+{stem}", question, re.IGNORECASE)
    if (noun != "row" and not per_row) or any(
        row["noun"].lower() not in {noun, "one"} for row in rows
    ):
        return None
    cells = [_write_row(row["cells"]) for row in rows]
    return Rewriting(f"[{', '.join(cells)}]", describe_dropped(rows[0]["noun"]), "")


def expand_repeated_lists(text: str, question: str) -> Rewriting | None:
    """Return an array with the cells of the lists that Python repeats.

    >>> expand_repeated_lists("[[1, 2], [0]*2]", "").text
    '[[1, 2], [0, 0]]'
    """
    del question
    plain = REPEATED_LIST.sub(_write_cells, text)
    return Rewriting(plain, (), plain) if plain != text else None


def _write_cells(repeated: re.Match[str]) -> str:
    cells = [repeated["cell"]] * int(repeated["count"])
    return f"{repeated['before']}[{', '.join(cells)}]"


def _write_row(cells: str) -> str:
    return f"[{', '.join(re.findall(_CELL, cells))}]"
