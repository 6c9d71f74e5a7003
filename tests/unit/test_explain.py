"""Tests of explanations for appeals: typed text, reading, accepted values, credit."""

from fractions import Fraction

import pytest
from factories import ask, mark, marked, original

from grader.grading.explain import (
    MAX_TEXT_LENGTH,
    SENTENCES,
    explain_result,
    format_typed_answer,
)
from grader.grading.result import PartResult
from grader.values import Tensor

SIDE = ask(key="side(64, 3, stride=2)", points=2)  # 31, or 32 rounded up
VECTOR = ask("vector", key="[1, 2, 3]", points=3)


def sentence(rule, mistakes="") -> str:
    return f"{SENTENCES[rule].format(mistakes)}."


def explained(part, typed, **changes) -> list[str]:
    """Return the explanation of *typed* without the lines on how it was typed and read."""
    variant = original(part, **changes)
    result = marked(variant, a=typed)["a"]
    told = explain_result(result, variant.problem.parts[0])
    return [one for one in told if not one.startswith(("Typed:", "Read as:"))]


@pytest.mark.parametrize(
    ("part", "typed", "told"),
    [
        (
            SIDE,
            "31",
            [sentence("exact"), "Accepted: exactly 31.", "Credit: all of 2 points."],
        ),
        (
            SIDE,
            "32",
            [
                sentence("mistake", "rounded_up"),
                "Accepted: exactly 31.",
                "Credit: none of 2 points.",
            ],
        ),
        (
            SIDE,
            "33",
            [
                sentence("none"),
                "Accepted: exactly 31.",
                "Credit: none of 2 points.",
            ],
        ),
        (
            ask(key="weights(3, 64, 3) * side(64, 3, stride=2)"),
            str(1728 * 32),
            [
                sentence("mistake_pair", "rounded_up and no_bias"),
                "Accepted: exactly 55552.",
                "Credit: none of 1 point.",
            ],
        ),
        (
            VECTOR,
            "[1, 2, 4]",
            [
                "Partly correct, with 2 of 3 places correct; the first incorrect one is (3).",
                "Accepted: exactly [1, 2, 3].",
                "Credit: 2/3 of 3 points.",
            ],
        ),
        (
            ask("number", key="100", tolerance={"rel": "1%"}, reason="a constant"),
            "100.5",
            [
                sentence("tolerance"),
                "Accepted: from 99 to 101.",
                "Credit: all of 1 point.",
            ],
        ),
        (
            ask("number", at_least="0.73"),
            "0.7",
            [
                sentence("none"),
                "Accepted: at least 0.73.",
                "Credit: none of 1 point.",
            ],
        ),
        (SIDE, "", [sentence("missing"), "Credit: none of 2 points."]),
        (
            ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}]),
            "Because.",
            [sentence("person"), "Credit: set by a person, out of 1 point."],
        ),
        (
            ask(key="broken()"),
            "5",
            [
                f"{SENTENCES['failure']}: the solver cannot take 0 values",
                "Credit: set by a person, out of 1 point.",
            ],
        ),
    ],
)
def test_rule_is_explained_with_its_figures(part, typed, told):
    assert explained(part, typed) == told


def test_answer_without_attempt_cost_is_explained_with_its_message():
    assert explained(VECTOR, "[1, 2]")[0].startswith(
        f"{SENTENCES['misfit']}: The answer has the size 2"
    )
    assert explained(SIDE, "soon")[0].startswith(f"{SENTENCES['unreadable']}: ")


def test_explanation_starts_with_typed_answer_and_its_reading():
    told = explain_result(mark(SIDE, "a = 62/2 = 31"), original(SIDE).problem.parts[0])
    assert told[:2] == ("Typed: a = 62/2 = 31", "Read as: 31")
    assert "last value" in told[2]


def test_structured_answer_is_shown_as_data_with_readable_numbers():
    told = explain_result(mark(VECTOR, [1, Fraction(1, 4), "3"]), original(VECTOR).problem.parts[0])
    assert told[:2] == ('Typed: [1, 0.25, "3"]', "Read as: [1, 0.25, 3]")
    table = [{"n": Fraction(5, 2), "kept": True}, None]
    assert format_typed_answer(table) == '[{"n": 2.5, "kept": true}, null]'


def test_follow_through_is_explained_with_the_key_it_was_compared_to():
    variant = original(SIDE, ask(id="b", key="halve(a)", follow_through="1/2"))
    result = marked(variant, a="40", b="20")["b"]
    assert explain_result(result, variant.problem.parts[1])[2:] == (
        sentence("follow_through"),
        "Accepted: exactly 20.",
        "Credit: 1/2 of 1 point.",
    )


@pytest.mark.parametrize(
    "typed", ["9" * 5000, [1] * 5000, 10**5000], ids=["text", "list", "number"]
)
def test_long_answer_is_abbreviated_in_explanation(typed):
    result = PartResult(
        "a", "wrong", Fraction(0), 1, typed=typed, counted_key=Tensor.from_nested([7] * 999)
    )
    told = explain_result(result, original(VECTOR).problem.parts[0])
    assert max(map(len, told)) < MAX_TEXT_LENGTH + 20
