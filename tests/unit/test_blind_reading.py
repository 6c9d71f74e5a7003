"""Tests of questions without a key: they read like the part and reveal no key."""

from typing import Any

import pytest
from factories import ask, original
from kind_examples import EXAMPLES, PARAMS

from api.services.engine.keyless_reading import (
    BLANK_MESSAGE,
    READING_FIELDS,
    KeylessQuestion,
    read_answer,
)
from api.services.student.questions import serialize_question
from grader.definitions.parts import Part
from grader.errors import AnswerError
from grader.kinds import KINDS
from grader.reading import is_blank
from problems.registry import REGISTRY

PARTS = [
    pytest.param(part, id=f"{kind}-{at}")
    for kind, parts in EXAMPLES.items()
    for at, part in enumerate(parts)
]
ODD = [
    "",
    " ",
    "abc",
    "1/0",
    "[[1, 2], [3]]",
    "9" * 5000,
    "1e999",
    "−5",
    7,
    [[1], ["x"]],
    "a|b\n1|2",
]
OTHER_KEYS = {
    "integer": {"key": 77},
    "number": {"key": "22/7"},
    "percent": {"key": "12"},
    "quantity": {"key": 99},
    "shape": {"key": "(4, 5, 6)"},
    "vector": {"key": "[7, 8, 9]"},
    "matrix": {"key": "[[5, 5]]"},
    "tensor": {"key": "[[[9]]]"},
    "choice": {"key": "'y'"},
    "choices": {"key": "('y',)"},
}


def get_question_text(part: dict[str, Any]) -> tuple[KeylessQuestion, Part, Any]:
    variant = original(part, params=PARAMS)
    stated, scope = variant.problem.parts[0], variant.student_scope(REGISTRY)
    return KeylessQuestion.from_part(stated, scope), stated, variant


def typed_answers(part: dict[str, Any]) -> list[Any]:
    _, stated, variant = get_question_text(part)
    samples = KINDS[stated.kind].build_samples(stated, variant.keys.get(stated.id))
    return [*samples.right, *samples.wrong, *samples.unreadable, *ODD]


CONDITION = {"as": ["integer", "integer"], "accept_if": "answer[0] == 7", "sample": [7, 3]}
NAMED_ANSWERS = [
    (ask("vector", key="[7, 3]", names=["TP", "FP"]), "FP = 3, TP = 7"),
    (ask("predicate", names=["K", "P"], **CONDITION), "P = 3, K = 7"),
]


@pytest.mark.parametrize(("part", "typed"), NAMED_ANSWERS)
def test_preview_reads_numbers_by_name(part, typed):
    question, stated, variant = get_question_text(part)
    preview = read_answer(question, typed)
    assert (preview.readable, preview.value) == (True, [7, 3])
    assert (
        preview.read_as
        == KINDS[stated.kind].read(typed, stated, variant.student_scope(REGISTRY)).text
    )


@pytest.mark.parametrize("part", PARTS)
def test_part_reads_the_same_without_its_key(part):
    question, stated, variant = get_question_text(part)
    kind, scope = KINDS[stated.kind], variant.student_scope(REGISTRY)
    for typed in typed_answers(part):
        told = read_answer(question, typed)
        try:
            reading = kind.normalize_and_read(typed, None, stated, scope)
        except AnswerError as error:
            expected = (BLANK_MESSAGE, None)
            if not is_blank(typed):
                expected = (error.message, error.position)
            assert (told.readable, told.message, told.position) == (False, *expected)
        else:
            shown = kind.render(reading, stated, scope)
            if not is_blank(typed):
                assert (told.read_as, told.mathml) == (shown.text, shown.mathml)


@pytest.mark.parametrize("part", PARTS)
def test_question_holds_only_fields_used_for_reading(part):
    question, stated, _ = get_question_text(part)
    allowed = {*READING_FIELDS, "columns"} | ({"key"} if stated.kind == "expression" else set())
    assert question.part.model_fields_set <= allowed
    for name in set(stated.model_fields_set) - allowed - {"prompt", "points"}:
        field = type(stated).model_fields[name]
        default = field.get_default(call_default_factory=True)
        assert getattr(question.part, name, default) == default, name
    assert "sample" not in vars(question.part)
    for column in getattr(question.part, "columns", {}).values():
        assert column.key is None
    if getattr(question.part, "key", None) is not None:
        assert question.part.key.names == frozenset()
        assert set(question.part.key.source) <= set("(0, )")


@pytest.mark.parametrize("kind", OTHER_KEYS)
def test_different_keys_give_identical_preview_bytes(kind):
    for part in EXAMPLES[kind]:
        if "variables" in part:
            continue
        other = {**part, **OTHER_KEYS[kind], "reason": "a toy"}
        for limit in ("at_least", "at_most", "between"):
            other.pop(limit, None)
        other.pop("tolerance", None)
        other["mistakes"] = [{"id": "own", "key": OTHER_KEYS[kind]["key"], "say": "Hm."}]
        one, two = get_question_text(part)[0], get_question_text(other)[0]
        assert repr(one.part) == repr(two.part)
        for typed in typed_answers(part):
            told = read_answer(one, typed).model_dump_json()
            assert told == read_answer(two, typed).model_dump_json()


def test_value_used_only_by_key_is_not_in_question():
    part = ask("choice", key="'x' if secret > 1 else 'y'", options={"x": "{{shown}}", "y": "no"})
    variant = original(part, params={"secret": 2, "shown": 3})
    question = KeylessQuestion.from_part(variant.problem.parts[0], variant.student_scope(REGISTRY))
    assert set(question.scope.names) == {"shown"}


@pytest.mark.parametrize("part", PARTS)
def test_input_example_is_readable_as_typed(part):
    question, stated, variant = get_question_text(part)
    typing = serialize_question(stated, variant).typing
    assert typing.hint == KINDS[stated.kind].hint
    if stated.kind != "text":
        told = read_answer(question, typing.example)
        assert told.readable, (typing.example, told.message)


@pytest.mark.parametrize("kind", OTHER_KEYS)
def test_input_example_is_same_for_every_key(kind):
    for part in EXAMPLES[kind]:
        if "variables" not in part:
            shown = [
                serialize_question(
                    get_question_text(one)[1], get_question_text(one)[2]
                ).typing.example
                for one in (part, {**part, **OTHER_KEYS[kind], "reason": "a toy"})
                if not {"at_least", "at_most", "between"} & set(one)
            ]
            assert len(set(shown)) <= 1


@pytest.mark.parametrize(("size", "shape"), [("given", (2, 2)), ("asked", None)])
def test_array_size_is_reported_unless_part_of_the_question(size, shape):
    _, stated, variant = get_question_text(ask("matrix", key="[[1, 2], [3, 4]]", size=size))
    assert serialize_question(stated, variant).typing.shape == shape
