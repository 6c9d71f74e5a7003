"""Points in spreadsheet cells: as people type them, and as spreadsheets save them."""

import re
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError

__all__ = ["read_points"]

POINT: Final = re.compile(r"\+?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
COMMA: Final = re.compile(r"\+?(?:[0-9]{1,12},[0-9]{0,12}|,[0-9]{1,12})")
GROUPED: Final = re.compile(r"\+?[1-9][0-9]{0,2}\.[0-9]{3}")
"""What is a thousand and more where the comma marks decimals, and a decimal where it does not."""
RATIO: Final = re.compile(r"([0-9]{1,6}) ?/ ?([0-9]{1,6})")
NEGATIVE: Final = re.compile(r"[-−–](?=[0-9.,])")
DATE: Final = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(?:[ T].*)?"  # 01/02/2026, 2026-01-02 00:00
    r"|[0-9]{1,4}[-/. ]+[^\W\d_]{3,}\.?(?:[-/. ]+[0-9]{2,4})?"  # 02-Jan, 2. Jan. 26
    r"|[^\W\d_]{3,}\.?[-/. ]+[0-9]{1,4}"  # Jan-02
    r"|[0-9]{1,2}月[0-9]{1,2}日"
)
MAX_SHOWN: Final = 30
MAX_LENGTH: Final = 200
"""Characters of a cell that are read."""


def read_points(cell: str, *, comma: bool = False) -> Fraction | None:
    """Return the exact number in a cell, None for an empty one; *comma* allows a decimal comma.

    Raises `AnswerError` with what to write instead.

    >>> read_points(" 1.5 "), read_points("1/3"), read_points("2,5", comma=True), read_points("")
    (Fraction(3, 2), Fraction(1, 3), Fraction(5, 2), None)
    """
    if len(cell) > MAX_LENGTH:
        raise AnswerError(f"the cell has {len(cell):,} characters; write the points alone")
    typed = " ".join(cell.split())
    if not typed:
        return None
    if ratio := RATIO.fullmatch(typed):
        return _ratio(typed, int(ratio[1]), int(ratio[2]))
    if comma and GROUPED.fullmatch(typed):
        raise AnswerError(f"{typed} may be a decimal or thousands; write {typed.replace('.', ',')}")
    if POINT.fullmatch(typed):
        return _decimal(typed)
    if COMMA.fullmatch(typed):
        return _with_comma(typed, comma=comma)
    raise AnswerError(_refused(typed, "0,5" if comma else "0.5"))


def _ratio(typed: str, top: int, bottom: int) -> Fraction:
    if not bottom:
        raise AnswerError(f"{typed} divides by zero")
    return Fraction(top, bottom)


def _with_comma(typed: str, *, comma: bool) -> Fraction:
    pointed = typed.replace(",", ".")
    if not comma:
        raise AnswerError(f"{typed} has a decimal comma; write {pointed}")
    return _decimal(pointed)


def _decimal(typed: str) -> Fraction:
    """Parse digits with at most one point; faster than `Fraction(typed)`."""
    whole, _, decimals = typed.partition(".")
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def _refused(typed: str, half: str) -> str:
    shown = repr(typed if len(typed) <= MAX_SHOWN else f"{typed[:MAX_SHOWN]}...")
    if NEGATIVE.match(typed):
        return f"{shown} is below 0; write 0 or more points"
    if DATE.fullmatch(typed):
        return (
            f"{shown} is a date, which a spreadsheet makes of 1/2 or 1.2; write {half} as text or "
            "set the column's format to number"
        )
    return f"{shown} is not a number of points; write one such as {half}, or leave the cell empty"
