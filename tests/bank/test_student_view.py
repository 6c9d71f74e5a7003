"""Tests that every problem renders for students, with examples that can be typed."""

import pytest
from bank_catalog import CATALOG

from api.services.engine.keyless_reading import KeylessQuestion, read_answer
from api.services.student.questions import render_statement, serialize_numbers, serialize_question
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY


@pytest.mark.parametrize("problem", CATALOG.ids)
def test_problem_renders_with_inputs_whose_examples_are_readable(problem):
    variant = solve_variant(CATALOG.get(problem), None, REGISTRY)
    assert render_statement(variant)
    for part in variant.problem.parts:
        shown = serialize_question(part, variant)
        assert shown.prompt or len(variant.problem.parts) == 1
        if part.kind != "text":
            question = KeylessQuestion.from_part(part, variant.student_scope(REGISTRY))
            told = read_answer(question, shown.typing.example)
            assert told.readable, (part.id, shown.typing.example, told.message)
    for one in serialize_numbers(variant):
        assert one.text


def test_value_derived_for_key_is_not_listed_among_numbers():
    variant = solve_variant(CATALOG.get("inverted-residual-block"), None, REGISTRY)
    assert "middle" in variant.names
    assert "middle" not in {one.name for one in serialize_numbers(variant)}
