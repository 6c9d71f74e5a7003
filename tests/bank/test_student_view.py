"""Every problem of the bank as a student sees it, with examples that can be typed."""

import pytest
from bank_at_hand import CATALOGUE

from api.services.engine.keyless_reading import Question, read_answer
from api.services.student.questions import asked, numbers, statement
from grader.variants.variant import solve
from problems.book import BOOK


@pytest.mark.parametrize("problem", CATALOGUE.ids)
def test_a_problem_is_shown_with_inputs_whose_examples_can_be_typed(problem):
    variant = solve(CATALOGUE.get(problem), None, BOOK)
    assert statement(variant)
    for part in variant.problem.parts:
        shown = asked(part, variant)
        assert shown.prompt or len(variant.problem.parts) == 1
        if part.kind != "text":
            question = Question.of(part, variant.scope(BOOK))
            told = read_answer(question, shown.typing.example)
            assert told.readable, (part.id, shown.typing.example, told.said)
    for one in numbers(variant):
        assert one.text


def test_a_value_that_is_derived_for_the_key_is_not_among_the_numbers():
    variant = solve(CATALOGUE.get("inverted-residual-block"), None, BOOK)
    assert "middle" in variant.names
    assert "middle" not in {one.name for one in numbers(variant)}
