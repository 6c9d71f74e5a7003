"""Tests of marks by people: persistent rubrics, groups, gradings and the grades."""

import threading
from fractions import Fraction

import pytest
from regrading import run_action, run_dry_run
from review_course import ReviewCourse
from sqlalchemy import select
from world import TEXT_PROBLEM

from api.core.ids import new_id
from api.db.models import (
    Answer,
    AuditEntry,
    Grade,
    GradeChange,
    Grading,
    ProblemProgress,
    Submission,
)
from api.services.review.marks.rubric import Criterion
from api.services.review.marks.values import GRADED_BY_TA, MarkValues, compute_mark_outcome
from grader.policy import format_rounded_number

DRAWN = TEXT_PROBLEM.replace("say: Fewer parameters.", 'say: "A kernel has {{K*K}} cells."')


@pytest.fixture
def here(world):
    return ReviewCourse(world)


def test_text_part_starts_with_rubric_of_its_problem(here):
    told = here.ada.get(f"{here.part}/rubric").json()
    assert [(one["label"], one["say"], one["points"]) for one in told["items"]] == [
        ("fewer", "Fewer parameters.", 2),
        ("deeper", "More.", 2),
    ]
    assert told["items"] == here.bob.get(f"{here.part}/rubric").json()["items"]


FEWER, DEEPER, LONG = (
    Criterion(new_id(), label, "", Fraction(points))
    for label, points in (("fewer", 2), ("deeper", 2), ("too long", -1))
)
RUBRIC = {one.id: one for one in (FEWER, DEEPER, LONG)}


@pytest.mark.parametrize(
    ("items", "adjustment", "credit", "score", "status"),
    [
        ([], "0", None, "0", "wrong"),
        ([LONG], "0", None, "0", "wrong"),
        ([FEWER], "-3", None, "0", "wrong"),
        ([FEWER], "-1/2", None, "3/2", "partial"),
        ([FEWER, LONG], "0", None, "1", "partial"),
        ([FEWER, DEEPER], "1", None, "4", "correct"),
        ([FEWER, DEEPER, LONG], "1", None, "4", "correct"),
        ([], "1/3", None, "1/3", "partial"),
        ([], "0", "1/3", "4/3", "partial"),
        ([], "0", "0", "0", "wrong"),
        ([], "0", "1", "4", "correct"),
    ],
)
def test_manual_score_is_clamped_between_zero_and_part_points(
    items, adjustment, credit, score, status
):
    given = MarkValues(
        items=tuple(one.id for one in items),
        adjustment=Fraction(adjustment),
        credit=None if credit is None else Fraction(credit),
        comment="",
        reason="",
    )
    found = compute_mark_outcome(given, RUBRIC, Fraction(4), fill=str)
    assert (found.credit * 4, found.status) == (Fraction(score), status)
    assert found.explanation[-1] == f"Credit: {format_rounded_number(Fraction(score))} of 4."


def test_manual_grade_updates_problem_and_assignment_scores(here):
    student = here.student("Fewer parameters.")
    told = here.mark(here.ada, here.answer(student), items=here.items()[:1], adjustment="-1/2")
    assert told.status_code == 200, told.text
    assert (told.json()["score"], told.json()["status"]) == (1.5, "partial")
    assert here.score(student) == (Fraction(3, 2), Fraction(3, 2))


def test_invalid_manual_grades_are_rejected(here):
    answer, first = here.answer(here.student("A thought.")), here.items()[0]
    senseless = [
        {"credit": 2},
        {"credit": -1},
        {"credit": 1, "adjustment": 1},
        {"credit": 1, "items": [first]},
        {"adjustment": 0.1, "points": 3},
        {"adjustment": "1e99999999"},
        {"adjustment": 10_000_000},
        {"items": ["01933e3a-0000-7000-8000-000000000001"]},
        {"items": [first, first]},
        {"comment": "\0"},
    ]
    for mark in senseless:
        assert here.mark(here.ada, answer, **mark).status_code == 422, mark
    assert here.listed(here.ada, "waiting") == [str(answer)]


def test_student_sees_rubric_items_and_comment_but_not_reason(here):
    student = here.student("Fewer parameters.")
    answer, [fewer, _] = here.answer(student), here.items()
    here.mark(here.ada, answer, items=[fewer], comment="Say more.", reason="Lenient today.")
    with here.world.db.reading() as session:
        submission = session.get_one(Answer, answer).submission_id
    [result] = student.get(f"/submissions/{submission}").json()["results"]
    assert result["feedback"] == "Fewer parameters. (+2)\nSay more."
    assert (result["credit"], result["score"], result["manual"]) == (0.5, 2, True)
    assert "Lenient" not in student.get(f"/submissions/{submission}").text


def test_rubric_feedback_uses_numbers_of_the_student(world):
    here = ReviewCourse(world, source=DRAWN)
    student = here.student("Because.")
    told = here.mark(here.ada, here.answer(student), items=here.items()[:1])
    assert told.status_code == 200, told.text
    gradings = here.ada.get(f"/answers/{here.answer(student)}/gradings").json()
    assert gradings[-1]["feedback"] == "A kernel has 9 cells. (+2)"


def test_manual_grade_requires_current_etag(here):
    answer = here.answer(here.student("A thought."))
    seen = here.ada.get(f"/answers/{answer}/review").headers["etag"]
    missing = here.ada.put(f"/answers/{answer}/mark", {"credit": 1})
    assert missing.status_code == 428
    assert here.mark(here.bob, answer, credit=0, match=seen).status_code == 200
    assert here.mark(here.ada, answer, credit=1, match=seen).status_code == 412
    assert here.ada.get(f"/answers/{answer}/review").json()["credit"] == 0


def test_concurrent_grades_with_same_etag_store_one(here):
    answer = here.answer(here.student("A thought."))
    seen = here.mark(here.ina, answer, credit="1/2").headers["etag"]

    def mark(marker, credit):
        ready.wait()
        got.append(here.mark(marker, answer, credit=credit, match=seen).status_code)

    for _ in range(5):
        got, ready = [], threading.Barrier(2)
        at_once([(mark, here.ada, 0), (mark, here.bob, 1)])
        assert sorted(got) == [200, 412]
        seen = here.ada.get(f"/answers/{answer}/review").headers["etag"]


def at_once(calls):
    """Call functions with their arguments concurrently, and wait for all of them.

    Each function runs in its own thread.
    """
    threads = [threading.Thread(target=call, args=given) for call, *given in calls]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_concurrent_grades_for_different_problems_all_count(world):
    course = world.course()
    sources = [TEXT_PROBLEM.replace("why-small", f"why-{at}-small") for at in range(4)]
    assigned = world.assignment(course, *sources)
    student = world.enrol(course)
    markers = [world.enrol(course, f"Grader {at}", role="grader") for at in assigned]
    for one in assigned:
        student.submit(one, {"why": "A thought."})
    with world.db.reading() as session:
        answers = session.scalars(select(Answer.id).where(Answer.student_id == student.id)).all()

    def mark(marker, answer, credit):
        ready.wait()
        told = marker.put(f"/answers/{answer}/mark", {"credit": credit}, headers={"If-Match": "*"})
        got.append(told.status_code)

    for credit in (1, 0, 1):
        got, ready = [], threading.Barrier(len(markers))
        at_once([(mark, *pair, credit) for pair in zip(markers, answers, strict=True)])
        assert got == [200] * 4
        with world.db.reading() as session:
            scores = session.scalars(select(ProblemProgress.score)).all()
            [grade] = session.scalars(select(Grade.score)).all()
        assert sum(scores) == grade == 16 * credit


def test_manual_grade_overrides_automatic_verdict_until_withdrawn(here):
    student = here.student()
    student.submit(here.assigned, {"cells": "10", "why": "A thought."})
    answer = here.answer(student, "cells")
    assert here.score(student) == (0, 0)
    assert here.mark(here.ada, answer, credit=1, reason="The key was unclear.").status_code == 200
    assert here.score(student) == (2, 2)
    part = f"{here.assignment}/review/{here.assigned.slug}/cells"
    [line] = here.ada.get(part).json()["items"]
    assert (line["answer"], line["waiting"]) == (str(answer), False)
    back = here.ada.delete(f"/answers/{answer}/mark", headers={"If-Match": "*"})
    assert (back.status_code, back.json()["mark"], back.json()["status"]) == (200, None, "wrong")
    assert here.score(student) == (0, 0)
    again = here.ada.delete(f"/answers/{answer}/mark", headers={"If-Match": "*"})
    assert again.status_code == 409


def test_withdrawn_grade_restores_verdict_of_current_version(here):
    here.student().submit(here.assigned, {"cells": "9"})
    run = run_dry_run(here.world, here.ina, here.assigned)
    run_action(here.world, here.ina, run, "apply")
    later = here.world.enrol(here.course, "Later")
    later.submit(here.assigned, {"cells": "10"})
    run_action(here.world, here.ina, run, "undo")
    assert here.score(later) == (0, 0)
    answer = here.answer(later, "cells")
    here.mark(here.ada, answer, credit=1, reason="The key was unclear.")
    here.ada.delete(f"/answers/{answer}/mark", headers={"If-Match": "*"})
    assert here.score(later) == (0, 0)


def test_text_with_withdrawn_grade_waits_again(here):
    student = here.student("A thought.")
    answer = here.answer(student)
    here.mark(here.ada, answer, credit=1)
    here.ada.delete(f"/answers/{answer}/mark", headers={"If-Match": "*"})
    assert here.listed(here.bob, "waiting") == [str(answer)]
    with here.world.db.reading() as session:
        assert session.scalars(select(ProblemProgress.waiting)).one()


def test_all_gradings_are_kept_with_author_and_reason_and_one_counts(here):
    student = here.student("A thought.")
    answer = here.answer(student)
    here.mark(here.ada, answer, credit=0, reason="Off the point.")
    here.world.clock.advance(minutes=1)
    here.mark(here.bob, answer, credit=1, reason="It is there in other words.")
    told = here.ada.get(f"/answers/{answer}/gradings").json()
    assert [(one["kind"], one["status"], one["counts"]) for one in told] == [
        ("auto", "needs_review", False),
        ("manual", "wrong", False),
        ("manual", "correct", True),
    ]
    assert [one["by"] and one["by"]["name"] for one in told] == [None, "Ada Grader", "Bob Grader"]
    assert told[2]["reason"] == "It is there in other words."
    with here.world.db.reading() as session:
        changes = session.scalars(select(GradeChange).order_by(GradeChange.at)).all()
        acts = session.scalars(select(AuditEntry.action)).all()
    assert [(one.cause, one.author_id) for one in changes][-1] == ("review", here.bob.id)
    assert acts.count("answer.marked") == 2


def test_rubric_points_change_updates_every_answer_with_the_item(here):
    with_it, without = here.student("Fewer."), here.student("No idea.")
    fewer, deeper = here.items()
    here.mark(here.ada, here.answer(with_it), items=[fewer, deeper], adjustment=-1, comment="Hm.")
    here.mark(here.ada, here.answer(without), items=[deeper])
    address = f"{here.part}/rubric/{fewer}"
    tried = here.bob.patch(
        f"{address}?dry_run=true", {"points": 1, "position": 7}, headers={"If-Match": "*"}
    ).json()
    assert (tried["item"]["points"], tried["item"]["position"], tried["item"]["used"]) == (1, 7, 1)
    assert tried["remarked"] == {
        "answers": 1,
        "raised": 0,
        "lowered": 1,
        "reworded": 0,
        "dry_run": True,
    }
    assert here.score(with_it) == (3, 3)
    first = here.ada.get(f"{here.part}/rubric").json()["items"][0]
    shown = (first["points"], first["position"], first["version"])
    assert shown == (2, 0, tried["item"]["version"])
    done = here.bob.patch(address, {"points": 1}, headers={"If-Match": "*"}).json()
    assert done["remarked"] == {**tried["remarked"], "dry_run": False}
    assert (done["item"]["points"], done["item"]["used"]) == (1, 1)
    assert here.score(with_it) == (2, 2)
    assert here.score(without) == (2, 2)
    last = here.ada.get(f"/answers/{here.answer(with_it)}/gradings").json()[-1]
    assert last["feedback"] == "Fewer parameters. (+1)\nMore. (+2)\nHm."
    assert here.ada.get(f"/answers/{here.answer(with_it)}/review").json()["mark"]["by"] == {
        "id": str(here.ada.id),
        "name": "Ada Grader",
    }


def test_rubric_text_change_updates_feedback_but_not_credit(here):
    student = here.student("Fewer.")
    fewer = here.items()[0]
    here.mark(here.ada, here.answer(student), items=[fewer])
    told = here.ada.patch(
        f"{here.part}/rubric/{fewer}", {"say": "Fewer weights."}, headers={"If-Match": "*"}
    ).json()
    assert told["remarked"]["reworded"] == 1
    last = here.ada.get(f"/answers/{here.answer(student)}/gradings").json()[-1]
    assert (last["feedback"], last["credit"]) == ("Fewer weights. (+2)", 0.5)


def test_deleted_rubric_item_is_removed_from_every_grade(here):
    student = here.student("Fewer.")
    fewer, deeper = here.items()
    here.mark(here.ada, here.answer(student), items=[fewer, deeper])
    gone = here.ada.delete(f"{here.part}/rubric/{fewer}", headers={"If-Match": "*"})
    assert gone.json()["remarked"]["lowered"] == 1
    assert here.items() == [deeper]
    assert here.score(student) == (2, 2)
    told = here.ada.get(f"/answers/{here.answer(student)}/review").json()
    assert told["mark"]["items"] == [deeper]
    assert here.mark(here.ada, here.answer(student), items=[fewer]).status_code == 422


def test_new_negative_rubric_item_changes_no_existing_grade(here):
    student = here.student("Fewer.")
    fewer = here.items()[0]
    here.mark(here.ada, here.answer(student), items=[fewer])
    new = here.ada.post(f"{here.part}/rubric", {"label": "too long", "points": "-1/2"})
    assert new.status_code == 201, new.text
    assert here.score(student) == (2, 2)
    assert here.items() == [fewer, here.items()[1], new.json()["id"]]
    here.mark(here.ada, here.answer(student), items=[fewer, new.json()["id"]])
    assert here.score(student) == (Fraction(3, 2), Fraction(3, 2))


def test_rubric_item_edit_requires_current_etag(here):
    [item, _] = here.ada.get(f"{here.part}/rubric").json()["items"]
    address, match = f"{here.part}/rubric/{item['id']}", {"If-Match": f'"v{item["version"]}"'}
    assert here.ada.patch(address, {"points": 1}).status_code == 428
    assert here.ada.patch(address, {"points": 1}, headers=match).status_code == 200
    assert here.bob.patch(address, {"points": 3}, headers=match).status_code == 412


def test_rubric_text_with_invalid_placeholders_is_rejected(here):
    for say in ("{{Q}}", "{{", "{{1/0}}"):
        told = here.ada.post(f"{here.part}/rubric", {"label": "bad", "say": say, "points": 1})
        assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "say"), say


def test_equal_answers_are_graded_together_and_grade_is_offered_later(here):
    same = [
        here.student(one)
        for one in ("Fewer parameters.", " fewer  PARAMETERS", "Fewer parameters!")
    ]
    other = here.student("More layers.")
    [group] = here.ada.get(f"{here.part}/groups").json()["items"]
    assert (group["answers"], group["waiting"], group["mark"]) == (3, 3, None)
    fewer = here.items()[0]
    told = here.ada.post(f"{here.part}/groups/{group['id']}/mark", {"items": [fewer]})
    assert told.json() == {"marked": 3, "claimed": 0}
    assert [here.score(one)[1] for one in same] == [2, 2, 2]
    assert here.listed(here.ada, "waiting") == [str(here.answer(other))]
    late = here.student("fewer parameters")
    assert str(here.answer(late)) in here.listed(here.ada, "waiting")
    item = here.ada.get(f"/answers/{here.answer(late)}/review").json()
    offered = item["same_as"]["mark"]
    assert (item["same_as"]["group"], offered["items"]) == (group["id"], [fewer])
    names = ("items", "adjustment", "credit", "comment", "reason")
    here.mark(here.bob, here.answer(late), **{name: offered[name] for name in names})
    assert here.score(late) == (2, 2)
    alone = here.ada.get(f"/answers/{here.answer(other)}/review").json()
    assert alone["same_as"] is None


def test_group_grading_skips_answers_claimed_by_others(here):
    held, free = here.student("Same."), here.student("same")
    here.bob.post(f"/answers/{here.answer(held)}/claim")
    [group] = here.ada.get(f"{here.part}/groups").json()["items"]
    told = here.ada.post(f"{here.part}/groups/{group['id']}/mark", {"credit": 1})
    assert told.json() == {"marked": 1, "claimed": 1}
    assert here.score(free)[0] == 4
    assert here.listed(here.ada, "waiting") == [str(here.answer(held))]


@pytest.mark.parametrize(("text", "groups"), [("It has 9 cells.", 0), ("It has few cells.", 1)])
def test_texts_with_digits_form_groups_only_for_equal_numbers(world, text, groups):
    here = ReviewCourse(world, {"variants": "each"})
    students = [here.student(text) for _ in range(6)]
    with world.db.reading() as session:
        places = set(session.scalars(select(Submission.position)))
    assert len(places) > 1, students
    found = here.ada.get(f"{here.part}/groups", params={"least": len(students)}).json()["items"]
    assert len(found) == groups


def test_answer_groups_are_sorted_by_size_and_paginated(here):
    for text in ("one", "two", "two", "three", "three", "three"):
        here.student(text)
    first = here.ada.get(f"{here.part}/groups", params={"least": 1, "limit": 2}).json()
    assert [one["answers"] for one in first["items"]] == [3, 2]
    more = here.ada.get(
        f"{here.part}/groups", params={"least": 1, "limit": 2, "cursor": first["next"]}
    ).json()
    assert [one["answers"] for one in more["items"]] == [1]


def test_manual_grade_keeps_value_parsed_by_engine(here):
    student = here.student()
    student.submit(here.assigned, {"cells": "10"})
    answer = here.answer(student, "cells")
    here.mark(here.ada, answer, credit="1/2")
    with here.world.db.reading() as session:
        first, last = session.scalars(
            select(Grading)
            .where(Grading.answer_id == answer)
            .order_by(Grading.created_at, Grading.id)
        ).all()
    assert (last.record["value"], last.record["seed"]) == (10, first.record["seed"])
    assert first.record["credit"] == "0"
    assert (last.record["credit"], last.record["rule"]) == ("1/2", "person")
    assert last.record["explanation"] == [GRADED_BY_TA, "Credit: 1 of 2."]
