"""Tests of comments on answers, and of students' requests to mark an answer again."""

import threading

import pytest
from review_course import ReviewCourse
from sqlalchemy import select

from api.db.models import Answer, AuditEntry, Course, RegradeRequest


@pytest.fixture
def here(world):
    return ReviewCourse(world)


def submission(here, student, part="why"):
    with here.world.db.reading() as session:
        return session.get_one(Answer, here.answer(student, part)).submission_id


def ask(here, student, part="why", text="I named both."):
    path = f"/submissions/{submission(here, student, part)}/parts/{part}/request"
    return student.post(path, {"text": text})


def marked(here, *texts, credit=0):
    student = here.student(*(texts or ("A thought.",)))
    here.mark(here.ada, here.answer(student), credit=credit)
    return student


def test_regrade_request_is_created_accepted_and_read_by_student(here):
    student = marked(here)
    made = ask(here, student)
    assert (made.status_code, made.json()["status"], made.json()["credit"]) == (201, "open", 0)
    [seen] = here.bob.get(f"{here.assignment}/requests").json()["items"]
    assert (seen["text"], seen["student"]["name"]) == ("I named both.", "Stu Dent")
    assert here.ada.get(f"{here.assignment}/review").json()["requests"] == 1
    mark = {"items": here.items(), "comment": "Right."}
    told = here.bob.post(
        f"/requests/{seen['id']}/answer",
        {"decision": "accepted", "reply": "You did.", "mark": mark},
    )
    assert (told.status_code, told.json()["credit"]) == (200, 1), told.text
    assert here.score(student) == (4, 4)
    [own] = student.get("/me/requests").json()["items"]
    assert (own["status"], own["reply"], own["credit"]) == ("accepted", "You did.", 1)
    assert here.ada.get(f"{here.assignment}/review").json()["requests"] == 0
    with here.world.db.reading() as session:
        acts = session.scalars(select(AuditEntry.action)).all()
    assert {"answer.marked", "request.answered"} <= set(acts)


def test_request_text_counts_toward_storage_budget(here, monkeypatch):
    student, storage, counted = marked(here), here.world.service.storage, []
    monkeypatch.setattr(type(storage), "add", lambda _, _person, size: counted.append(size))
    assert ask(here, student, text="Größe").status_code == 201
    assert counted == [len("Größe".encode())]


def test_request_over_storage_budget_is_refused(here):
    student = marked(here)
    here.world.service.storage.add(student.id, 2**40)
    refused = ask(here, student)
    assert (refused.status_code, refused.json()["code"]) == (429, "storage_budget")
    assert student.get("/me/requests").json()["items"] == []


def test_declined_request_changes_no_grade_and_is_answered_once(here):
    student = marked(here)
    request = ask(here, student).json()["id"]
    decision = {"decision": "declined", "reply": "Only one is named."}
    wrong = here.ada.post(f"/requests/{request}/answer", decision | {"mark": {"credit": 1}})
    assert wrong.status_code == 422
    assert here.ada.post(f"/requests/{request}/answer", decision).json()["status"] == "declined"
    assert here.ada.post(f"/requests/{request}/answer", decision).status_code == 409
    assert here.score(student) == (0, 0)


def test_answer_has_at_most_one_open_request(here):
    student = marked(here)
    request = ask(here, student).json()["id"]
    assert ask(here, student).status_code == 409
    here.ada.post(f"/requests/{request}/answer", {"decision": "declined", "reply": "No."})
    assert ask(here, student).status_code == 201


def test_requests_per_assignment_are_limited(here):
    here.change(regrade_limit=1)
    student = marked(here)
    student.submit(here.assigned, {"cells": "10"})
    assert ask(here, student).status_code == 201
    refused = ask(here, student, "cells")
    assert (refused.status_code, refused.json()["code"]) == (409, "requests_closed")
    assert "1 are allowed" in refused.json()["detail"]


def test_concurrent_requests_respect_the_limit(here):
    here.change(regrade_limit=1)
    student = marked(here)
    path = f"/submissions/{submission(here, student)}/parts/why/request"
    got, ready = [], threading.Barrier(6)

    def post():
        ready.wait()
        got.append(student.post(path, {"text": "Please."}).status_code)

    threads = [threading.Thread(target=post) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == [201, *[409] * 5]
    with here.world.db.reading() as session:
        assert len(session.scalars(select(RegradeRequest)).all()) == 1


def test_request_window_counts_calendar_days_from_grading(world):
    """In New York the day when summer time ends has 25 hours, and so has the window."""
    world.clock.now = world.clock.now.replace(month=10, day=31, hour=16)
    here = ReviewCourse(world)
    with world.session() as session:
        session.get_one(Course, here.course).zone = "America/New_York"
    here.change(regrade_days=1)
    one, two = here.student("One."), here.student("Two.")
    here.mark(here.ada, here.answer(one), credit=0)
    here.mark(here.ada, here.answer(two), credit=0)
    world.clock.advance(hours=25)
    assert ask(here, one).status_code == 201
    world.clock.advance(microseconds=1)
    refused = ask(here, two)
    assert (refused.status_code, refused.json()["code"]) == (409, "requests_closed")
    assert "Sun 1 Nov 2026, 12:00 America/New_York" in refused.json()["detail"]
    here.mark(here.ada, here.answer(two), credit="1/2")
    assert ask(here, two).status_code == 201


def test_request_window_starts_at_result_release(here):
    here.change(results="manual", regrade_days=1)
    student = marked(here)
    refused = ask(here, student)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_released")
    here.world.clock.advance(days=10)
    here.change(results_released_at=here.world.clock())
    here.world.clock.advance(hours=23)
    assert ask(here, student).status_code == 201


def test_ungraded_answer_cannot_have_a_request(here):
    assert ask(here, here.student("A thought.")).status_code == 409


def test_requests_are_limited_to_own_answers(here):
    student, other = marked(here), here.student("Mine.")
    path = f"/submissions/{submission(here, student)}/parts/why/request"
    for person in (other, here.ada, here.ina):
        assert person.post(path, {"text": "Please."}).status_code == 404
    assert other.get("/me/requests").json()["items"] == []
    assert student.post(path.replace("why", "cells"), {"text": "Please."}).status_code == 404


def test_request_cannot_be_sent_while_viewing_as_student(here):
    student = marked(here)
    path = f"/submissions/{submission(here, student)}/parts/why/request"
    refused = here.ina.post(path, {"text": "Why?"}, headers={"X-View-As": str(student.id)})
    assert refused.status_code == 403


def test_requests_list_open_ones_first_and_paginate(here):
    made = []
    for at in range(5):
        made.append(ask(here, marked(here, f"Thought {at}.")).json()["id"])
        here.world.clock.advance(minutes=1)
    for at in (0, 3):
        decision = {"decision": "declined", "reply": "No."}
        here.ada.post(f"/requests/{made[at]}/answer", decision)
    found, query = [], {"limit": 2}
    while True:
        told = here.ada.get(f"{here.assignment}/requests", params=query).json()
        found += [one["id"] for one in told["items"]]
        if told["next"] is None:
            break
        query["cursor"] = told["next"]
    assert found == [made[at] for at in (1, 2, 4, 0, 3)]
    told = here.ada.get(f"{here.assignment}/requests", params={"status": "declined"}).json()
    assert [one["id"] for one in told["items"]] == [made[0], made[3]]


def test_request_credit_is_hidden_with_results(here):
    student = marked(here)
    ask(here, student)
    here.change(results="manual")
    [own] = student.get("/me/requests").json()["items"]
    assert own["credit"] is None


def test_requests_of_withdrawn_student_are_hidden(here):
    student = marked(here)
    ask(here, student)
    here.world.set_enrolment(student, withdrawn_at=here.world.clock())
    assert student.get("/me/requests").json()["items"] == []
    assert here.ada.get(f"{here.assignment}/requests").json()["items"] == []
    assert here.ada.get(f"{here.assignment}/review").json()["requests"] == 0


def test_student_sees_public_comments_after_result_release(here):
    here.change(results="manual")
    student, other = here.student("A thought."), here.student("Another.")
    path = f"/answers/{here.answer(student)}/comments"
    here.ada.post(path, {"text": "Well put."})
    here.ada.post(path, {"text": "Copied?", "public": False})
    hidden = student.get(path).json()
    assert (hidden["comments"], hidden["results_shown"]) == ([], False)
    here.change(results_released_at=here.world.clock())
    [seen] = student.get(path).json()["comments"]
    assert (seen["text"], seen["by"]["name"]) == ("Well put.", "Ada Grader")
    assert set(seen) == {"id", "text", "by", "at"}
    assert other.get(path).status_code == 404
    told = here.bob.get(path).json()["comments"]
    assert [(one["text"], one["public"], one["mine"]) for one in told] == [
        ("Well put.", True, False),
        ("Copied?", False, False),
    ]
    assert here.bob.get(f"/answers/{here.answer(student)}/review").json()["comments"] == 2


def test_comments_can_be_withdrawn_only_by_their_author(here):
    student = here.student("A thought.")
    path = f"/answers/{here.answer(student)}/comments"
    comment = here.ada.post(path, {"text": "Hm."}).json()["id"]
    assert here.bob.delete(f"/comments/{comment}").status_code == 403
    assert student.delete(f"/comments/{comment}").status_code == 404
    assert here.ada.delete(f"/comments/{comment}").status_code == 204
    assert here.ada.delete(f"/comments/{comment}").status_code == 404
    assert here.ada.get(path).json()["comments"] == []
