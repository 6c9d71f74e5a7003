"""Tests of records: they hold everything needed to grade again, with the same result."""

import json
from fractions import Fraction

import pytest
from factories import BOOK, ask, marked, original
from kind_examples import EXAMPLES, PARAMS

from api.services.engine.single_answer import serialize_student_result
from grader import ENGINE
from grader.errors import ProblemError
from grader.grading.grade import grade
from grader.grading.record import build_version_fields, parse_grading_record, to_record
from grader.kinds import KINDS
from grader.reading import load_json
from grader.values import Tensor

SIDE = ask(key="side(64, 3, stride=2)", points="3/2")


def after_json(record) -> dict:
    told = load_json(json.dumps(record))
    assert isinstance(told, dict)
    return told


def again(record, variant):
    """Return the result of grading an answer again from its *record*."""
    asked = parse_grading_record(after_json(record))
    results = grade(
        variant,
        {asked.part: asked.typed},
        registry=BOOK,
        carried=asked.carried,
        numbers=asked.numbers,
    )
    return next(one for one in results if one.part == asked.part)


def test_record_contains_answer_version_result_and_explanation():
    variant = original(SIDE)
    record = to_record(marked(variant, a="n = 32")["a"], variant)
    explanation = record.pop("explanation")
    assert record == {
        **build_version_fields(variant.problem),
        "seed": None,
        "part": "a",
        "numbers": None,
        "typed": "n = 32",
        "carried": {},
        "read_as": "32",
        "value": 32,
        "notes": [],
        "status": "mistake",
        "rule": "mistake",
        "credit": "0",
        "points": "3/2",
        "mistakes": ["rounded_up"],
    }
    assert explanation[0] == "Typed: n = 32"
    assert record["engine"] == ENGINE


def every_result(kind):
    """Yield the result of every sample answer of a *kind*, with its variant."""
    for part in EXAMPLES[kind]:
        variant = original(part, params=PARAMS)
        samples = KINDS[kind].build_samples(variant.problem.parts[0], variant.keys["a"])
        for typed in (*samples.right, *samples.wrong, *samples.unreadable):
            result = marked(variant, a=typed)["a"]
            yield result, variant


@pytest.mark.parametrize("kind", KINDS)
def test_recorded_answers_of_every_kind_are_graded_again_identically(kind):
    for result, variant in every_result(kind):
        assert again(to_record(result, variant), variant) == result


@pytest.mark.parametrize("kind", KINDS)
def test_records_survive_a_json_round_trip(kind):
    """Lists replace tuples and text replaces exact numbers, even before serialization."""
    for result, variant in every_result(kind):
        for kept in (to_record(result, variant), serialize_student_result(result, variant)):
            assert json.loads(json.dumps(kept)) == kept


CHAIN = (
    ask(id="x", key=5),
    ask(id="y", key=7),
    ask(key="side(64, 3, stride=2)", carry="a < 100 * x"),
    ask("matrix", id="m", key="scale(X, 2)"),
    ask(id="b", key="a * 3 + 5"),
    ask("matrix", id="n", key="scale(m, 3)"),
)


@pytest.mark.parametrize(
    ("answers", "part", "carried"),
    [
        ({"a": "40", "b": "125"}, "b", {"a": 40}),
        ({"a": "40", "b": "98"}, "b", {"a": 40}),
        ({"x": "1", "a": "150", "b": "455"}, "b", {"x": 1, "a": 150}),  # the guard refuses 150
        ({"x": "6", "y": "6", "a": "150", "b": "455"}, "b", {"x": 6, "a": 150}),
        ({"y": "6", "b": "98"}, "b", {}),
        ({"x": "1", "a": "31"}, "a", {}),
        (
            {"m": "[[1, 2], [3, 0.5]]", "n": "[[3, 6], [9, 1.5]]"},
            "n",
            {"m": Tensor((2, 2), (1, 2, 3, Fraction(1, 2)))},
        ),
    ],
)
def test_record_stores_carried_answers_and_is_graded_again_identically(answers, part, carried):
    variant = original(*CHAIN, params=PARAMS)
    result = marked(variant, **answers)[part]
    record = to_record(result, variant)
    assert result.carried == carried
    assert parse_grading_record(after_json(record)).carried == carried
    assert again(record, variant) == result


def test_record_stores_the_number_style_of_the_course():
    variant = original(ask("number", key="1.5"))
    (result,) = grade(variant, {"a": "1,500"}, registry=BOOK, numbers="comma")
    record = to_record(result, variant, numbers="comma")
    assert (record["status"], record["numbers"]) == ("correct", "comma")
    assert again(record, variant) == result
    assert again({**record, "numbers": None}, variant).status == "wrong"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": -1}, "-1 is not a seed"),
        ({"seed": 2**53 + 1}, "is not a seed"),
        ({"seed": True}, "True is not a seed"),
        ({"numbers": "commas"}, "not a number style"),
        ({"numbers": ["comma"]}, "unhashable"),
        ({"engine": 1}, "is not text"),
        ({"part": None}, "is not text"),
        ({"carried": ["a"]}, "has no attribute"),
        ({"carried": {"a": {"fraction": "1/0"}}}, r"Fraction\(1, 0\)"),
        ({"typed": {"a": 1}}, "is not a value"),
    ],
)
def test_record_with_an_invalid_field_is_rejected_with_reason(changes, said):
    variant = original(SIDE)
    record = after_json(to_record(marked(variant, a="32")["a"], variant))
    with pytest.raises(ProblemError, match=said):
        parse_grading_record({**record, **changes})


@pytest.mark.parametrize("record", [{}, [], "x", None, {"seed": 1}])
def test_record_that_is_no_object_or_lacks_fields_is_rejected(record):
    with pytest.raises(ProblemError, match="this is not the record of an answer"):
        parse_grading_record(record)
