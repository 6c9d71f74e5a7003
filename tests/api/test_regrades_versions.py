"""Tests of versions made for a regrade: accept or name a wrong answer, and refusals."""

from uuid import UUID

import pytest
from regrading import run_action, run_dry_run, score
from sqlalchemy import select
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import Answer, Grading, ProblemVersion


def test_accepting_a_wrong_answer_applies_to_the_whole_group(world, course, teacher, problem):
    people = [world.enrol(course, name) for name in ("One", "Two")]
    ids = [person.submit(problem, {"cells": "6"}).json()["id"] for person in people]
    with world.db.reading() as session:
        answer = session.scalar(select(Answer.id).where(Answer.part == "cells"))
    run = run_dry_run(
        world,
        teacher,
        problem,
        {"accept": {"answer": str(answer), "reason": "Cells of the border only"}},
    )
    assert run["counts"]["up"] == 2
    run_action(world, teacher, run, "apply")
    assert [score(world, problem, person) for person in people] == [2, 2]
    with world.db.reading() as session:
        records = session.scalars(select(Grading.record).where(Grading.kind == "regrade")).all()
    assert {record["rule"] for record in records} == {"accepted"}
    assert len(ids) == len(records)


def test_wrong_answer_becomes_known_mistake_with_hint_and_credit(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "7"})
    said = "That is the number of the sides, not of the cells."
    version = {"mistake": {"part": "cells", "key": "K + 4", "id": "sides", "say": said}}
    version["mistake"]["credit"] = 0.5
    run = run_dry_run(world, teacher, problem, version)
    [change] = teacher.get(f"/regrades/{run['id']}/changes?direction=up").json()["items"]
    assert change["after"] == {
        "status": "mistake",
        "credit": 0.5,
        "points": 2,
        "score": 1,
        "read_as": "7",
        "mistakes": ["sides"],
        "feedback": said,
    }
    run_action(world, teacher, run, "apply")
    assert score(world, problem, student) == 1


LINES = TEXT_PROBLEM.splitlines(keepends=True)
REFUSED = {
    "nothing": ({}, 422, "invalid"),
    "two at once": ({"id": "{version}", "source": "x"}, 422, "invalid"),
    "a file with errors": ({"source": "id: why-small-kernels"}, 422, "invalid_problem"),
    "the same file": ({"source": TEXT_PROBLEM}, 409, "conflict"),
    "another problem": (
        {"source": OTHER_PROBLEM},
        422,
        "invalid_problem",
    ),
    "a part less": (
        {"source": "".join(one for one in LINES if "doubled" not in one)},
        422,
        "invalid",
    ),
    "a part that is not there": ({"parts": {"none": {"points": 3}}}, 422, "invalid"),
    "a mistake without a value": (
        {"mistake": {"part": "cells", "id": "sides", "say": "No."}},
        422,
        "invalid",
    ),
    "a version that is not there": (
        {"id": "00000000-0000-7000-8000-000000000000"},
        404,
        "not_found",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_regrade_version_is_rejected_without_starting(teacher, problem, name):
    version, status, code = REFUSED[name]
    given = str(problem.version)
    version = {key: given if one == "{version}" else one for key, one in version.items()}
    refused = teacher.post(f"{problem.path}/regrades", {"version": version})
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert teacher.get(f"{problem.path}/regrades").json()["items"] == []


def test_too_short_reason_reports_minimum_length(teacher, problem):
    version = {"accept": {"part": "cells", "key": "K", "reason": "x"}}
    refused = teacher.post(f"{problem.path}/regrades", {"version": version})
    [error] = refused.json()["errors"]
    assert (error["field"], error["message"]) == (
        "version.accept.reason",
        "must have at least 3 characters",
    )


def test_invalid_mistake_id_error_shows_an_example(teacher, problem):
    version = {"mistake": {"part": "cells", "key": "K", "id": "Off by one", "say": "Count again."}}
    refused = teacher.post(f"{problem.path}/regrades", {"version": version})
    [error] = refused.json()["errors"]
    assert error["field"] == "version.mistake.id"
    assert error["message"].endswith("such as off_by_one")


CONTRARY = f"""{TEXT_PROBLEM}examples:
  - {{answers: {{cells: '9'}}, expect: {{cells: correct}}}}
  - {{answers: {{cells: '6'}}, expect: {{cells: wrong}}}}
"""


def test_contradicting_example_is_dropped_only_on_request(world, course, teacher):
    [problem] = world.assignment(course, CONTRARY)
    student = world.enrol(course)
    student.submit(problem, {"cells": "6"})
    accept = {"accept": {"part": "cells", "key": "6", "reason": "Without the middle"}}
    refused = teacher.post(f"{problem.path}/regrades", {"version": accept})
    assert refused.json()["code"] == "invalid_problem"
    assert [one["field"] for one in refused.json()["errors"]] == ["examples.1.cells"]
    run = run_dry_run(world, teacher, problem, {**accept, "drop_examples": [1]})
    run_action(world, teacher, run, "apply")
    assert score(world, problem, student) == 2
    with world.db.reading() as session:
        source = session.get_one(ProblemVersion, UUID(run["to_version"]["id"])).source
    assert "{cells: '9'}" in source
    assert "{cells: '6'}" not in source


@pytest.mark.parametrize(
    ("version", "field"),
    [
        ({"parts": {"cells": {"points": 3}}, "drop_examples": [2]}, "version.drop_examples"),
        ({"parts": {"cells": {"points": 3}}, "drop_examples": [-1]}, "version.drop_examples[0]"),
        ({"source": TEXT_PROBLEM + " ", "drop_examples": [0]}, "version"),
        ({"drop_examples": [0]}, "version"),
    ],
)
def test_invalid_drop_examples_are_rejected(world, course, teacher, version, field):
    [problem] = world.assignment(course, CONTRARY)
    refused = teacher.post(f"{problem.path}/regrades", {"version": version})
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == [field]


SHORT = TEXT_PROBLEM.replace("topic: convolution", "topic: x")
REASONLESS = TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*K", accept: [{key: K, reason: x}]')


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        (SHORT.replace("topic: x", "topic: [x]"), "topic", 3),
        (REASONLESS, "parts.0.accept.0.reason", 10),
        (TEXT_PROBLEM.replace("K*K", "K/0"), "parts.cells.key", 10),
    ],
)
def test_problem_file_errors_are_identical_in_all_endpoints(
    course, teacher, problem, text, field, line
):
    headers = {"Content-Type": "application/yaml"}
    path = f"/courses/{course}/problems"
    told = [
        teacher.post(f"{path}/check", content=text, headers=headers).json()["errors"],
        teacher.post(path, content=text, headers=headers).json()["errors"],
        teacher.post(f"{problem.path}/regrades", {"version": {"source": text}}).json()["errors"],
    ]
    assert told[0] == told[1] == told[2]
    error = told[0][0]
    assert (error["field"], error["file"], error["line"]) == (field, "problem.yaml", line)
    assert "String should" not in error["message"]


def test_single_value_is_not_accepted_if_students_have_different_numbers(world, course, teacher):
    [problem] = world.assignment(course, variants="each")
    world.enrol(course).submit(problem, {"cells": "6"})
    with world.db.reading() as session:
        answer = session.scalar(select(Answer.id))
    accept = {"accept": {"answer": str(answer), "reason": "the border"}}
    refused = teacher.post(f"{problem.path}/regrades", {"version": accept})
    assert refused.status_code == 422
    assert "different numbers" in refused.json()["detail"]


def test_regrade_reads_published_source_with_non_ascii_text(world, course, teacher):
    asked = TEXT_PROBLEM.replace('"Twice that?"', "Twice that → é?")
    [problem] = world.assignment(course, asked)
    run = run_dry_run(world, teacher, problem, {"parts": {"doubled": {"points": 3}}})
    assert run["status"] == "ready"
