"""Tests of points typed into a spreadsheet: read exactly, or refused with advice."""

from fractions import Fraction

import pytest

from api.services.score_sheets.points import read_points
from grader.errors import AnswerError

POINTS = [
    ("", None),
    ("\u00a0 ", None),
    ("2.", Fraction(2)),
    (".5", Fraction(1, 2)),
    ("+1.25", Fraction(5, 4)),
    ("007", Fraction(7)),
    ("1 / 2", Fraction(1, 2)),
    ("0.333333", Fraction(333_333, 1_000_000)),
    ("1/0", "1/0 divides by zero"),
    ("1,5", "1,5 has a decimal comma; write 1.5"),
    ("-1", "'-1' is below 0"),
    ("−0.5", "'−0.5' is below 0"),
    ("01-Feb", "'01-Feb' is a date: a spreadsheet converts 1/2"),
    ("01. Feb", "is a date"),
    ("2. Jan. 26", "is a date"),
    ("Feb-01", "is a date"),
    ("01/02/2026", "is a date"),
    ("2026-02-01 00:00:00", "is a date"),
    ("01.02.2026", "is a date"),
    ("1月2日", "is a date"),
    ("1er févr.", "is not a number of points"),
    ("nan", "is not a number of points; write one such as 0.5, or leave the cell empty"),
    ("1e3", "is not a number"),
    ("1,234.5", "is not a number"),
    ("50%", "is not a number"),
    ("٣", "is not a number"),
    ("-", "is not a number"),
    ("1" * 40, "'111111111111111111111111111111...' is not a number"),
    ("#REF!", "is not a number"),
]


@pytest.mark.parametrize(("typed", "read"), POINTS)
def test_points_are_parsed_exactly_or_rejected_with_a_suggestion(typed, read) -> None:
    if isinstance(read, str):
        with pytest.raises(AnswerError) as caught:
            read_points(typed)
        assert read in str(caught.value)
    else:
        assert read_points(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1,5", Fraction(3, 2)),
        (",5", Fraction(1, 2)),
        ("2,", Fraction(2)),
        ("1.5", Fraction(3, 2)),
        ("0.125", Fraction(1, 8)),
        ("1.125", "1.125 may be a decimal or thousands; write 1,125"),
        ("1.5.26", "write 0,5 as text"),
        ("x", "such as 0,5"),
    ],
)
def test_points_with_a_decimal_comma_are_parsed_in_comma_style(typed, read) -> None:
    if isinstance(read, str):
        with pytest.raises(AnswerError, match=read):
            read_points(typed, comma=True)
    else:
        assert read_points(typed, comma=True) == read
