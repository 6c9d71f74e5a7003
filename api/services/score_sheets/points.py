"""Points in spreadsheet cells: as people type them, and as spreadsheets save them."""

import re
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError

POINT: Final = re.compile(r"\+?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
COMMA: Final = re.compile(r"\+?(?:[0-9]{1,12},[0-9]{0,12}|,[0-9]{1,12})")
GROUPED: Final = re.compile(r"\+?[1-9][0-9]{0,2}\.[0-9]{3}")
"""Number with a point that is ambiguous, such as ``1.234``.

It is 1,234 where the decimal sign is a comma, and a decimal elsewhere.
"""
RATIO: Final = re.compile(r"([0-9]{1,6}) ?/ ?([0-9]{1,6})")
NEGATIVE: Final = re.compile(r"[-−–](?=[0-9.,])")
DATE: Final = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(?:[ T].*)?"  # 01/02/2026, 2026-01-02 00:00
    r"|[0-9]{1,4}[-/. ]+[^\W\d_]{3,}\.?(?:[-/. ]+[0-9]{2,4})?"  # 02-Jan, 2. Jan. 26
    r"|[^\W\d_]{3,}\.?[-/. ]+[0-9]{1,4}"  # Jan-02
    r"|[0-9]{1,2}月[0-9]{1,2}日"
)
MAX_QUOTED_CHARACTERS: Final = 30
MAX_CELL_CHARACTERS: Final = 200
"""Maximum number of characters of a cell."""


def read_points(cell: str, *, comma: bool = False) -> Fraction | None:
    """Return the exact number in a cell, None for an empty one; *comma* allows a decimal comma.

    Raises `AnswerError` with what to write instead.

    >>> read_points(" 1.5 "), read_points("1/3"), read_points("2,5", comma=True), read_points("")
    (Fraction(3, 2), Fraction(1, 3), Fraction(5, 2), None)
    """
    if len(cell) > MAX_CELL_CHARACTERS:
        raise AnswerError(f"the cell has {len(cell):,} characters; write only the points")
    typed = " ".join(cell.split())
    if not typed:
        return None
    if ratio := RATIO.fullmatch(typed):
        return _parse_ratio(typed, int(ratio[1]), int(ratio[2]))
    if comma and GROUPED.fullmatch(typed):
        raise AnswerError(f"{typed} may be a decimal or thousands; write {typed.replace('.', ',')}")
    if POINT.fullmatch(typed):
        return _parse_decimal(typed)
    if COMMA.fullmatch(typed):
        return _parse_decimal_with_comma(typed, comma=comma)
    raise AnswerError(_describe_invalid_points(typed, "0,5" if comma else "0.5"))


def _parse_ratio(typed: str, top: int, bottom: int) -> Fraction:
    if not bottom:
        raise AnswerError(f"{typed} divides by zero")
    return Fraction(top, bottom)


def _parse_decimal_with_comma(typed: str, *, comma: bool) -> Fraction:
    pointed = typed.replace(",", ".")
    if not comma:
        raise AnswerError(f"{typed} has a decimal comma; write {pointed}")
    return _parse_decimal(pointed)


def _parse_decimal(typed: str) -> Fraction:
    """Parse digits with at most one point; faster than `Fraction(typed)`."""
    whole, _, decimals = typed.partition(".")
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def _describe_invalid_points(typed: str, example: str) -> str:
    quoted = repr(
        typed if len(typed) <= MAX_QUOTED_CHARACTERS else f"{typed[:MAX_QUOTED_CHARACTERS]}..."
    )
    if NEGATIVE.match(typed):
        return f"{quoted} is below 0; write 0 or more points"
    if DATE.fullmatch(typed):
        return (
            f"{quoted} is a date: a spreadsheet converts 1/2 or 1.2; write {example} as text "
            "or set the column's format to number"
        )
    return (
        f"{quoted} is not a number of points; write one such as {example}, or leave the cell empty"
    )
