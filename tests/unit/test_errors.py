"""Tests of errors: who is at fault, and where the fault is."""

import pytest

from api.core.errors import MAX_MESSAGE_CHARACTERS, FieldError, InvalidInput
from grader.errors import AnswerError, GraderError, ProblemError, SolverError


@pytest.mark.parametrize("kind", [ProblemError, AnswerError, SolverError])
def test_every_error_class_is_a_grader_error_and_no_other(kind):
    others = {ProblemError, AnswerError, SolverError} - {kind}
    assert issubclass(kind, GraderError)
    assert not any(issubclass(kind, other) for other in others)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "no key"),
        ({"file": "a.yaml"}, "a.yaml: no key"),
        ({"file": "a.yaml", "line": 7}, "a.yaml:7: no key"),
        ({"line": 7}, "7: no key"),
        ({"file": "a.yaml", "line": 7, "field": "parts.0.key"}, "a.yaml:7: parts.0.key: no key"),
    ],
)
def test_problem_error_states_all_known_location_fields(place, text):
    assert str(ProblemError("no key", **place)) == text


def test_with_location_keeps_known_fields():
    error = ProblemError("no key", line=0, field="parts.0").with_location(
        file="a.yaml", line=9, field="x"
    )
    assert (error.file, error.line, error.field) == ("a.yaml", 0, "parts.0")
    assert error.others == ()


def test_answer_error_ends_with_expected_input():
    assert str(AnswerError("This is empty.", expected="a number")) == (
        "This is empty. Expected a number."
    )
    assert str(AnswerError("This is empty.", position=3)) == "This is empty."


def test_message_quoting_a_long_value_is_truncated():
    error = InvalidInput("x" * 501, errors=(FieldError("a", "y" * 100_000), FieldError("b", "z")))
    long, short = error.errors
    assert len(long.message) == len(error.detail) == MAX_MESSAGE_CHARACTERS
    assert (error.detail[-2:], long.message[-2:], short.message) == ("x…", "y…", "z")
