"""Cell values of files: safe text, exact decimals, times, and rows of a table."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from api.services.files.csv_rows import guard, unguard

__all__ = [
    "HIDDEN",
    "PLACES",
    "lateness",
    "lines",
    "number",
    "stamp",
    "table",
    "text",
    "unguarded",
]

PLACES: Final = 6
BREAKS: Final = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")
HIDDEN: Final = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Marks that turn the direction of writing or cannot be seen; joiners, which names need, stay."""
CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))
"""Control characters, and halves of surrogate pairs."""
SHOWN: Final = {**dict.fromkeys((*CONTROLS, *map(ord, HIDDEN))), ord("\t"): " "}
"""What each character is that is not shown as it is: a blank for a tab, nothing for the others."""
IN_LINES: Final = {**SHOWN, **dict.fromkeys(map(ord, "\r\n\v\f\x85\u2028\u2029"), "\n")}
"""The same, where every line break is a line feed."""
WIDE: Final = re.compile(r"'*+[＝＋－＠]")
"""What some spreadsheets take for ``= + - @`` at the start of a formula."""
WIDE_GUARDED: Final = re.compile(r"'++[＝＋－＠]")


def text(value: str) -> str:
    r"""Return *value* on one line, without control or direction marks, and never as a formula.

    >>> text(" Ann\n=x "), text("=1+1"), text("-3"), text("＝1")
    ('Ann =x', "'=1+1", '-3', "'＝1")
    """
    return _guarded(" ".join(_visible(BREAKS.sub(" ", value)).split()))


def lines(value: str) -> str:
    """Return *value* as `text` does, but keep line breaks, each as a line feed."""
    if value.isprintable():
        return _guarded(value.strip())
    kept = map(str.rstrip, value.replace("\r\n", "\n").translate(IN_LINES).split("\n"))
    return _guarded("\n".join(kept).strip())


def _visible(value: str) -> str:
    return value if value.isprintable() else value.translate(SHOWN)


def _guarded(cell: str) -> str:
    return f"'{cell}" if WIDE.match(cell) else guard(cell)


def unguarded(cell: str) -> str:
    """Return the text of a cell without the quote that guards it against formulas.

    >>> unguarded(text("=1")), unguarded(text("'＠a")), unguarded("'quoted'")
    ('=1', "'＠a", "'quoted'")
    """
    if not cell.startswith("'"):
        return cell
    return cell[1:] if WIDE_GUARDED.match(cell) else unguard(cell)


def number(value: Fraction | None, *, places: int = PLACES, least: int = 0) -> str:
    """Return *value* with at least *least* and at most *places* decimals; "" for None.

    >>> number(Fraction(17, 2)), number(Fraction(-1, 3)), number(Fraction(9), least=1), number(None)
    ('8.5', '-0.333333', '9.0', '')
    """
    if value is None:
        return ""
    scaled = round(value * 10**places)
    digits = f"{abs(scaled):0{places + 1}}"
    decimals = digits[-places:].rstrip("0").ljust(least, "0")
    sign = "-" * (scaled < 0)
    return f"{sign}{digits[:-places]}" + (f".{decimals}" if decimals else "")


def stamp(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a time as ISO 8601 in *zone*, in seconds with its offset; "" for None."""
    return "" if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def lateness(seconds: int) -> str:
    """Return *seconds* as hours, minutes and seconds; hours may exceed 24, negatives count as 0.

    >>> lateness(93_784), lateness(0), lateness(-5)
    ('26:03:04', '00:00:00', '00:00:00')
    """
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> str:
    """Return prepared cells as a CSV file according to RFC 4180."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
