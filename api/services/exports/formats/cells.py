"""Cell values of files: safe text, exact decimals, times, and rows of a table."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from api.services.files.csv_rows import escape_formula

DECIMAL_PLACES: Final = 6
LINE_BREAKS: Final = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")
INVISIBLE_CHARACTERS: Final = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Directional marks and invisible characters, except joiners, which names need."""
CONTROL_CHARACTERS: Final = (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))
"""Code points of control characters and of surrogates."""
TEXT_TRANSLATION: Final = {
    **dict.fromkeys((*CONTROL_CHARACTERS, *map(ord, INVISIBLE_CHARACTERS))),
    ord("\t"): " ",
}
"""Translation of tabs to spaces, without control characters and invisible characters."""
LINES_TRANSLATION: Final = {
    **TEXT_TRANSLATION,
    **dict.fromkeys(map(ord, "\r\n\v\f\x85\u2028\u2029"), "\n"),
}
"""`TEXT_TRANSLATION`, with every line break translated to a line feed."""
_CHANGED: Final = "".join(map(chr, LINES_TRANSLATION.keys() - {ord("\n")}))
LINES_CHARACTERS: Final = re.compile(f"[{re.escape(_CHANGED)}]")
"""Any character that `LINES_TRANSLATION` changes."""
MAX_REPLACEMENTS: Final = 8
"""Number of different characters up to which replacing each is faster than `str.translate`."""
WIDE_SIGNS: Final = "＝＋－＠"
"""Full-width characters that some spreadsheets treat as ``= + - @`` before a formula."""
FORMULA: Final = re.compile(rf"'*+[=+\-@\t\r{WIDE_SIGNS}]")
GUARDED_FORMULA: Final = re.compile(rf"'++[=+\-@\t\r{WIDE_SIGNS}]")


def format_text_cell(value: str) -> str:
    r"""Return *value* on one line, without control or direction marks, and never as a formula.

    >>> [format_text_cell(text) for text in (" Ann\n=x ", "=1+1", "-3", "＝1")]
    ['Ann =x', "'=1+1", '-3', "'＝1"]
    """
    return _guard_formula(" ".join(_remove_invisible(LINE_BREAKS.sub(" ", value)).split()))


def format_multiline_cell(value: str) -> str:
    """Return *value* as `format_text_cell` does, but keep line breaks, each as a line feed."""
    if not value.isprintable():
        lines = _translate_lines(value.replace("\r\n", "\n")).split("\n")
        value = "\n".join(map(str.rstrip, lines))
    return _guard_formula(value.strip())


def _translate_lines(value: str) -> str:
    """Return `value.translate(LINES_TRANSLATION)`, sooner where *value* is not ASCII."""
    if value.isascii():
        return value.translate(LINES_TRANSLATION)
    position = 0
    for _ in range(MAX_REPLACEMENTS):
        match = LINES_CHARACTERS.search(value, position)
        if not match:
            return value
        position = match.start()
        value = value.replace(match[0], LINES_TRANSLATION[ord(match[0])] or "")
    return value.translate(LINES_TRANSLATION)


def _remove_invisible(value: str) -> str:
    return value if value.isprintable() else value.translate(TEXT_TRANSLATION)


def _guard_formula(cell: str) -> str:
    start = FORMULA.match(cell)
    if not start:
        return cell
    return f"'{cell}" if start[0][-1] in WIDE_SIGNS else escape_formula(cell)


def remove_formula_guard(cell: str) -> str:
    """Return the text of a cell without the quote that guards it against formulas.

    >>> guarded = [format_text_cell("=1"), format_text_cell("'＠a"), "'quoted'"]
    >>> [remove_formula_guard(text) for text in guarded]
    ['=1', "'＠a", "'quoted'"]
    """
    return cell[1:] if GUARDED_FORMULA.match(cell) else cell


def format_number(
    value: Fraction | None, *, places: int = DECIMAL_PLACES, min_places: int = 0
) -> str:
    """Return *value* with at least *min_places* and at most *places* decimals; "" for None.

    >>> format_number(Fraction(17, 2)), format_number(Fraction(-1, 3)), format_number(None)
    ('8.5', '-0.333333', '')
    >>> format_number(Fraction(9), min_places=1)
    '9.0'
    """
    if value is None:
        return ""
    scaled = round(value * 10**places)
    digits = f"{abs(scaled):0{places + 1}}"
    decimals = digits[-places:].rstrip("0").ljust(min_places, "0")
    sign = "-" * (scaled < 0)
    return f"{sign}{digits[:-places]}" + (f".{decimals}" if decimals else "")


def format_timestamp(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a time as ISO 8601 in *zone*, in seconds with its offset; "" for None."""
    return "" if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def format_lateness_hms(seconds: int) -> str:
    """Return *seconds* as hours, minutes and seconds; hours may exceed 24, negatives count as 0.

    >>> format_lateness_hms(93_784), format_lateness_hms(0), format_lateness_hms(-5)
    ('26:03:04', '00:00:00', '00:00:00')
    """
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def format_csv(head: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> str:
    """Return prepared cells as a CSV file according to RFC 4180."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
