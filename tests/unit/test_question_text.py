"""Tests of the texts of a question with the numbers of a variant."""

import pytest
from factories import ask, mark

from grader.definitions.parts import Part
from grader.definitions.question_text import get_displayed_names, get_question_text
from grader.definitions.template import Template
from grader.expressions.evaluate import Scope
from grader.kinds import text_reading
from grader.kinds.numbers import IntegerPart


def build_part() -> IntegerPart:
    prompt = Template.parse("What is cell {{n}} of ${{X}}$?")
    return IntegerPart(id="size", kind="integer", prompt=prompt, key="n")


def test_question_text_contains_only_displayed_variant_numbers():
    scope = Scope({"n": 12, "X": (1, 2), "secret": 99}, {})
    part = build_part()
    assert get_question_text(part, scope).strip() == "What is cell 12 of ${{X}}$?"
    assert get_question_text(part, Scope({}, {})).strip() == part.prompt.source
    assert get_displayed_names(part) == {"n", "X"}


@pytest.mark.parametrize(
    ("typed", "status"),
    [("cell 12: 160", "correct"), ("cell 11: 160", "unreadable"), ("160 (cell 11)", "unreadable")],
)
def test_cell_number_in_answer_must_match_its_question(typed, status) -> None:
    part = ask(key=160, prompt="At which position is the field of cell {{n}} centered?")
    assert mark(part, typed, let={"n": "12"}).status == status


@pytest.mark.parametrize(
    "typed", ["cell 12: 160", "there are 40 rows, so 40*4 = 160", "10 * 16 = 160 zorps"]
)
def test_question_text_is_computed_once_for_each_reading(monkeypatch, typed) -> None:
    scopes: list[Scope] = []

    def get_counted_text(part: Part, scope: Scope) -> str:
        scopes.append(scope)
        return get_question_text(part, scope)

    monkeypatch.setattr(text_reading, "get_question_text", get_counted_text)
    part = ask(key=160, prompt="At which position is the field of cell {{n}} centered?")
    mark(part, typed, let={"n": "12"})
    assert len(scopes) == 1
