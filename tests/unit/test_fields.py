"""Tests of the fields of a problem file: valid YAML values, and errors for others."""

from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from grader.definitions.field_types import (
    ConstantValue,
    Credit,
    ExactNumber,
    Expr,
    KebabId,
    Name,
    Points,
    Prose,
    SnakeId,
    StrictModel,
)
from grader.definitions.template import Template
from grader.expressions.parser import parse
from grader.expressions.tree import Negation, NumberLiteral, TupleLiteral
from grader.values import Tensor


def read(field, given):
    return TypeAdapter(field).validate_python(given)


def refusal(field, given) -> str:
    with pytest.raises(ValidationError) as caught:
        read(field, given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (2, 2),
        (Fraction(1, 2), Fraction(1, 2)),
        ("1/4", Fraction(1, 4)),
        ("2/4", Fraction(1, 2)),
        ("4/2", 2),
        ("5%", Fraction(1, 20)),
        ("100%", 1),
        ("-0.50", Fraction(-1, 2)),
        (" +3 ", 3),
        ("1/3%", Fraction(1, 300)),
    ],
)
def test_exact_number_accepts_several_notations(given, number):
    found = read(ExactNumber, given)
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    "given",
    [
        *["", "abc", "1/0", "1.5/2", "1/2/3", "1,5", "1e3", "5 %", "%", "nan", "inf", "٣"],
        *["1" * 31, True, False, None, [1], {}, "0x10", "1_000", "--1", "½"],
    ],
)
def test_invalid_exact_number_is_rejected_with_example(given):
    assert "write 2, 0.5, 1/4 or 5%" in refusal(ExactNumber, given) or given == "1/0"


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [
        (Credit, [0, 1, "1/2", "25%"], [-1, "1.01", 2, "-1%"]),
        (Points, ["1/7", 1, 1_000_000], [0, -1, 1_000_001]),
    ],
)
def test_credit_and_points_have_limits(field, inside, outside):
    for given in inside:
        assert read(field, given) == read(ExactNumber, given)
    for given in outside:
        assert "must be" in refusal(field, given)


@pytest.mark.parametrize(
    ("given", "tree"),
    [
        (5, NumberLiteral(5)),
        (-5, Negation(NumberLiteral(5))),
        (Fraction(1, 2), NumberLiteral(Fraction(1, 2))),
        ([1, -2], TupleLiteral((NumberLiteral(1), Negation(NumberLiteral(2))))),
        (
            [[1], [2]],
            TupleLiteral((TupleLiteral((NumberLiteral(1),)), TupleLiteral((NumberLiteral(2),)))),
        ),
        ("W + 1", parse("W + 1").tree),
    ],
)
def test_expression_may_be_text_or_numbers(given, tree):
    assert read(Expr, given).tree == tree


def test_parsed_expression_is_returned_unchanged():
    expression = parse("W")
    assert read(Expr, expression) is expression


@pytest.mark.parametrize("given", [True, None, {}, [], [True], 1.5])
def test_value_that_is_not_an_expression_is_rejected(given):
    assert "is not a" in refusal(Expr, given)


@pytest.mark.parametrize("given", [["a"], [[1], ["a"]]])
def test_list_of_expressions_asks_for_a_single_text(given):
    assert "'a' is in a list; write the list as one text" in refusal(Expr, given)


def test_bad_expression_error_gives_the_reason():
    assert "not part of the expression language" in refusal(Expr, "lambda: 1")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (True, True),
        (3, 3),
        (Fraction(1, 2), Fraction(1, 2)),
        ("same", "same"),
        ([1, 2], (1, 2)),
        (["a", "b"], ("a", "b")),
        ([[1, 2], [3, 4]], Tensor.from_nested([[1, 2], [3, 4]])),
        ([[[1]]], Tensor((1, 1, 1), (1,))),
    ],
)
def test_constant_is_a_scalar_tuple_or_tensor(given, value):
    found = read(ConstantValue, given)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("given", [None, {}, [], [[1, 2], [3]], [[1], ["a"]], [1, [2]], 0.5, [{}]])
def test_invalid_constant_is_rejected(given):
    assert "is not a" in refusal(ConstantValue, given)


def test_prose_is_text_with_placeholders():
    assert read(Prose, "a {{W}}") == Template.parse("a {{W}}")
    assert read(Prose, Template.parse("a")) == Template.parse("a")


@pytest.mark.parametrize(
    ("given", "words"), [(5, "put it in quotes"), ({"W": None}, "quotes"), ("{{W", "not closed")]
)
def test_prose_with_invalid_placeholders_is_rejected(given, words):
    assert words in refusal(Prose, given)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (SnakeId, ["a", "a1_b2"], ["", "A", "1a", "a-b", "a_", "a__b", "a\n", "ä", "a" * 65, 5]),
        (KebabId, ["a", "4x4", "a-b"], ["", "A", "a_b", "a-", "a--b", "a\n", "a/b", "../a"]),
        (Name, ["W", "C_in", "y", "N_"], ["", "_a", "1a", "a-b", "é", "a\n", "a" * 33]),
    ],
)
def test_ids_are_restricted_to_plain_characters(field, good, bad):
    for given in good:
        assert read(field, given) == given
    for given in bad:
        assert refusal(field, given)


def test_model_is_frozen_and_rejects_unknown_fields():
    class Thing(StrictModel):
        size: int

    with pytest.raises(ValidationError, match="Extra inputs"):
        Thing.model_validate({"size": 1, "sise": 2})
    with pytest.raises(ValidationError, match="frozen"):
        Thing(size=1).size = 2
