"""Ambiguous rows: numbered, separated by slashes, with decimal commas, or in another order.

Input with two plausible layouts is refused before any cell is read.
"""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import quote_span

NUMBERED: Final = lazy_regex(r"[ \t]*\(?([0-9]{1,2})[.)][ \t]+(?=[^\s=\[(])")
"""A row number, as in a list: ``1. 4 5``."""
POINT: Final = lazy_regex(r"[0-9]\.(?![0-9])")
"""An integer as NumPy prints it, with a trailing point."""
SLASH: Final = lazy_regex(r"\s+//?\s+")
BRACKETED: Final = lazy_regex(r"[\])}]\s*+,?\s*+[\[({]")
"""The end of a row in brackets and the beginning of the next one."""
COLUMN: Final = lazy_regex(
    r"(?<![^\W_])(?<![0-9] )"
    r"(?:col(?:s|umns?|umnas?|onnes?|onn[ae]|unas?)?|spalten?|stolpec|sütun|столбец|列)(?![^\W\d_])"
    r"(?:[ .]*#?[0-9]{1,2}[ \t]*[:=)](?=[ \t]*[-+.0-9])"
    r"|[ .]*#?[0-9]{0,2}[ \t]*(?:vectors?[ \t]*)?[:=]?\s*(?=[\[(]))",
    re.IGNORECASE,
)
"""Name of a column before its cells, ``Column 1: 4 5``, or of several before brackets."""
COLUMN_WORDS: Final = ("col", "spalte", "stolpec", "sütun", "столбец", "列")
"""Beginnings of all column names, for a quick search of a long text."""
NAMED: Final = lazy_regex(
    r"^[ \t*]*([^\W\d_][\w ]*?[ _]|[^\W\d_]{2,}|[^\W\d_](?=[0-9]))??([0-9]{1,2}|[A-Za-z])[ \t]*:",
    re.MULTILINE,
)
"""Name of a row, block or value with a number or letter: ``Row 2:``, ``x2:``, ``B:``."""
_DECIMAL: Final = r"-?[0-9]{1,9},[0-9]{1,9}"
DECIMALS: Final = lazy_regex(
    rf"[\s(\[]*+({_DECIMAL})(?:(?:\s*;\s*|[ \t]++|\n){_DECIMAL})++[\s)\].]*+"
)
"""Numbers with one comma each, separated by spaces or semicolons."""
MIN_ROWS: Final = 2


def refuse_ambiguous_rows(text: str, rank: int | None) -> None:
    """Raise `AnswerError` if it is unclear where the rows in *text* start or what they are."""
    if "\n" in text and NUMBERED.match(text):
        _refuse_row_numbers(text)
    if rank == 1:
        _refuse_decimal_commas(text)
        return
    if "/" in text and "\n" not in text.strip():
        _refuse_row_slashes(text)
    if ":" in text:
        refuse_reordered_labels(text)


def refuse_reordered_labels(text: str) -> None:
    """Raise `AnswerError` for ``B:`` above ``A:`` and ``Row 2:`` above ``Row 1:``."""
    marks = [*NAMED.finditer(text)]
    ends = [mark[2] for mark in marks]
    ranks = [int(end) if end.isdigit() else ord(end) for end in ends]
    if len(marks) < MIN_ROWS or len({mark[1] for mark in marks}) > 1:
        return
    first = min(ranks)
    if sorted(ranks) == [*range(first, first + len(ranks))] and ranks != sorted(ranks):
        raise AnswerError(
            f"{quote_span(text, *marks[0].span())} comes before a name that should come first.",
            expected="the parts in the order of the question, without names",
            position=marks[0].start(),
        )


def refuse_column_labels(text: str, rank: int | None) -> None:
    """Raise `AnswerError` if *text* labels its cells as a column."""
    lowered = text.lower()
    if rank == 1 or not any(word in lowered for word in COLUMN_WORDS):
        return
    if column := COLUMN.search(text):
        raise AnswerError(
            f"{quote_span(text, *column.span())} gives a column, but the question asks for rows.",
            expected="the rows one below the other, without names",
            position=column.start(),
        )


def _refuse_row_numbers(text: str) -> None:
    """Raise `AnswerError` for ``1. 4 5`` above ``2. 6 7``, where the numbers may be cells."""
    lines = [line for line in text.splitlines() if line.strip()]
    marks = [mark for line in lines if (mark := NUMBERED.match(line))]
    numbers = [int(mark[1]) for mark in marks]
    if len(lines) < MIN_ROWS or numbers != [*range(1, len(lines) + 1)]:
        return
    if not any(POINT.search(mark.string, mark.end()) for mark in marks):
        raise AnswerError(
            f"'{marks[0][0].strip()}' can be read as the number of a row or as its first cell.",
            expected="the rows without numbers",
            position=text.find(marks[0][0]),
        )


def _refuse_decimal_commas(text: str) -> None:
    """Raise `AnswerError` for ``0,4; 0,32``, where each comma may be a decimal comma."""
    if match := DECIMALS.fullmatch(text):
        raise AnswerError(
            f"The comma in '{match[1]}' can be read as the decimal sign or between two numbers.",
            expected=f"{match[1].replace(',', '.')} for the decimal",
            position=match.start(1),
        )


def _refuse_row_slashes(text: str) -> None:
    """Raise `AnswerError` for ``1,2 / 3,4``, where the slash may end a row.

    ``[[1, 1 / 2], [1 / 3, 4]]`` is accepted, because its rows are clear.
    """
    if BRACKETED.search(text):
        return
    rows = SLASH.split(text)
    lengths = {row.count(",") for row in rows}
    if len(rows) >= MIN_ROWS and len(lengths) == 1 and lengths != {0}:
        slash = text.find("/")
        raise AnswerError(
            "'/' can be read as a division or as the end of a row.",
            expected="semicolons or line ends between the rows",
            position=slash,
        )
