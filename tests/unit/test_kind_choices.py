"""Tests of the kinds choice, choices, predicate and text."""

from fractions import Fraction

import pytest
from factories import BOOK, ask, judged, mark, problem
from pydantic import ValidationError

from grader.definitions.name_checks import check_names
from grader.errors import ProblemError

OPTIONS = {"a": "Stride", "b": "Padding of 1", "c": "Neither", "d": "Both"}
CHOICE = ask("choice", key="'b'", options=OPTIONS)
CHOICES = ask("choices", key="('d', 'a')", options=OPTIONS)


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("b", "correct"),
        ("B", "correct"),
        ("(b)", "correct"),
        ("b.", "correct"),
        (" 'b' ", "correct"),
        ("padding of 1", "correct"),
        ("a", "wrong"),
        ("Stride", "wrong"),
        ("e", "unreadable"),
        ("a, b", "unreadable"),
        ("padding", "unreadable"),
        ("b" * 501, "unreadable"),
        (7, "unreadable"),
        (["b"], "unreadable"),
        ("", "missing"),
    ],
)
def test_choice_is_given_by_letter_or_text(typed, status):
    assert mark(CHOICE, typed).status == status


@pytest.mark.parametrize(
    "typed",
    [
        "It overfits.",
        "it overfits",
        "(a) It overfits.",
        "Answer: It overfits.",
        "'It overfits.'",
    ],
)
def test_text_with_punctuation_at_its_ends_names_its_option(typed):
    said = {
        "a": "It overfits.",
        "b": "A kernel (3×3)",
        "c": "$O(n^2)$",
        "d": "*",
        "e": "the choice",
    }
    assert mark(ask("choice", key="'a'", options=said), typed).status == "correct"
    for name in "bce":
        part = ask("choice", key=f"'{name}'", options=said)
        assert mark(part, said[name]).status == mark(part, f"{name}) {said[name]}").status
        assert mark(part, said[name]).status == "correct"
        assert mark(part, "...").status == "unreadable"
    several = ask("choices", key="('a', 'b')", options=said)
    assert mark(several, "It overfits.\nA kernel (3×3)").status == "correct"


def test_unknown_choice_gets_the_list_of_options():
    assert "one of a, b, c, d" in mark(CHOICE, "e").feedback


def test_options_with_equal_text_are_named_by_letter_only():
    part = ask("choice", key="'x'", options={"x": "Same", "y": "same"})
    assert mark(part, "Same").status == "unreadable"
    assert mark(part, "x").status == "correct"


def test_choice_key_may_be_computed():
    part = ask("choice", key="'a' if W > 5 else 'b'", options=OPTIONS)
    assert mark(part, "a", params={"W": 6}).status == "correct"
    assert mark(part, "a", params={"W": 5}).status == "wrong"


@pytest.mark.parametrize(
    ("typed", "credit_by", "status", "credit"),
    [
        ("a, d", "all", "correct", 1),
        ("D A", "all", "correct", 1),
        ("a and d", "all", "correct", 1),
        ("{a; d}", "all", "correct", 1),
        (["d", "a"], "all", "correct", 1),
        ("a, a, d", "all", "correct", 1),
        ("a", "all", "wrong", 0),
        ("a, b, d", "all", "wrong", 0),
        ("a", "option", "partial", Fraction(1, 2)),
        ("a, b, d", "option", "partial", Fraction(1, 2)),
        ("a, b", "option", "wrong", 0),
        ("a, b, c, d", "option", "wrong", 0),
        ("b, c", "option", "wrong", 0),
        ("a, d", "option", "correct", 1),
        ("a, e", "all", "unreadable", 0),
        (",", "all", "unreadable", 0),
        (["a", 7], "all", "unreadable", 0),
        (["a", ["d"]], "all", "unreadable", 0),
        (5, "all", "unreadable", 0),
    ],
)
def test_multiple_options_count_as_a_set_in_any_order(typed, credit_by, status, credit):
    result = mark({**CHOICES, "credit_by": credit_by}, typed)
    assert (result.status, result.credit) == (status, credit)


@pytest.mark.parametrize("typed", ["a", "a, b, c, d"])
def test_every_tick_is_wrong_if_no_option_is_right(typed):
    part = {**CHOICES, "key": "()", "credit_by": "option"}
    assert (mark(part, typed).status, mark(part, typed).credit) == ("wrong", 0)


def test_ticking_everything_earns_nothing_if_most_options_are_right():
    part = ask("choices", key="('a', 'b', 'c')", options=OPTIONS, credit_by="option")
    assert judged(part, "a, b, c, d").credit == 0
    assert judged(part, "a, b").credit == Fraction(2, 3)


@pytest.mark.parametrize("key", ["5", "('a',)", "'e' if W > 5 else 'a'", "('a')[0] + 1"])
def test_key_that_is_not_an_option_needs_manual_review(key):
    assert mark({**CHOICE, "key": key}, "a", params={"W": 6}).status == "needs_review"


def test_repeated_option_counts_once_in_key():
    assert mark({**CHOICES, "key": "('a', 'd', 'a')"}, "a, d").status == "correct"


@pytest.mark.parametrize(
    "key", ["'a'", "('a', 5)", "5", "('a', 'e' if W > 5 else 'd')", "(('a',),)", "('a', net)"]
)
def test_key_that_is_not_a_set_of_options_needs_manual_review(key):
    part = ask("choices", key=key, options=OPTIONS)
    params = {"W": 6, "net": {"network": ["1"]}}
    assert mark(part, "a", params=params).status == "needs_review"


KSP = ask(
    "predicate",
    **{"as": ["integer", "integer", "integer"]},
    accept_if="side(64, answer[0], stride=answer[1], padding=answer[2]) == 31",
    sample=[3, 2, 0],
)


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("3, 2, 0", "correct"),
        ("(4, 2, 0)", "correct"),
        ("[5, 2, 1]", "correct"),
        ([3, 2, 0], "correct"),
        ("3, 2, 1", "wrong"),
        ("3, 0, 0", "wrong"),
        ("99, 1, 0", "wrong"),
        ("-3, 2, 0", "wrong"),
        ("3, 2", "unreadable"),
        ("3, 2, 0, 0", "unreadable"),
        ("3, 2, 0.5", "unreadable"),
        ("three", "unreadable"),
    ],
)
def test_any_answer_that_meets_the_condition_is_right(typed, status):
    assert mark(KSP, typed).status == status


def test_condition_on_one_number_receives_a_tuple():
    part = ask("predicate", **{"as": ["number"]}, accept_if="0 < answer[0] < W", sample="0.5")
    assert mark(part, "1/2", params={"W": 1}).status == "correct"
    assert mark(part, "1.0", params={"W": 1}).status == "wrong"


def test_condition_never_sees_a_key():
    part = ask("predicate", **{"as": ["number"]}, id="b", accept_if="answer[0] == a", sample=5)
    assert mark(part, "5").status == "wrong"


@pytest.mark.parametrize(
    ("part", "typed", "by"),
    [
        (CHOICE, "a", "exact"),
        (CHOICES, "a", "exact"),
        ({**CHOICES, "credit_by": "option"}, "a", "cells"),
        ({**CHOICES, "credit_by": "option"}, "a, d", "exact"),
        (KSP, "3, 2, 0", "condition"),
        (KSP, "3, 2, 1", "condition"),
        (KSP, "99, 1, 0", "condition"),
    ],
)
def test_deciding_rule_is_reported_for_choices(part, typed, by):
    assert judged(part, typed).rule == by


TEXT = ask("text", points=2, rubric=[{"id": "x", "points": 2, "say": "edges"}])


@pytest.mark.parametrize(
    ("typed", "status", "read_as"),
    [
        ("  Because.\n", "needs_review", "Because."),
        ("x" * 20_000, "needs_review", "x" * 199 + "…"),
        ("x" * 20_001, "unreadable", ""),
        (7, "unreadable", ""),
    ],
)
def test_text_answer_is_kept_for_manual_grading(typed, status, read_as):
    result = mark(TEXT, typed)
    assert (result.status, result.read_as) == (status, read_as)
    assert result.credit is None or result.status == "unreadable"


@pytest.mark.parametrize(
    "typed",
    [
        "b) softmax",
        "(b) Softmax",
        "b: softmax",
        "b - softmax",
        "option b",
        "Option B",
        "Answer: b",
        "the answer is b",
        "**b**",
        "$b$",
        "`b`",
        "answer: softmax",
        "choice (b)",
    ],
)
def test_option_may_be_given_by_id_and_text_together(typed):
    part = ask("choice", options={"a": "ReLU", "b": "softmax"}, key="'b'")
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("W", "correct"), ("W'", "wrong"), ("b) W'", "wrong"), ("(W)", "unreadable")],
)
def test_texts_differing_only_in_symbols_must_match_exactly(typed, expected):
    part = ask("choice", key="'a'", options={"a": "W", "b": "W'"})
    assert mark(part, typed).status == expected


@pytest.mark.parametrize(
    "typed",
    ["It grows, slowly.", "it grows, slowly", "b) It grows, slowly.", "B: It grows, slowly"],
)
def test_final_period_of_option_is_optional(typed):
    options = {"a": "It shrinks.", "b": "It grows, slowly."}
    assert mark(ask("choice", options=options, key="'b'"), typed).status == "correct"
    assert mark(ask("choices", options=options, key="('b',)"), [typed]).status == "correct"


@pytest.mark.parametrize(
    "typed", ["b) ReLU", "a: softmax", "option", "b or a", "answer: a, b", "not b"]
)
def test_id_with_text_of_another_option_is_refused(typed):
    part = ask("choice", options={"a": "ReLU", "b": "softmax"}, key="'b'")
    assert mark(part, typed).status == "unreadable"


@pytest.mark.parametrize(
    ("sort", "typed", "status"),
    [
        ("integer", "4.000", "unreadable"),
        ("integer", "4.0", "correct"),
        ("number", "4.000", "correct"),
    ],
)
def test_ambiguous_thousands_point_in_single_count_is_refused(sort, typed, status):
    part = ask("predicate", **{"as": [sort]}, accept_if="answer[0] > 0", sample=[4])
    assert mark(part, typed).status == status


def test_condition_numbers_are_read_by_name():
    layer = {"as": ["integer", "integer"], "names": ["k", "p | padding"]}
    part = ask("predicate", **layer, accept_if="answer[0] == 2*answer[1] + 1", sample=[3, 1])
    assert mark(part, "padding 2, k = 5").status == "correct"
    assert mark(part, "k = 2, p = 5").status == "wrong"
    assert mark(part, "k = 5, p = 2 => 4").status == "unreadable"
    assert mark(part, "k = 5, p = 3-1 = 2: 8 -> 4").status == "unreadable"
    with pytest.raises(ValidationError, match="`names` needs one name for each number"):
        mark({**part, "names": ["k"]}, "1, 2")


FEEDBACK = {"a": "What does $S$ of {{W}} change?", "d": "Both at once?"}


def test_feedback_on_wrong_option_is_shown():
    part = {**CHOICE, "feedback": FEEDBACK}
    result = mark(part, "a", params={"W": 28})
    assert (result.status, result.hint) == ("wrong", "Incorrect. What does $S$ of 28 change?")
    assert mark(part, "c", params={"W": 28}).hint == "Incorrect."
    assert mark(part, "b", params={"W": 28}).hint == "Correct."


def test_feedback_on_several_options_reveals_no_missing_ones():
    feedback = {**FEEDBACK, "b": "Padding?"}
    part = {**CHOICES, "feedback": feedback}
    assert mark(part, "a", params={"W": 28}).hint == "Incorrect."
    assert mark(part, "a, b, d", params={"W": 28}).hint == "Incorrect. Padding?"
    by_option = {**part, "credit_by": "option"}
    assert mark(by_option, "a, b, d", params={"W": 28}).hint == "Partly correct. Padding?"


def test_feedback_must_refer_to_existing_options_and_names():
    with pytest.raises(ValidationError, match="`feedback` names 'e', which is not one of"):
        mark({**CHOICE, "feedback": {"e": "Is there an e?"}}, "a")
    with pytest.raises(ProblemError, match="names 'Q', which is not known here"):
        check_names(problem({**CHOICE, "feedback": {"a": "{{Q}}"}}), BOOK)
