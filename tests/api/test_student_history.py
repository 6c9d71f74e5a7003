"""Tests of submissions: students see released results, and receipts prove the content."""

from itertools import chain

import pytest
from append_only import disable_triggers
from sqlalchemy import update
from student_setup import DUE_TOMORROW, names_in
from world import TEXT_PROBLEM

from api.db.models import Assignment, Course, Enrolment, Submission


def items(person, problem, **query):
    return person.get(f"{problem.path}/submissions", params=query).json()["items"]


def test_paginated_list_has_every_submission_once_newest_first(world, course, student):
    [problem] = world.assignment(course)
    for number in range(7):
        student.submit(problem, {"cells": str(number)})
    found, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = student.get(f"{problem.path}/submissions", params=query).json()
        found += [one["sequence"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [7, 6, 5, 4, 3, 2, 1]


def test_page_ends_at_one_mebibyte_and_next_page_continues(world, course, student):
    [problem] = world.assignment(course)
    for number in range(60):
        student.submit(problem, {"why": f"{number} " + "why? " * 3_990})
    pages, query = [], {"limit": 200}
    while query:
        response = student.get(f"{problem.path}/submissions", params=query)
        page = response.json()
        assert len(response.content) < 1.01 * 1024 * 1024
        pages.append([one["sequence"] for one in page["items"]])
        query = {"limit": 200, "cursor": page["next"]} if page["next"] else {}
    assert len(pages) == 2
    assert list(chain.from_iterable(pages)) == list(range(60, 0, -1))


def test_stored_submission_matches_original_reply(world, course, student):
    [problem] = world.assignment(course, attempts=3)
    answers = {"doubled": "18", "cells": " 8 ", "why": "Fewer."}
    reply = student.submit(problem, answers).json()
    kept = student.get(f"/submissions/{reply['id']}").json()
    assert items(student, problem) == [kept]
    assert kept["receipt"] == reply["receipt"]
    assert {one["part"]: one["typed"] for one in kept["results"]} == answers
    by_part = {one["part"]: one for one in kept["results"]}
    for told in reply["results"]:
        same = set(told) - {"attempts_left", "late_credit"}
        assert {name: by_part[told["part"]][name] for name in same} == {
            name: told[name] for name in same
        }


def test_hidden_results_appear_once_results_are_released(world, course, student):
    [problem] = world.assignment(course, results="after_close", timeline_spec=DUE_TOMORROW)
    reply = student.submit(problem, {"cells": "9"}).json()
    hidden = student.get(f"/submissions/{reply['id']}").json()
    assert hidden["results"][0]["status"] == reply["results"][0]["status"] == "received"
    assert (hidden["results_shown"], hidden["results"][0]["feedback"]) == (False, None)
    world.clock.advance(days=1, seconds=1)
    shown = student.get(f"/submissions/{reply['id']}").json()
    assert (shown["results"][0]["status"], shown["results"][0]["score"]) == ("correct", 2)


def test_submission_and_receipt_of_others_return_404(world, course, student):
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": "9"}).json()
    people = [world.enrol(course, "Other"), world.enrol(world.course("x"), "G", role="grader")]
    for path in ("/submissions/", "/receipts/"):
        nothing = people[0].get(f"{path}{problem.id}", headers={"X-Request-ID": "same"})
        for person in people:
            found = person.get(f"{path}{reply['id']}", headers={"X-Request-ID": "same"})
            assert (found.status_code, found.content) == (404, nothing.content)


def test_staff_see_record_key_and_answer_patterns(world, course, student):
    [problem] = world.assignment(course, results="never")
    student.submit(problem, {"cells": "10"})
    reply = student.submit(problem, {"cells": "18", "doubled": "20"}).json()
    told = world.enrol(course, "G", role="grader").get(f"/submissions/{reply['id']}").json()
    cells, doubled = told["results"]
    assert (told["student"], told["sequence"], told["position"]) == (str(student.id), 2, -1)
    assert (cells["status"], cells["key"], cells["patterns"]) == ("wrong", "9", ["twice the key"])
    assert cells["explanation"][0] == "Typed: 18"
    assert cells["record"]["rule"] == "none"
    assert doubled["status"] == "wrong"  # it follows from 10, and not from the 18 beside it
    assert "twice" not in student.get(f"/submissions/{reply['id']}").text


def test_answer_patterns_use_values_carried_at_submission_time(world, course, student):
    [problem] = world.assignment(course)
    first = student.submit(problem, {"doubled": "1800"}).json()
    student.submit(problem, {"cells": "900"})  # from which 1800 would follow
    told = world.enrol(course, "G", role="grader").get(f"/submissions/{first['id']}").json()
    assert told["results"][0]["patterns"] == ["100 times the key, as percent for a fraction"]


def test_ta_does_not_see_student_in_anonymous_grading(world, course, student):
    [problem] = world.assignment(course, anonymous=True)
    reply = student.submit(problem, {"cells": "10"}).json()
    for role, whose in (("grader", None), ("instructor", str(student.id))):
        told = world.enrol(course, role, role=role).get(f"/submissions/{reply['id']}").json()
        assert (told["student"], told["author"]) == (whose, whose)


def test_staff_viewing_as_student_get_the_student_view(world, course, student):
    [problem] = world.assignment(course, results="never")
    reply = student.submit(problem, {"cells": "10"}).json()
    grader = world.enrol(course, "G", role="grader")
    headers = {"X-View-As": str(student.id)}
    seen = grader.get(f"/submissions/{reply['id']}", headers=headers)
    assert seen.json() == student.get(f"/submissions/{reply['id']}").json()
    assert not {"key", "record"} & names_in(seen.json())
    other = world.enrol(course, "Other")
    hidden = grader.get(f"/submissions/{reply['id']}", headers={"X-View-As": str(other.id)})
    assert hidden.status_code == 404


ODD = [{"cells": "9"}, {"cells": 0.1, "why": "é∑👩‍🔬"}, {"cells": [[1, 0.5], ["−x"]]}]


@pytest.mark.parametrize("answers", ODD)
def test_receipt_is_verified_from_stored_data(world, course, student, answers):
    [problem] = world.assignment(course, TEXT_PROBLEM)
    reply = student.submit(problem, answers).json()
    proof = student.get(f"/receipts/{reply['id']}").json()
    assert proof["valid"] is True
    assert proof["digest"] == reply["receipt"]["digest"]
    assert (proof["answers"], proof["sequence"]) == (answers, 1)
    assert proof["received_at"] == reply["received_at"]
    for digest, valid in ((reply["receipt"]["digest"], True), ("0" * 64, False)):
        asked = student.get(f"/receipts/{reply['id']}", params={"digest": digest})
        assert asked.json()["valid"] is valid


@pytest.mark.parametrize(
    "change",
    [{"answers": {"cells": "9"}}, {"sequence": 2}, {"received_at": None}],
    ids=["answers", "sequence", "time"],
)
def test_receipt_is_invalid_after_any_change(world, course, student, change):
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": "8"}).json()
    if "received_at" in change:
        change = {"received_at": world.clock.advance(seconds=1)}
    with world.session() as session:
        disable_triggers(session)
        session.execute(update(Submission).values(**change))
    assert student.get(f"/receipts/{reply['id']}").json()["valid"] is False


def test_receipt_remains_valid_after_enrollment_and_assignment_end(world, course, student):
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": "8"}).json()
    with world.session() as session:
        now = world.clock()
        session.execute(update(Assignment).values(deleted_at=now))
        session.execute(update(Enrolment).values(withdrawn_at=now))
        session.execute(update(Course).values(archived_at=now))
    assert student.get(f"/receipts/{reply['id']}").json()["valid"] is True
    assert student.get(f"/submissions/{reply['id']}").status_code == 404
