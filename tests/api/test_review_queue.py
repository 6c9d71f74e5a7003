"""Tests of the marking queue: its answers, their order, and who holds which."""

import threading

import pytest
from actors import NOW
from grade_setup import override_grade
from review_course import ReviewCourse
from sqlalchemy import event, select
from world import TEXT_PROBLEM

from api.db.models import Answer, AssignmentProblem, Override, ProblemVersion


@pytest.fixture
def here(world):
    return ReviewCourse(world)


def test_only_last_text_of_a_student_is_queued(here):
    student = here.student("First thoughts.", "Second thoughts.")
    assert here.listed(here.ada) == [str(here.answer(student))]
    [part] = here.ada.get(f"{here.assignment}/review").json()["parts"]
    assert (part["part"], part["waiting"], part["marked"]) == ("why", 1, 0)


def test_empty_text_does_not_replace_previous_text(here):
    student = here.student("A thought.")
    first = here.answer(student)
    student.submit(here.assigned, {"why": "  "})
    assert here.listed(here.ada) == [str(first)]


def test_new_text_is_queued_even_if_previous_one_is_graded(here):
    student = here.student("A thought.")
    here.mark(here.ada, here.answer(student), credit=1)
    assert here.listed(here.ada, "waiting") == []
    student.submit(here.assigned, {"why": "A better thought."})
    assert here.listed(here.ada, "waiting") == [str(here.answer(student))]


def test_answer_that_needs_review_is_queued(here):
    student = here.student("A thought.")
    student.submit(here.assigned, {"cells": "9"})
    answer = here.answer(student, "cells")
    part = f"{here.assignment}/review/{here.assigned.slug}/cells"
    assert here.ada.get(part).json()["items"] == []
    with here.world.session() as session:
        row = session.get_one(Answer, answer)
        row.status, row.credit, row.credit_float = "needs_review", None, None
    assert [one["answer"] for one in here.ada.get(part).json()["items"]] == [str(answer)]


@pytest.mark.parametrize("columns", [{"is_test": True}, {"withdrawn_at": NOW}])
def test_test_and_withdrawn_students_are_not_queued(here, columns):
    gone, there = here.student("Gone."), here.student("There.")
    here.world.set_enrolment(gone, **columns)
    assert here.listed(here.ada) == [str(here.answer(there))]
    assert here.next(here.ada)["answer"] == str(here.answer(there))
    assert here.ada.get(f"{here.assignment}/readiness").json()["students"] == 1


def test_queue_order_is_shuffled_but_equal_for_all_tas(here):
    arrived = [str(here.answer(here.student(f"Thought {at}."))) for at in range(12)]
    order = here.listed(here.ada)
    assert sorted(order) == sorted(arrived)
    assert order == here.listed(here.bob)
    assert order not in (arrived, arrived[::-1])


def test_queue_pagination_skips_and_repeats_no_answer(here):
    for at in range(5):
        here.student(f"Thought {at}.")
    found, query = [], {"limit": 2}
    while True:
        told = here.ada.get(here.part, params=query).json()
        found += [one["answer"] for one in told["items"]]
        if told["next"] is None:
            break
        query["cursor"] = told["next"]
    assert found == here.listed(here.ada)


def test_tas_get_different_answers_from_queue(here):
    for at in range(3):
        here.student(f"Thought {at}.")
    got = [here.next(one)["answer"] for one in (here.ada, here.bob, here.ina)]
    assert sorted(got) == sorted(here.listed(here.ada))
    told = here.world.enrol(here.course, "Cy Grader", role="grader").post(f"{here.part}/next")
    assert told.json() == {"item": None, "waiting": 3, "claimed": 3}


def test_next_returns_answer_already_claimed_by_ta(here):
    here.student("One."), here.student("Two.")
    assert here.next(here.ada)["answer"] == here.next(here.ada)["answer"]


def test_claim_expires_after_15_minutes_unless_renewed(here):
    answer = here.answer(here.student("One."))
    here.next(here.ada)
    here.world.clock.advance(minutes=14)
    assert here.ada.post(f"/answers/{answer}/claim").json()["claim"]["mine"]
    here.world.clock.advance(minutes=14)
    refused = here.bob.post(f"/answers/{answer}/claim")
    assert (refused.status_code, refused.json()["code"]) == (409, "claimed")
    assert "1 more minutes" in refused.json()["detail"]
    assert here.next(here.bob) is None
    here.world.clock.advance(minutes=1)
    assert here.next(here.bob)["answer"] == str(answer)


def test_claimed_answer_cannot_be_graded_by_another_ta(here):
    answer = here.answer(here.student("One."))
    here.next(here.ada)
    assert here.mark(here.bob, answer, credit=1).json()["code"] == "claimed"
    assert here.bob.delete(f"/answers/{answer}/claim").json()["code"] == "claimed"
    assert here.ina.delete(f"/answers/{answer}/claim").json()["claim"] is None
    assert here.mark(here.bob, answer, credit=1).status_code == 200


def test_skipped_answer_returns_last_but_stays_first_for_other_tas(here):
    for at in range(3):
        here.student(f"Thought {at}.")
    order = here.listed(here.ada)
    for _ in range(4):
        got = here.next(here.ada)["answer"]
        here.ada.post(f"/answers/{got}/skip")
        here.world.clock.advance(seconds=1)
    assert here.next(here.ada)["answer"] == order[1]
    assert here.next(here.bob)["answer"] == order[0]


def test_queue_filters_by_waiting_graded_mine_and_flagged(here):
    one, two, three = (here.answer(here.student(f"Thought {at}.")) for at in range(3))
    here.mark(here.ada, one, credit=1)
    here.mark(here.bob, two, credit=0)
    here.bob.put(f"/answers/{two}/flag", {"note": "Is this right?"})
    here.ada.post(f"/answers/{three}/claim")
    assert here.listed(here.ada, "waiting") == [str(three)]
    assert sorted(here.listed(here.ada, "marked")) == sorted([str(one), str(two)])
    assert sorted(here.listed(here.ada, "mine")) == sorted([str(one), str(three)])
    assert here.listed(here.ada, "flagged") == [str(two)]
    [part] = here.ada.get(f"{here.assignment}/review").json()["parts"]
    counts = {name: part[name] for name in ("waiting", "marked", "claimed", "flagged", "mine")}
    assert counts == {"waiting": 1, "marked": 2, "claimed": 1, "flagged": 1, "mine": 1}
    here.ada.delete(f"/answers/{two}/flag")
    assert here.listed(here.ada, "flagged") == []


def test_anonymous_review_api_hides_student_identity(world):
    here = ReviewCourse(world, {"anonymous": True})
    student = here.student("One.", name="Zelda Canary")
    answer = here.answer(student)
    student.post(f"/submissions/{_submission(here, answer)}/parts/why/request", {"text": "Why?"})
    here.ada.post(f"/answers/{answer}/comments", {"text": "Hm."})
    texts = [
        here.ada.get(here.part).text,
        here.ada.post(f"{here.part}/next").text,
        here.mark(here.ada, answer, credit=1).text,
        here.ada.get(f"{here.part}/groups?least=1").text,
        here.ada.get(f"{here.assignment}/requests").text,
        here.ada.get(f"/answers/{answer}/gradings").text,
        here.ada.get(f"/answers/{answer}/comments").text,
        here.ada.get(f"{here.assignment}/readiness").text,
    ]
    for told in texts:
        assert "Zelda" not in told
        assert str(student.id) not in told
        assert "example.edu" not in told
        assert _submission(here, answer) not in told
    [line] = here.ada.get(here.part).json()["items"]
    assert line["student"]["pseudonym"].startswith("Student ")
    assert here.ina.get(here.part).json()["items"][0]["student"]["name"] == "Zelda Canary"


def _submission(here, answer):
    with here.world.db.reading() as session:
        return str(session.get_one(Answer, answer).submission_id)


def test_pseudonym_is_stable_within_one_assignment_only(world):
    here = ReviewCourse(world, {"anonymous": True})
    student = here.student("One.")
    called = here.ada.get(here.part).json()["items"][0]["student"]["pseudonym"]
    student.submit(here.assigned, {"why": "Two."})
    assert here.ada.get(here.part).json()["items"][0]["student"]["pseudonym"] == called
    [other] = world.assignment(here.course, TEXT_PROBLEM, anonymous=True)
    student.submit(other, {"why": "Three."})
    told = here.ada.get(f"/assignments/{other.assignment}/review/{other.slug}/why").json()
    assert told["items"][0]["student"]["pseudonym"] != called


def test_readiness_reports_ungraded_answers(here):
    ready = here.ada.get(f"{here.assignment}/readiness").json()
    assert ready["ready"]
    here.student("One."), here.student("Two.")
    ready = here.ada.get(f"{here.assignment}/readiness").json()
    assert not ready["ready"]
    assert ready["students"] == 2
    why = {"problem": here.assigned.slug, "part": "why", "part_title": "", "waiting": 2}
    assert ready["unassessed"] == [why]
    assert ready["warnings"][0] == "2 answers to part why of “Why small kernels” are not graded."


@pytest.mark.parametrize("where", ["part", "problem", "assignment"])
def test_overridden_answer_is_not_queued(here, where):
    student, other = here.student("One."), here.student("Two.", name="Other")
    place = {} if where == "assignment" else {"problem_id": here.assigned.id}
    place |= {"part": "why"} if where == "part" else {}
    override_grade(here.world, here.assigned, student, here.ina, 1, **place)
    assert [one["answer"] for one in here.ada.get(here.part).json()["items"]] == [
        str(here.answer(other))
    ]
    assert here.ada.get(f"{here.assignment}/readiness").json()["students"] == 1
    with here.world.session() as session:
        session.scalars(select(Override)).one().withdrawn_at = NOW
    assert len(here.ada.get(here.part).json()["items"]) == 2


def test_readiness_uses_problem_title_for_single_untitled_part(world):
    head, _, part = TEXT_PROBLEM.partition("  - {id: cells")
    here = ReviewCourse(world, source=head + part[part.index("  - id: why") :])
    here.student("One.")
    ready = here.ada.get(f"{here.assignment}/readiness").json()
    assert ready["warnings"][0] == "1 answer to “Why small kernels” is not graded."


def test_students_cannot_access_review(here):
    student, other = here.student("One."), here.student("Two.")
    assert student.get(here.part).status_code == 403
    assert student.get(f"/answers/{here.answer(student)}/review").status_code == 403
    assert student.get(f"/answers/{here.answer(other)}/review").status_code == 404


def test_review_query_count_does_not_grow_with_answers(here):
    def questions(address):
        count = 0

        def counted(*_arguments):
            nonlocal count
            count += 1

        event.listen(here.world.db.engine, "before_cursor_execute", counted)
        assert here.ada.get(address).status_code == 200
        event.remove(here.world.db.engine, "before_cursor_execute", counted)
        return count

    addresses = [
        here.part,
        f"{here.assignment}/review",
        f"{here.assignment}/readiness",
        f"{here.part}/groups?least=1",
        f"{here.part}/rubric",
    ]
    for at in range(2):
        here.mark(here.ada, here.answer(here.student(f"Thought {at}.")), credit=1)
        here.student("Waits.")
    before = [questions(one) for one in addresses]
    for at in range(6):
        here.mark(here.ada, here.answer(here.student(f"Thought {at}.")), credit=1)
        here.student("Waits.")
    assert [questions(one) for one in addresses] == before


def test_concurrent_next_requests_return_different_answers(here):
    for at in range(8):
        here.student(f"Thought {at}.")
    markers = [here.world.enrol(here.course, f"Grader {at}", role="grader") for at in range(8)]
    got, ready = [], threading.Barrier(len(markers))

    def ask(marker):
        ready.wait()
        got.append(here.next(marker)["answer"])

    threads = [threading.Thread(target=ask, args=(one,)) for one in markers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == sorted(here.listed(here.ada))


def test_removed_problem_is_not_reviewed(here):
    answer = here.answer(here.student("One."))
    with here.world.session() as session:
        session.get_one(AssignmentProblem, here.assigned.id).removed_at = here.world.clock()
    assert here.ada.get(f"{here.assignment}/review").json()["parts"] == []
    assert here.ada.get(f"/answers/{answer}/review").status_code == 404


def test_review_of_unknown_part_is_not_found(here):
    with here.world.db.reading() as session:
        parts = session.get_one(ProblemVersion, here.assigned.version).parts
    assert [one["id"] for one in parts] == ["cells", "doubled", "why"]
    assert here.ada.get(f"{here.part}x").status_code == 404
