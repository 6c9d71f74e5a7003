"""Tests of JSON: exact and bounded reading, and the detection of blank answers."""

from fractions import Fraction

import pytest

from grader.errors import AnswerError
from grader.reading import is_blank, load_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("-0.0", Fraction(0)),
        ("1.50e3", Fraction(1500)),
        ("1e-300", Fraction(1, 10**300)),
        ("12345678901234567890", 12345678901234567890),
        ('{"a": [1, 2.5, "x", true, null]}', {"a": [1, Fraction(5, 2), "x", True, None]}),
        ('"\\u00d7 [[[["', "× [[[["),
        ("[" * 20 + "]" * 20, None),
    ],
)
def test_json_numbers_are_loaded_exactly(text, value):
    loaded = load_json(text)
    if value is not None:
        assert loaded == value
        assert type(loaded) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This is not JSON"),
        ("[1,", "This is not JSON"),
        ("\ufeff1", "This is not JSON"),
        ("'a'", "This is not JSON"),
        ("[1] [2]", "This is not JSON"),
        ("NaN", "NaN is not a number."),
        ("[Infinity]", "Infinity is not a number."),
        ("-Infinity", "-Infinity is not a number."),
        ("1e400", "The number 1e400 is out of range."),
        ("-1e309", "out of range"),
        ("1e-99999", "out of range"),
        ("1e999999999", "out of range"),
        ("9" * 401, "out of range"),
        ("9" * 310, "out of range"),
        ("0." + "1" * 500, "out of range"),
        ('{"a": 1, "a": 1}', "The key 'a' occurs twice."),
        ('[{"b": {"a": 1, "a": 2}}]', "The key 'a' occurs twice."),
        ("[" * 21 + "]" * 21, "nested deeper than 20"),
        ("[" * 100_000, "nested deeper than 20"),
        (" " * 1_000_001, "1,000,001 characters"),
        ('{"a":' * 10_000, "nested deeper than 20"),
    ],
)
def test_misleading_json_is_refused(text, message):
    with pytest.raises(AnswerError) as refused:
        load_json(text)
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("typed", "blank"),
    [
        ("", True),
        (" \t\r\n", True),
        ("\u00a0\u2009\u200b\ufeff", True),
        ([], True),
        (["", [" ", []]], True),
        ("0", False),
        ("$", False),
        (0, False),
        (Fraction(0), False),
        (["", 0], False),
    ],
)
def test_whitespace_and_empty_lists_are_blank(typed, blank):
    assert is_blank(typed) is blank
