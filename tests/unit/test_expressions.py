"""Tests of the expression language: its syntax, its refusals and its size limits."""

from fractions import Fraction

import pytest

from grader.errors import ProblemError
from grader.expressions.parser import MAX_DEPTH, MAX_LENGTH, MAX_NODES, parse, truncate_quoted_text
from grader.expressions.tree import (
    BinaryOperation,
    Call,
    Comparison,
    FieldAccess,
    ItemAccess,
    Name,
    Negation,
    NumberLiteral,
    TextLiteral,
    TupleLiteral,
)


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("  63 ", NumberLiteral(63)),
        ("+5", NumberLiteral(5)),
        ("-5", Negation(NumberLiteral(5))),
        ("0.1", NumberLiteral(Fraction(1, 10))),
        ("2.50", NumberLiteral(Fraction(5, 2))),
        ("1e3", NumberLiteral(1000)),
        ("1_000.5", NumberLiteral(Fraction(2001, 2))),
        (".5E-1", NumberLiteral(Fraction(1, 20))),
        (
            "0.1000000000000000055511151231257827",
            NumberLiteral(Fraction("0.1000000000000000055511151231257827")),
        ),
        ("K", Name("K")),
        ("a.shape", FieldAccess(Name("a"), "shape")),
        ("a[-1]", ItemAccess(Name("a"), -1)),
        ("'vgg16'", TextLiteral("vgg16")),
        ("[1, 2]", TupleLiteral((NumberLiteral(1), NumberLiteral(2)))),
        ("(1, 2)", TupleLiteral((NumberLiteral(1), NumberLiteral(2)))),
        ("()", TupleLiteral(())),
        (
            "2 ** 3 ** 4",
            BinaryOperation(
                "**", NumberLiteral(2), BinaryOperation("**", NumberLiteral(3), NumberLiteral(4))
            ),
        ),
        ("-2 ** 2", Negation(BinaryOperation("**", NumberLiteral(2), NumberLiteral(2)))),
        ("1 < a <= 3", Comparison(NumberLiteral(1), (("<", Name("a")), ("<=", NumberLiteral(3))))),
        ("f(1, k=2)", Call("f", (NumberLiteral(1),), (("k", NumberLiteral(2)),))),
        ("(1 +\n 2)", BinaryOperation("+", NumberLiteral(1), NumberLiteral(2))),
    ],
)
def test_expression_is_parsed_exactly(source, tree):
    assert parse(source).tree == tree


@pytest.mark.parametrize(
    "source",
    [
        "",
        "   ",
        "1 +",
        "a b",
        "a = 1",
        "import os",
        "a; b",
        "1 if a",
        "\x00",
        "a\ud800",
        "（1）",
        "1 2",
        "7up",
        "0777",
        "if",
    ],
)
def test_invalid_expression_text_is_reported(source):
    with pytest.raises(ProblemError, match="is not an expression"):
        parse(source)


@pytest.mark.parametrize("source", ["conv(8", "3)"])
def test_incomplete_call_error_explains_commas_in_lists(source):
    with pytest.raises(ProblemError, match="quote what has a comma"):
        parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "lambda: 1",
        "[x for x in y]",
        "{x for x in y}",
        "(x for x in y)",
        "{1: 2}",
        "{1}",
        "f'{a}'",
        "(a := 1)",
        "f(*a)",
        "f(**a)",
        "a.b(1)",
        "f(1)(2)",
        "(f)(g)(1)",
        "a.__class__",
        "a._x",
        "a is b",
        "a in b",
        "a not in b",
        "a @ b",
        "a | b",
        "a << 2",
        "~a",
        "None",
        "...",
        "b'x'",
        "2j",
        "await_(1) if (yield) else 2",
    ],
)
def test_unlisted_syntax_is_refused(source):
    with pytest.raises(ProblemError, match="not part of the expression language"):
        parse(source)


@pytest.mark.parametrize("source", ["a[b]", "a[1.0]", "a['x']", "a[True]", "a[1, 2]"])
def test_index_must_be_a_literal_integer(source):
    with pytest.raises(ProblemError, match="is not a whole number"):
        parse(source)


def test_boolean_literals_are_parsed_as_comparisons():
    assert parse("True").tree == Comparison(NumberLiteral(0), (("==", NumberLiteral(0)),))
    assert parse("False").tree == Comparison(NumberLiteral(0), (("==", NumberLiteral(1)),))


def test_calls_are_numbered_outermost_and_leftmost_first():
    calls = parse("f(g(1), k=h(2)) + f(3)").calls
    assert [(call.site, call.function) for call in calls] == [
        (0, "f"),
        (1, "g"),
        (2, "h"),
        (3, "f"),
    ]


@pytest.mark.parametrize("source", ["lambda*2 + 1", "2*(1 - lambda)", "a if b else in + 1"])
def test_reserved_word_used_as_name_is_reported(source):
    with pytest.raises(ProblemError, match=r"; '(lambda|in)' is a word of expressions, choose"):
        parse(source)


@pytest.mark.parametrize("source", ["not", "if True else", "'lambda' +", "True False"])
def test_name_change_is_not_suggested_for_other_errors(source):
    with pytest.raises(ProblemError, match="is not an expression: ") as caught:
        parse(source)
    assert "choose another name" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "literal"),
    [("6998552", True), ("[[1, 2], [3, 4]]", True), ("'a'", True), ("2 + 3", True), ("W", False)],
)
def test_literal_contains_no_names_or_calls(source, literal):
    assert parse(source).is_literal is literal
    assert not parse("named('vgg16')").is_literal


def balanced(depth: int) -> str:
    """Return an expression of many nodes and little depth."""
    return "1" if depth == 0 else f"({balanced(depth - 1)}+{balanced(depth - 1)})"


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("1" * (MAX_LENGTH + 1), "the limit is 500"),
        ("[" * 10_000, "the limit is 500"),
        ("(" * 250 + "1" + ")" * 249, "is not an expression"),
        ("[" * 60 + "]" * 60, "nested deeper than 30"),
        ("-" * (MAX_DEPTH + 1) + "1", "nested deeper than 30"),
        ("not " * 40 + "a", "nested deeper than 30"),
        ("a" + "[0]" * 31, "nested deeper than 30"),
        ("a" + ".b" * 31, "nested deeper than 30"),
        ("1,1,1,1," * 60, "the limit is 200"),
        ("f(" + ",".join("1" * (MAX_NODES + 1)) + ")", "the limit is 200"),
        (",".join("-+" * 20 + "1" for _ in range(8)), "nested deeper than 30"),
        ("++++++++1," * 49, "is too large"),
        ("1e401", "too many digits"),
        ("1e-401", "too many digits"),
        ("1e999999999", "too many digits"),
        ("1." + "1" * 450, "too many digits"),
    ],
)
def test_too_large_expression_is_refused_with_short_message(source, limit):
    with pytest.raises(ProblemError, match=limit) as caught:
        parse(source)
    assert len(str(caught.value)) < 200


def test_expression_just_within_limits_is_parsed():
    assert parse("-" * MAX_DEPTH + "1")
    assert parse("(" + ",".join("1" * (MAX_NODES - 1)) + ")")
    assert parse("1" * 400).tree == NumberLiteral(int("1" * 400))
    assert parse("1e400").tree == NumberLiteral(10**400)
    assert parse(" " * 250 + "1")


@pytest.mark.parametrize("source", ["1and 2", "'\\d'", "0x1for x", "1if 2else 3"])
def test_text_with_python_syntax_warning_is_refused_without_warning(source):
    """Warnings are errors in these tests."""
    with pytest.raises(ProblemError, match="invalid"):
        parse(source)


def test_long_text_is_shortened_for_messages():
    assert truncate_quoted_text("a" * 60) == "a" * 60
    assert truncate_quoted_text("a" * 61) == "a" * 59 + "…"
