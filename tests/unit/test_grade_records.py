"""Tests of the records in a result: typed text, value, rule and the key that counted."""

from fractions import Fraction
from typing import get_args

import pytest
from factories import BOOK, ask, mark, marked, original

from grader.grading.explain import SENTENCES
from grader.grading.grade import grade
from grader.grading.result import DecidingRule
from grader.kinds.base import KindRule
from grader.values import Tensor

SIDE = ask(key="side(64, 3, stride=2)")  # 31, or 32 rounded up
HALF = ask(id="b", key="halve(a)")
WEIGHTS = ask(key="weights(3, 64, 3) * side(64, 3, stride=2)")
TEXT = ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}])
VECTOR = ask("vector", key="[1, 2, 3]")
ACCEPT = [{"key": "34", "reason": "the lecture's own count"}]


@pytest.mark.parametrize(
    ("part", "typed", "rule", "against"),
    [
        (SIDE, None, "missing", None),
        (SIDE, " ", "missing", None),
        (SIDE, "soon", "unreadable", None),
        (SIDE, "31", "exact", 31),
        (SIDE, "32", "mistake", 31),
        (SIDE, "33", "none", 31),
        ({**SIDE, "accept": ACCEPT}, "34", "accepted", 34),
        (ask("number", key="10 / 3", tolerance={"abs": "1/100"}), "3.333", "tolerance", None),
        (ask("number", key="1 / 3", tolerance={"rounded": 2}), "0.33", "rounding", None),
        (ask("number", at_least="0.73"), "0.8", "limits", None),
        (ask("number", at_least="0.73"), "0.7", "none", None),
        (
            ask("predicate", **{"as": ["integer"]}, accept_if="answer[0] > 1", sample=5),
            "2",
            "condition",
            None,
        ),
        (ask("expression", key="2 * n", variables={"n": "1..9"}), "n + n", "points", None),
        (VECTOR, "[1, 2, 4]", "cells", Tensor.from_nested([1, 2, 3])),
        (VECTOR, "[1, 2]", "misfit", None),
        (VECTOR, "[5, 6, 7]", "none", Tensor.from_nested([1, 2, 3])),
        (WEIGHTS, str(1728 * 32), "mistake_pair", 1792 * 31),
        (TEXT, "Because.", "person", None),
        (ask(key="broken()"), "5", "failure", None),
    ],
)
def test_result_records_deciding_rule_and_counted_key(part, typed, rule, against):
    result = mark(part, typed)
    assert result.rule == rule
    assert against is None or result.counted_key == against


@pytest.mark.parametrize(
    ("answers", "rule", "against"),
    [
        ({"a": "40", "b": "20"}, "follow_through", 20),
        ({"a": "41", "b": "21"}, "mistake_carried", 15),
        ({"a": "41", "b": "16"}, "mistake", 15),
        ({"a": "41", "b": "15"}, "exact", 15),
        ({"a": "41", "b": "22"}, "none", 15),
    ],
)
def test_result_records_whether_own_earlier_answer_counted(answers, rule, against):
    result = marked(original(SIDE, HALF), **answers)["b"]
    assert (result.rule, result.counted_key) == (rule, against)


def test_partial_follow_through_is_recorded_with_its_key():
    later = ask("vector", id="b", key="scale(V[0], a)")
    variant = original(SIDE, later, params={"V": [[1, 2, 0]]})
    result = marked(variant, a="30", b="[30, 60, 5]")["b"]
    assert (result.status, result.rule) == ("partial", "follow_through")
    assert result.counted_key == Tensor.from_nested([30, 60, 0])


def test_every_rule_has_exactly_one_sentence():
    decided = {one for part in get_args(DecidingRule) for one in get_args(part) or (part,)}
    assert set(get_args(KindRule)) - {"person"} < decided
    assert set(SENTENCES) == decided


@pytest.mark.parametrize(
    ("part", "typed", "value"),
    [
        (SIDE, "32", 32),
        (SIDE, " 64/2 ", 32),
        (SIDE, 32, 32),
        (SIDE, "soon", None),
        (SIDE, None, None),
        (VECTOR, "1, 2, 4", Tensor.from_nested([1, 2, 4])),
        (VECTOR, [1, 2], Tensor.from_nested([1, 2])),
        (ask("choice", key="'x'", options={"x": "X", "y": "Y"}), " (Y)", "y"),
        (ask("expression", key="n", variables={"n": "1..9"}), "2n", "2·n"),
    ],
)
def test_result_keeps_typed_answer_and_its_reading(part, typed, value):
    result = mark(part, typed)
    assert (result.typed, result.value) == (typed, value)


@pytest.mark.parametrize(
    ("declared", "course", "typed", "value"),
    [
        (None, None, "2,5", Fraction(5, 2)),
        (None, None, "1.500", Fraction(3, 2)),
        (None, "comma", "2,5", Fraction(5, 2)),
        ("comma", None, "2,5", Fraction(5, 2)),
        ("comma", "point", "2,5", Fraction(5, 2)),
        ("point", "comma", "2,5", None),
        ("point", None, "2.5", Fraction(5, 2)),
        ("comma", None, "1.500", 1500),
    ],
)
def test_decimal_style_of_problem_overrides_course(declared, course, typed, value):
    variant = original(ask("number", key="7"), numbers=declared)
    (result,) = grade(variant, {"a": typed}, registry=BOOK, numbers=course)
    assert (result.value, result.status == "unreadable") == (value, value is None)
    assert result.typed == typed


@pytest.mark.parametrize(("numbers", "value"), [(None, None), ("point", 1), ("comma", 1000)])
def test_point_in_count_follows_declared_number_style(numbers, value):
    variant = original(SIDE, numbers=numbers)
    assert marked(variant, a="1.000")["a"].value == value
