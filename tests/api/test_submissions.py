"""Tests of submissions: results, receipts, attempts, repeated requests, the deadline."""

import pytest
from world import TEXT_PROBLEM

RIGHT = {"cells": "9", "doubled": "18"}


def test_right_answer_is_stored_with_receipt(world, course, student):
    [problem] = world.assignment(course)
    answer = student.submit(problem, RIGHT)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert [one["status"] for one in told["results"]] == ["correct", "correct"]
    assert told["standing"] == {"score": 4, "possible": 8, "waiting": False}
    assert told["receipt"]["id"] == told["id"]
    assert answer.headers["location"] == f"/api/v1/submissions/{told['id']}"


def test_repeated_request_is_stored_once(world, course, student):
    [problem] = world.assignment(course)
    first = student.submit(problem, RIGHT, key="k1")
    again = student.submit(problem, RIGHT, key="k1")
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    other = student.submit(problem, {"cells": "10"}, key="k1")
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("key", ["two words", "naïve".encode("latin-1"), "\t-"])
def test_invalid_idempotency_key_is_rejected_with_explanation(world, course, student, key):
    [problem] = world.assignment(course)
    headers = {"Idempotency-Key": key}
    told = student.post(f"{problem.path}/submissions", {"answers": RIGHT}, headers=headers)
    assert told.status_code == 422
    assert (
        "must be printable ASCII characters without spaces" in told.json()["errors"][0]["message"]
    )


def test_later_part_follows_earlier_submission(world, course, student):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "10"})
    told = student.submit(problem, {"doubled": "20"}).json()
    assert told["results"][0]["status"] == "follow_through"


def test_attempts_run_out_and_repeated_value_costs_none(world, course, student):
    [problem] = world.assignment(course, TEXT_PROBLEM, attempts=2)
    assert student.submit(problem, {"cells": "7"}).json()["results"][0]["attempts_left"] == 1
    same = student.submit(problem, {"cells": " 7.0 "}).json()
    assert same["results"][0]["attempt"] is None
    assert same["results"][0]["repeats"]
    assert student.submit(problem, {"cells": "x?"}).json()["results"][0]["status"] == "unreadable"
    assert student.submit(problem, {"cells": "8"}).json()["results"][0]["attempts_left"] == 0
    refused = student.submit(problem, {"cells": "9"})
    assert (refused.status_code, refused.json()["code"]) == (409, "attempts_exhausted")


def test_submissions_are_refused_after_close_but_replays_succeed(world, course, student):
    [problem] = world.assignment(course, timeline_spec={"due": "2026-11-02 13:00"})
    assert student.submit(problem, RIGHT, key="k").status_code == 201
    world.clock.advance(hours=1)
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    world.clock.advance(microseconds=1)
    late = student.submit(problem, {"cells": "3"})
    assert (late.status_code, late.json()["code"]) == (409, "deadline_passed")
    assert student.submit(problem, RIGHT, key="k").headers["idempotency-replayed"] == "true"


def test_staff_can_submit_only_as_test_student(world, course):
    [problem] = world.assignment(course)
    teacher = world.enrol(course, role="instructor")
    refused = teacher.submit(problem, RIGHT)
    assert refused.status_code == 403
    assert "X-View-As: test" in refused.json()["detail"]
    assert teacher.post(f"/courses/{course}/test-student").status_code in {200, 201}
    as_test = teacher.post(
        f"{problem.path}/submissions", {"answers": RIGHT}, headers={"X-View-As": "test"}
    )
    assert as_test.status_code == 201
