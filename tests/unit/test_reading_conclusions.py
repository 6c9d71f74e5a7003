"""Tests of the value after ``so``, ``hence``, ``thus`` or ``therefore``.

It is the answer if nothing else follows or surrounds it.
"""

import pytest

from grader.errors import AnswerError
from grader.reading import read_formula, read_number, read_quantity, read_shape
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.grammar.errors import SEVERAL_VALUES

CHAIN = CHAIN_NOTE
COMMA = "',' cannot be read here."
SEVERAL = SEVERAL_VALUES


@pytest.mark.parametrize(
    ("typed", "value", "notes"),
    [
        ("9*9*3 = 243, so 5", 5, (CHAIN,)),
        ("= 243, hence 5", 5, (CHAIN,)),
        ("63.5, thus 63", 63, (CHAIN,)),
        ("63.5; therefore 63", 63, (CHAIN,)),
        ("63.5. So 63.", 63, (CHAIN,)),
        ("63.5 so 63", 63, (CHAIN,)),
        ("63.5, and so, 63", 63, (CHAIN,)),
        ("64/2 = 32, so 33, so 34", 34, (CHAIN,)),
        ("2 - 7 = -5, so -5", -5, (CHAIN,)),
        ("243, so the answer is 5", 5, (CHAIN, "'the answer is' was ignored.")),
        ("243, so we get 5 pixels", 5, (CHAIN, "'we get' was ignored.", "'pixels' was ignored.")),
        ("13 · 10^5, so 1.3 million", 1_300_000, (CHAIN,)),
        ("63, so 8*8 = 64", 64, ()),
        ("63, so n = 64", 64, ()),
        ("so 5", 5, ("'so' was ignored.",)),
        ("5, so", 5, ("'so' was ignored.",)),
    ],
)
def test_conclusion_is_read_as_the_last_value(typed, value, notes):
    reading = read_number(typed)
    assert (reading.value, reading.notes) == (value, notes)


@pytest.mark.parametrize(
    ("typed", "message", "position"),
    [
        ("63, so 64 with padding", COMMA, 2),
        ("63, so 64 (with padding)", COMMA, 2),
        ("63, so 64 channels", COMMA, 2),  # how many of what the 63 are is not known
        ("63, so maybe 64", COMMA, 2),
        ("63, so 64 or 65", COMMA, 2),
        ("63, so not 64", COMMA, 2),
        ("63, so padding 2", COMMA, 2),
        ("63, so - 64", COMMA, 2),  # a dash, or a minus sign
        ("63, so 64, 65", COMMA, 9),
        ("max(63, so 64)", "'so' cannot be read as part of a number.", 8),
        ("so, so 64 = ", "Nothing follows the last '='.", 10),
        ("k = 5, so p = 2", SEVERAL, 5),
        ("k = 5, p = 2, so 10", SEVERAL, 5),
        ("5 * so 6", "'so' cannot be read as part of a number.", 4),
    ],
)
def test_conclusion_with_extra_words_or_values_is_refused(typed, message, position):
    with pytest.raises(AnswerError) as refused:
        read_number(typed)
    assert message in refused.value.message
    assert refused.value.position == position


def test_conclusions_are_read_in_shapes_quantities_and_formulas():
    assert read_shape("(63 - 3)/1 + 1 = 61, so 61×61×8").value == (61, 61, 8)
    assert read_quantity("8192 KiB, so 8 MiB", dimension="bytes").text == "8 MiB"
    assert read_formula("2K - K, hence K", ["K"]).text == "K"


def test_variable_named_so_is_not_a_conclusion():
    with pytest.raises(AnswerError):
        read_formula("2K, so", ["K", "so"])
