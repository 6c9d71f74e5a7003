"""Tests of number styles: a declared decimal mark settles otherwise ambiguous input."""

from fractions import Fraction

import pytest

from grader.errors import AnswerError
from grader.kinds.numbers import read_count
from grader.reading import (
    normalize_number_style,
    read_formula,
    read_number,
    read_quantity,
    read_shape,
    read_tensor,
)
from grader.reading.arrays.grid import split_table_rows
from grader.values import Tensor

F = Fraction


@pytest.mark.parametrize(
    ("typed", "rewritten"),
    [
        ("", ""),
        ("5", "5"),
        ("-5,", "-5,"),
        ("1,5", "1.5"),
        ("12,34", "12.34"),
        (",5", ".5"),
        ("-,5", "-.5"),
        ("0,125", "0.125"),
        ("1,234", "1.234"),
        ("65.536", "65'536"),
        ("1.234.567,5", "1'234'567.5"),
        ("1'234,5", "1'234.5"),
        ("1\u202f234,5", "1\u2009234.5"),
        ("1,5e3", "1.5e3"),
        ("1,5·10⁶", "1.5·10⁶"),
        ("1{,}5 K", "1.5   K"),
        ("3.14", "3.14"),
        ("0.125", "0.125"),
        ("1.23.4", "1.23.4"),
        ("1,5; 2,5", "1.5; 2.5"),
        ("1,5, 2,5", "1.5, 2.5"),
        ("[1,5; 2; 3,25]", "[1.5; 2; 3.25]"),
        ("[1,5 2; 3 4]", "[1.5 2; 3 4]"),
        ("[[1,5; 2]; [3; 4]]", "[[1.5, 2]; [3, 4]]"),
        ("{1,5; 2}", "{1.5, 2}"),
        ("max(1,5; 2)", "max(1.5, 2)"),
        ("1,5;2\n3;4,5", "1.5;2\n3;4.5"),
        ("0,5*conv1", "0.5*conv1"),
        ("tensor([1.125, 2.5])", "tensor([1.125, 2.5])"),
        ("[np.float64(2.125), np.float64(0.5)]", "[np.float64(2.125), np.float64(0.5)]"),
        ("]; ) ;1,5", "]; ) ;1.5"),
    ],
)
def test_decimal_commas_become_points_without_changing_length(typed, rewritten):
    styled = normalize_number_style(typed, "comma")
    assert styled == rewritten
    assert len(styled) == len(typed)


@pytest.mark.parametrize("style", [None, "point"])
@pytest.mark.parametrize("typed", ["1,5", "65.536", "[[1,5; 2]; [3; 4]]", 7, F(1, 2), ["1,5"]])
def test_text_is_unchanged_without_the_comma_style(typed, style):
    assert normalize_number_style(typed, style) == typed


@pytest.mark.parametrize(
    ("typed", "message", "position"),
    [
        ("1,2,3", "'1,2,3' is not a number with a decimal comma. Expected 1234,5 for a number", 0),
        ("n = 1,234.5", "'1,234.5' is not a number with a decimal comma.", 4),
        ("1.23,4", "'1.23,4' is not a number with a decimal comma.", 0),
        (
            "[0.5; 2.125]",
            "because 0.5 has a decimal point. Expected 2,125 for the decimal, 2125 for the whole",
            6,
        ),
    ],
)
def test_numbers_invalid_in_the_comma_style_are_refused(typed, message, position):
    with pytest.raises(AnswerError) as refused:
        normalize_number_style(typed, "comma")
    assert message in str(refused.value)
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("typed", "style", "value"),
    [
        ("65.536", "point", F(65536, 1000)),
        ("1.000", "point", 1),
        ("65.536", "comma", 65536),
        ("1.000", "comma", 1000),
        ("65,536", "point", 65536),
        ("65,536", "comma", F(65536, 1000)),
    ],
)
def test_declared_number_style_disambiguates_counts(typed, style, value):
    assert read_count(normalize_number_style(typed, style)).value == value


@pytest.mark.parametrize("typed", ["65.536", "1.000"])
def test_count_with_a_point_is_refused_without_a_style(typed):
    with pytest.raises(AnswerError, match="as a decimal number and as a whole number"):
        read_count(normalize_number_style(typed, None))


@pytest.mark.parametrize("style", [None, "point"])
@pytest.mark.parametrize(("typed", "both"), [("1,5", ("1.5", "15")), ("12,34", ("12.34", "1234"))])
def test_comma_before_one_or_two_digits_is_refused_with_both_readings(typed, both, style):
    with pytest.raises(AnswerError) as refused:
        read_number(normalize_number_style(typed, style))
    assert refused.value.expected == f"{both[0]} for the decimal, {both[1]} for the whole number"


def test_table_cells_keep_the_number_style_of_their_text():
    asked = {"columns": ("count", "share"), "rows": 1}
    ((count, share),) = split_table_rows(normalize_number_style("65.536 | 0,5", "comma"), **asked)
    assert (count, share) == ("65'536", "0.5")
    ((pointed, _),) = split_table_rows(normalize_number_style("65.536 | 1", "point"), **asked)
    assert read_count(pointed).value == F(65536, 1000)


@pytest.mark.parametrize(
    "typed",
    ["[[1,5; 2]; [3; 4]]", "[1,5 2; 3 4]", "1,5;2\n3;4", "1,5\t2\n3\t4", [["1,5", 2], [3, "4,0"]]],
)
def test_matrices_are_read_in_the_comma_style(typed):
    assert read_tensor(normalize_number_style(typed, "comma"), rank=2).value == Tensor.from_nested(
        [[F(3, 2), 2], [3, 4]]
    )


def test_every_reader_accepts_the_comma_style():
    assert read_number(normalize_number_style("≈ 1.234,5 %", "comma"), percent=True).value == F(
        2469, 2
    )
    assert read_tensor(
        normalize_number_style("1,5; 2; 2,5", "comma"), rank=1
    ).value == Tensor.from_nested([F(3, 2), 2, F(5, 2)])
    assert read_shape(normalize_number_style("(126; 126; 16)", "comma")).value == (126, 126, 16)
    assert read_formula(normalize_number_style("0,5*K", "comma"), ["K"]).text == "0.5·K"
    assert (
        read_quantity(normalize_number_style("60,95 MB", "comma"), dimension="bytes").value.value
        == 60_950_000
    )
