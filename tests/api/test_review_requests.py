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


def test_a_request_is_made_answered_and_read_with_its_reply(here):
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


def test_the_text_of_a_request_counts_against_the_storage_budget(here, monkeypatch):
    student, storage, counted = marked(here), here.world.service.storage, []
    monkeypatch.setattr(type(storage), "add", lambda _, _person, size: counted.append(size))
    assert ask(here, student, text="Größe").status_code == 201
    assert counted == [len("Größe".encode())]


def test_no_request_is_stored_once_the_storage_budget_is_spent(here):
    student = marked(here)
    here.world.service.storage.add(student.id, 2**40)
    refused = ask(here, student)
    assert (refused.status_code, refused.json()["code"]) == (429, "storage_budget")
    assert student.get("/me/requests").json()["items"] == []


def test_a_declined_request_changes_no_mark_and_none_is_answered_twice(here):
    student = marked(here)
    request = ask(here, student).json()["id"]
    decision = {"decision": "declined", "reply": "Only one is named."}
    wrong = here.ada.post(f"/requests/{request}/answer", decision | {"mark": {"credit": 1}})
    assert wrong.status_code == 422
    assert here.ada.post(f"/requests/{request}/answer", decision).json()["status"] == "declined"
    assert here.ada.post(f"/requests/{request}/answer", decision).status_code == 409
    assert here.score(student) == (0, 0)


def test_one_request_is_open_for_an_answer(here):
    student = marked(here)
    request = ask(here, student).json()["id"]
    assert ask(here, student).status_code == 409
    here.ada.post(f"/requests/{request}/answer", {"decision": "declined", "reply": "No."})
    assert ask(here, student).status_code == 201


def test_no_more_requests_than_allowed_are_taken_in_an_assignment(here):
    here.change(regrade_limit=1)
    student = marked(here)
    student.submit(here.posed, {"cells": "10"})
    assert ask(here, student).status_code == 201
    refused = ask(here, student, "cells")
    assert (refused.status_code, refused.json()["code"]) == (409, "requests_closed")
    assert "1 are allowed" in refused.json()["detail"]


def test_of_many_requests_at_the_same_moment_the_limit_holds(here):
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


def test_the_days_to_ask_begin_with_the_mark_and_are_days_of_the_calendar(world):
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


def test_before_results_are_shown_there_is_nothing_to_ask_and_days_begin_then(here):
    here.change(results="manual", regrade_days=1)
    student = marked(here)
    refused = ask(here, student)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_released")
    here.world.clock.advance(days=10)
    here.change(results_released_at=here.world.clock())
    here.world.clock.advance(hours=23)
    assert ask(here, student).status_code == 201


def test_an_answer_that_is_not_marked_is_not_asked_about(here):
    assert ask(here, here.student("A thought.")).status_code == 409


def test_only_ones_own_answers_are_asked_about(here):
    student, other = marked(here), here.student("Mine.")
    path = f"/submissions/{submission(here, student)}/parts/why/request"
    for person in (other, here.ada, here.ina):
        assert person.post(path, {"text": "Please."}).status_code == 404
    assert other.get("/me/requests").json()["items"] == []
    assert student.post(path.replace("why", "cells"), {"text": "Please."}).status_code == 404


def test_nobody_asks_while_looking_as_a_student(here):
    student = marked(here)
    path = f"/submissions/{submission(here, student)}/parts/why/request"
    refused = here.ina.post(path, {"text": "Why?"}, headers={"X-View-As": str(student.id)})
    assert refused.status_code == 403


def test_open_requests_come_first_and_pages_skip_none(here):
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


def test_the_credit_of_a_request_hides_with_the_results(here):
    student = marked(here)
    ask(here, student)
    here.change(results="manual")
    [own] = student.get("/me/requests").json()["items"]
    assert own["credit"] is None


def test_who_left_the_course_has_no_requests_in_it(here):
    student = marked(here)
    ask(here, student)
    here.world.set_enrolment(student, withdrawn_at=here.world.clock())
    assert student.get("/me/requests").json()["items"] == []
    assert here.ada.get(f"{here.assignment}/requests").json()["items"] == []
    assert here.ada.get(f"{here.assignment}/review").json()["requests"] == 0


def test_a_student_reads_public_comments_once_results_are_shown(here):
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


def test_one_takes_back_ones_own_comments_only(here):
    student = here.student("A thought.")
    path = f"/answers/{here.answer(student)}/comments"
    comment = here.ada.post(path, {"text": "Hm."}).json()["id"]
    assert here.bob.delete(f"/comments/{comment}").status_code == 403
    assert student.delete(f"/comments/{comment}").status_code == 404
    assert here.ada.delete(f"/comments/{comment}").status_code == 204
    assert here.ada.delete(f"/comments/{comment}").status_code == 404
    assert here.ada.get(path).json()["comments"] == []
