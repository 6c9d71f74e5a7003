"""Tests of the answer preview: how it reads an answer, and that it has no key."""

import ast
import inspect

import pytest
from student_setup import CANARY
from world import TEXT_PROBLEM

import api.services.engine.keyless_reading as blind_module
from api.services.engine.keyless_reading import BLANK_MESSAGE

READERS = {"api.schemas", "problems.publish", "grader", "dataclasses", "typing"}
KEYED = ("desk", "variant", "grade", "mistakes", "carry", "result", "explain", "patterns", "worked")


def read(person, problem, part, answer):
    return person.post(f"{problem.path}/reading", {"part": part, "answer": answer})


@pytest.mark.parametrize(
    ("part", "answer", "read_as", "value"),
    [
        ("squared", "2^10", "1024", 1024),
        ("squared", 9, "9", 9),
        ("picked", "(B)", "b) its square", "b"),
        ("turned", "1 2 3\n4 5 1/3", "[[1, 2, 3], [4, 5, 1/3]]", [[1, 2, 3], [4, 5, "1/3"]]),
        ("turned", [[1, 0.5]], "[[1, 0.5]]", [[1, "1/2"]]),
    ],
)
def test_answer_is_read_back_as_text_mathml_and_data(
    world, course, student, part, answer, read_as, value
):
    [problem] = world.assignment(course, CANARY)
    told = read(student, problem, part, answer).json()
    assert (told["readable"], told["read_as"], told["value"]) == (True, read_as, value)
    assert told["mathml"].startswith("<math>")
    assert (told["message"], told["position"]) == ("", None)


def test_unreadable_answer_explains_error_and_position_and_stores_nothing(world, course, student):
    [problem] = world.assignment(course, CANARY)
    told = read(student, problem, "squared", "12 $ 3").json()
    submitted = student.submit(problem, {"squared": "12 $ 3"}).json()["results"][0]
    assert told["readable"] is False
    assert told["message"]
    assert (told["read_as"], told["mathml"], told["value"]) == ("", "", None)
    assert f"{told['message']} Expected {told['expected']}." == submitted["feedback"]
    assert told["position"] == submitted["position"]
    assert read(student, problem, "squared", " ").json()["message"] == BLANK_MESSAGE
    assert len(student.get(f"{problem.path}/submissions").json()["items"]) == 1


def test_comma_is_read_according_to_course_decimal_style(world):
    course = world.course(numbers="comma")
    [problem] = world.assignment(course, TEXT_PROBLEM)
    point = world.course(numbers="point")
    [other] = world.assignment(point, TEXT_PROBLEM)
    assert read(world.enrol(course), problem, "cells", "1.234").json()["value"] == 1234
    assert read(world.enrol(point), other, "cells", "1.234").json()["value"] == "617/500"


def test_unknown_part_is_rejected_with_list_of_known_parts(world, course, student):
    [problem] = world.assignment(course)
    refused = read(student, problem, "cell", "1")
    assert refused.status_code == 422
    assert "cells" in refused.json()["errors"][0]["message"]


def test_reading_reply_has_same_form_for_right_and_wrong_answers(world, course, student):
    [problem] = world.assignment(course)
    told = {answer: read(student, problem, "cells", answer).json() for answer in ("9", "8", "6")}
    for answer, one in told.items():
        assert one == told["9"] | {
            "read_as": answer,
            "value": int(answer),
            "mathml": told["9"]["mathml"].replace("9", answer),
        }


def test_reading_module_imports_nothing_that_holds_keys():
    tree = ast.parse(inspect.getsource(blind_module))
    imported = [
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert [one for one in imported if not one.startswith(tuple(READERS))] == []
    assert [one for one in imported if set(one.split(".")) & set(KEYED)] == []
    given = inspect.signature(blind_module.read_answer).parameters
    assert list(given) == ["question", "typed", "numbers"]
    assert given["question"].annotation is blind_module.KeylessQuestion
