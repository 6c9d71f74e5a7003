"""Tests of values that follow from all numbers of their text, and of the numbers of a question."""

from fractions import Fraction

import pytest

from grader.definitions.question_text import (
    find_displayed_numbers,
    get_displayed_names,
    get_question_text,
)
from grader.definitions.template import Template
from grader.expressions.evaluate import Scope
from grader.kinds.numbers import IntegerPart
from grader.reading.accounting.derivations import keep_derived_value
from grader.reading.accounting.text_numbers import find_steps, flatten_markup

DISPLAYED = frozenset(map(Fraction, (2, 7, 9, 160, 256)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("160 / 2 -> 80 layers, five of them change: 75", "75"),
        ("four offsets for 9 anchors, 36", "36"),
        ("2 per channel, hence 512", "512"),
        (r"\text{two convs } 2\cdot 144 = 288, \text{norms } 2\cdot 8 = 16 \Rightarrow 304", "304"),
        ("7 points in one of nine cells: it rises by 7/9 ≈ 0.78 points", "0.78 points"),
        ("conv 64 weights, norm 16, fc 10, together 90", "90"),
    ],
)  # fmt: skip
def test_the_last_number_is_kept_if_all_others_lead_to_it(text, value):
    rewriting = keep_derived_value(text, "", displayed=DISPLAYED)
    assert rewriting is not None
    assert rewriting.text == value


@pytest.mark.parametrize(
    "text",
    [
        "160 / 2 -> 80 layers, five of them change: 76",
        "160 / 2 -> 80 layers, 11 blocks, five of them change: 75",
        "four offsets for 9 anchors, 37",
        "2 per channel, hence 500",
        "four offsets for 9 anchors, maybe 36",
        "5 GB are 10 operations: 20",
        "63 per anchor, 126 for both anchors in all images",
        "layer 1: 64, layer 2: 128",
    ],
)
def test_a_number_that_the_others_do_not_lead_to_is_not_kept(text):
    assert keep_derived_value(text, "", displayed=DISPLAYED) is None


def test_steps_are_numbers_and_computations_in_order():
    steps = find_steps(flatten_markup(r"two layers: 3 filters $\cdot$ 5 + 1 = 16 (25 %)"))
    assert [step.value for step in steps] == [2, 16, 16, 25]
    assert [step.operands for step in steps] == [(), (3, 5, 1), (), ()]
    assert [step.restates for step in steps] == [False, False, True, False]
    assert steps[0].spelled
    assert steps[-1].percent


def build_part() -> IntegerPart:
    part = IntegerPart(
        id="size", kind="integer", prompt=Template.parse("What is cell {{n}} of ${{X}}$?"), key="n"
    )
    part.set_statement("A layer of $8\\times16$ with {{2*n}} units.", other_questions="And {{m}}?")
    return part


def test_the_question_has_the_numbers_of_the_variant():
    scope = Scope({"n": 12, "m": 7, "X": (1, 2), "secret": 99}, {})
    part = build_part()
    assert get_question_text(part, scope).strip() == "What is cell 12 of ${{X}}$?"
    assert get_question_text(part, Scope({}, {})).strip() == part.prompt.source
    assert find_displayed_numbers(part, scope) == {8, 16, 24, 12, 1, 2, 7}
    assert get_displayed_names(part) == {"n", "m", "X"}
