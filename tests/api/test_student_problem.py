"""Tests of a problem for one student: own variant, no key, nothing before its release."""

import json
from datetime import timedelta

import pytest
from actors import NOW
from regrading import store_gain
from sqlalchemy import select
from student_setup import (
    CANARY,
    DUE_TOMORROW,
    KEY_OF_CANARY,
    ask,
    every_path,
    extend,
    names_in,
    numbers_in,
    pose_broken,
    test_student,
    without_ids,
)
from world import TEXT_PROBLEM

from api.core.ids import new_id
from api.db.models import Draw, Notice
from api.http.json_body import parse_json_body
from api.http.schema import Schema
from api.schemas.student import assignments, solution, work
from api.schemas.student import problem as student_schemas
from api.services.student.solution import FAILED_KEY_MESSAGE

LATER = {"release": "2026-12-01 12:00", "due": "2026-12-08 12:00"}
STAFF_WORDS = {"key", "seed", "mistakes", "record", "patterns", "explanation", "accepted", "secret"}


def draws(world):
    with world.db.reading() as session:
        return [(row.number, row.opened_at) for row in session.scalars(select(Draw))]


def test_only_first_view_is_recorded(world, course, student):
    [problem] = world.assignment(course)
    assert student.get(problem.path).json()["opened_at"] == "2026-11-02T12:00:00.000000Z"
    world.clock.advance(hours=1)
    assert student.get(problem.path).json()["opened_at"] == "2026-11-02T12:00:00.000000Z"
    assert draws(world) == [(0, NOW)]


def test_viewing_as_student_records_nothing_but_test_student_is_recorded(world, course, student):
    [problem] = world.assignment(course)
    grader = world.enrol(course, "G", role="grader")
    test_student(world, course)
    assert grader.get(problem.path).json()["draw"] is None
    seen = grader.get(problem.path, headers={"X-View-As": str(student.id)})
    assert (seen.status_code, seen.json()["opened_at"]) == (200, None)
    assert draws(world) == []
    assert grader.get(problem.path, headers={"X-View-As": "test"}).json()["draw"] == 0
    assert len(draws(world)) == 1


def test_each_student_gets_variant_from_course_secret_in_all_texts(world, course):
    [problem] = world.assignment(course, CANARY, variants="each")
    seen = set()
    for name in "ABCDEFGH":
        told = world.enrol(course, name).get(problem.path).json()
        given = {one["name"]: one for one in told["numbers"]}
        number = given["K"]["value"]
        assert number in numbers_in(told["statement"])
        assert str(number) in told["parts"][0]["prompt"]
        assert told["parts"][1]["typing"]["options"][0] == {"id": "a", "text": f"${number}$"}
        assert given["X"]["shape"] == [2, 3]
        assert [len(row) for row in given["X"]["value"]] == [3, 3]
        assert set(given) == {"K", "X"}
        seen.add(number)
    assert len(seen) > 1


def test_student_responses_never_contain_key(world, course, student):
    [problem] = world.assignment(course, CANARY)
    student.submit(problem, {"squared": "12", "picked": "a", "turned": "[[1, 2, 3], [4, 5, 6]]"})
    answers = [ask(student, *one) for one in every_path(problem)]
    answers.append(student.get("/me/assignments"))
    answers += [student.get(f"/submissions/{one['id']}") for one in items(student, problem)]
    for answer in answers:
        assert KEY_OF_CANARY not in answer.text
        assert not STAFF_WORDS & names_in(answer.json()), answer.text
    told = student.get(problem.path).json()
    assert told["parts"][2]["typing"]["shape"] == [2, 3]  # told for nothing by any wrong size


def items(person, problem):
    return person.get(f"{problem.path}/submissions").json()["items"]


@pytest.mark.parametrize("at", range(11))
def test_every_endpoint_returns_404_before_release(world, course, student, at):
    [problem] = world.assignment(course, timeline_spec=LATER)
    method, path, body = every_path(problem)[at]
    nothing = ask(student, method, path.replace(str(problem.assignment), str(new_id())), body)
    hidden = ask(student, method, path, body)
    misspelt = ask(student, method, path.replace(problem.slug, "no-such-problem"), body)
    assert (hidden.status_code, hidden.content) == (404, nothing.content)
    assert (misspelt.status_code, misspelt.content) == (404, nothing.content)
    assert student.get("/me/assignments").json()["items"] == []
    world.clock.advance(days=30)
    assert ask(student, method, path, body).status_code != 404


def test_early_release_extension_applies_only_to_its_student(world, course, student):
    [problem] = world.assignment(course, timeline_spec=LATER)
    other = world.enrol(course, "Other")
    extend(world, course, {"release": "2026-11-01 12:00"}, student_id=student.id)
    assert student.get(problem.path).status_code == 200
    assert other.get(problem.path).status_code == 404


def test_extension_changes_only_times_of_its_student(world, course):
    late = {"due": "2026-11-03 12:00", "late": [{"days": 1, "credit": "1/2"}]}
    [problem] = world.assignment(course, timeline_spec=late)
    section = world.section(course, "B")
    plain, own = world.enrol(course, "Plain"), world.enrol(course, "Own")
    sitting = world.enrol(course, "Sitting", section=section)
    extend(world, course, {"days": 2}, student_id=own.id, assignment_id=problem.assignment)
    extend(world, course, {"hours": 3}, section_id=section)
    for person, due in ((plain, "03T12"), (own, "05T12"), (sitting, "03T15")):
        for told in (person.get(problem.path).json(), *mine(person)):
            assert told["times"]["due"]["at"] == f"2026-11-{due}:00:00.000000Z"
            assert [one["credit"] for one in told["times"]["stages"]] == [1, 0.5]
    assert plain.get(problem.path).json()["times"]["due"]["relative"] == "in 24 hours"
    world.clock.advance(days=1, seconds=1)
    states = [one.get(problem.path).json()["times"]["state"] for one in (plain, own)]
    assert states == ["late", "open"]


def mine(person):
    return person.get("/me/assignments").json()["items"]


def test_right_and_wrong_answers_look_identical_while_results_are_hidden(world, course):
    [problem] = world.assignment(course, results="after_close", timeline_spec=DUE_TOMORROW)
    answers = {"right": ["8", "9"], "wrong": ["8", "7"], "near": ["8", "10"]}
    seen = {}
    for name, given in answers.items():
        person = world.enrol(course, name)
        replies = [person.submit(problem, {"cells": one, "doubled": "20"}).json() for one in given]
        kept = items(person, problem)
        seen[name] = [
            replies,
            person.get(problem.path).json(),
            kept,
            [person.get(f"/submissions/{one['id']}").json() for one in kept],
            mine(person),
        ]
    shown = {name: without_ids(told) for name, told in seen.items()}
    assert shown["right"] == shown["wrong"] == shown["near"]
    assert shown["right"][2][0]["results"][0]["status"] == "received"
    assert shown["right"][1]["results_from"] == "2026-11-03T12:00:00.000000Z"
    world.clock.advance(days=1, seconds=1)
    assert mine(person)[0]["grade"] is not None
    assert person.get(problem.path).json()["parts"][0]["standing"]["credit"] == 0
    assert items(person, problem)[0]["results"][0]["credit"] == 0


def test_same_comparison_finds_difference_when_results_are_shown(world, course):
    [problem] = world.assignment(course)
    seen = []
    for given in ("9", "7"):
        person = world.enrol(course, given)
        person.submit(problem, {"cells": given})
        seen.append(without_ids(person.get(problem.path).json()))
    assert seen[0] != seen[1]


def test_each_part_reports_attempts_wait_last_answer_and_progress(world, course, student):
    more = {"attempts": 3, "cool_down_seconds": 60, "by_attempt": ["1", "1/2"]}
    [problem] = world.assignment(course, **more)
    student.submit(problem, {"cells": "8"})
    world.clock.advance(seconds=60)
    student.submit(problem, {"cells": " 9 ", "why": "Fewer."})
    told = student.get(problem.path).json()
    cells, doubled, why = told["parts"]
    assert (cells["attempts_used"], cells["attempts_left"]) == (2, 1)
    assert cells["wait_until"] == "2026-11-02T12:02:00.000000Z"
    assert (cells["last"]["typed"], cells["last"]["sequence"]) == (" 9 ", 2)
    assert (doubled["attempts_left"], doubled["wait_until"], doubled["last"]) == (3, None, None)
    assert why["standing"] == {
        "status": "needs_review",
        "credit": None,
        "score": None,
        "waiting": True,
        "manual": False,
        "submission": why["last"]["submission"],
        "attempt": None,
        "attempt_credit": 1,
        "late_credit": 1,
    }
    assert (cells["standing"]["attempt"], cells["standing"]["attempt_credit"]) == (2, 0.5)
    world.clock.advance(seconds=60)
    assert student.get(problem.path).json()["parts"][0]["wait_until"] is None


def test_failing_key_needs_manual_grading_and_problem_is_still_shown(world, course):
    student = world.enrol(course)
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    pose_broken(world, problem)
    assert student.get(problem.path).status_code == 200
    told = student.submit(problem, {"sound": "6", "broken": "4"}).json()["results"]
    assert [one["status"] for one in told] == ["correct", "needs_review"]
    assert told[1]["attempt"] is None
    [kept] = items(student, problem)
    assert kept["results"][1]["credit"] is None
    world.clock.advance(days=2)
    parts = student.get(f"{problem.path}/solution").json()["parts"]
    assert parts[1]["answer"].startswith(FAILED_KEY_MESSAGE)


def test_only_staff_may_choose_variant_of_problem(world, course, student):
    [problem] = world.assignment(course, CANARY, variants="each")
    grader = world.enrol(course, "G", role="grader")
    assert "1234567" in grader.get(problem.path).json()["statement"]
    by_place = grader.get(problem.path, params={"position": 1}).json()["statement"]
    assert by_place != grader.get(problem.path).json()["statement"]
    assert grader.get(problem.path, params={"position": 99}).status_code == 404
    assert grader.get(problem.path, params={"seed": 99_999}).status_code == 404
    for path in (problem.path, f"{problem.path}/solution"):
        assert student.get(path, params={"seed": 0}).status_code == 403
        assert student.get(path, params={"position": -1}).status_code == 403


def test_notice_shows_points_gained_by_this_student(world, course, student):
    [problem] = world.assignment(course)
    other = world.enrol(course, "Other")
    for person in (student, other):
        person.submit(problem, {"cells": "8"})
    regrade = store_gain(world, problem, student, at=NOW)
    with world.session() as session:
        told = {"created_by": student.id, "created_at": NOW, "problem_id": problem.id}
        session.add(Notice(id=new_id(), text="Corrected.", regrade_id=regrade, **told))
        gone = NOW + timedelta(hours=1)
        session.add(Notice(id=new_id(), text="Withdrawn.", withdrawn_at=gone, **told))
    shown = [one.get(problem.path).json()["notices"] for one in (student, other)]
    assert [(one["text"], one["gained"]) for [one] in shown] == [
        ("Corrected.", 2),
        ("Corrected.", 0),
    ]


def test_problem_lists_only_numbers_shown_in_its_texts(world, course, student):
    assert "answer" in CANARY
    [problem] = world.assignment(course, CANARY)
    told = student.get(problem.path).json()["numbers"]
    assert [one["name"] for one in told] == ["K", "X"]
    assert told[1]["text"] == "[[1, 0, 2], [0, 1, 3]]"
    [plain] = world.assignment(course, TEXT_PROBLEM)
    assert student.get(plain.path).json()["numbers"] == [
        {"name": "K", "shape": [], "value": 3, "text": "3"}
    ]


MODELS = {
    model
    for module in (assignments, student_schemas, solution, work)
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, Schema)
    and "examples" in (model.model_config.get("json_schema_extra") or {})
}


@pytest.mark.parametrize(
    "model", sorted(MODELS, key=lambda one: one.__name__), ids=lambda one: one.__name__
)
def test_documentation_examples_match_their_schema(model):
    for example in model.model_config["json_schema_extra"]["examples"]:
        read = parse_json_body(json.dumps(example).encode())
        assert model.model_validate(read).model_dump(mode="json") == example
