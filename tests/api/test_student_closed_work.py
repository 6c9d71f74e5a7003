"""Tests of worked solutions and practice after the end, and of new numbers before it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from student_setup import CANARY, DUE_TOMORROW, NUMBERS, SQUARES, extend, number_of, numbers_in
from world import TEXT_PROBLEM

from api.db.models import Answer, Base, Draw
from api.services.student.renewal import NO_NEW_NUMBERS

WRONG = ("1", "2", "3", "4", "5", "6")


# Solutions.


def test_solution_is_released_on_time_and_refusal_states_when(world, course, student):
    [problem] = world.assignment(course, CANARY, variants="each", timeline_spec=DUE_TOMORROW)
    own = number_of(student, problem)
    refused = student.get(f"{problem.path}/solution")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_released")
    assert refused.json()["not_released_until"] == "2026-11-03T12:00:00.000000Z"
    assert "Tue 3 Nov 2026, 12:00 UTC" in refused.json()["detail"]
    world.clock.advance(days=1)
    assert student.get(f"{problem.path}/solution").status_code == 403  # the deadline itself
    world.clock.advance(microseconds=1)
    told = student.get(f"{problem.path}/solution").json()
    squared, picked, turned = told["parts"]
    assert own in numbers_in(told["statement"])
    assert (squared["key"], squared["answer"]) == (own**2, str(own**2))
    assert squared["accepted"] == f"exactly {own**2}"
    assert (picked["key"], len(turned["key"])) == ("b", 2)
    for part in told["parts"]:
        assert part["steps"], part["id"]
        assert all(one["mathml"].startswith("<math") for one in part["steps"])


def test_refusal_names_no_release_time_when_unknown(world, course, student):
    [problem] = world.assignment(course, solutions="manual")
    refused = student.get(f"{problem.path}/solution").json()
    assert refused["code"] == "not_released"
    assert "not_released_until" not in refused


def test_solution_waits_for_students_own_extension(world, course, student):
    [problem] = world.assignment(course, SQUARES, variants="each", timeline_spec=DUE_TOMORROW)
    extend(world, course, {"days": 1}, student_id=student.id)
    own = number_of(student, problem)
    others = (world.enrol(course, f"Other {at}") for at in range(100))
    other = next(one for one in others if number_of(one, problem) != own)
    world.clock.advance(days=1, seconds=1)
    assert other.get(f"{problem.path}/solution").status_code == 200
    refused = student.get(f"{problem.path}/solution").json()
    assert refused["not_released_until"] == "2026-11-04T12:00:00.000000Z"
    for path in (f"{problem.path}/practice", f"{problem.path}/solution"):
        assert student.get(path).status_code == 403


def test_text_solution_has_model_answer_and_rubric(world, course, student):
    [problem] = world.assignment(course, TEXT_PROBLEM, timeline_spec=DUE_TOMORROW)
    world.clock.advance(days=2)
    why = student.get(f"{problem.path}/solution").json()["parts"][2]
    assert why["model"] == "Fewer parameters and more non-linearities."
    assert [one["points"] for one in why["rubric"]] == [2, 2]
    assert why["key"] is None


def test_solution_lists_known_mistakes_with_their_answers(world, course, student):
    [problem] = world.assignment(course, "conv-output-shape", timeline_spec=DUE_TOMORROW)
    world.clock.advance(days=2)
    part = student.get(f"{problem.path}/solution").json()["parts"][0]
    assert part["mistakes"]
    assert part["answer"] not in {one["answer"] for one in part["mistakes"]}
    assert all(one["hint"] for one in part["mistakes"])


def test_staff_see_solution_and_practice_before_release(world, course):
    [problem] = world.assignment(course, CANARY, timeline_spec=DUE_TOMORROW)
    grader = world.enrol(course, "G", role="grader")
    assert grader.get(f"{problem.path}/solution").json()["parts"][0]["key"] == 1234567**2
    assert grader.get(f"{problem.path}/practice").status_code == 200


# Practice.


def rows(world):
    with world.db.reading() as session:
        return [session.scalar(select(func.count()).select_from(one)) for one in tables()]


def tables():
    return Base.metadata.sorted_tables


@pytest.mark.parametrize("variants", ["each", "shared", "original"])
def test_practice_uses_all_other_variants_and_never_own(world, course, variants):
    [problem] = world.assignment(course, SQUARES, variants=variants, timeline_spec=DUE_TOMORROW)
    students = [world.enrol(course, name) for name in "ABC"]
    own = [number_of(one, problem) for one in students]
    world.clock.advance(days=2)
    for student, number in zip(students, own, strict=True):
        asked = [practice(student, problem, at) for at in range(8)]
        assert number not in asked
        others = NUMBERS - {number}
        assert set(asked[: len(others)]) == others


def practice(person, problem, number):
    told = person.get(f"{problem.path}/practice", params={"number": number}).json()
    return told["numbers"][0]["value"]


def test_practice_answers_are_graded_but_not_stored(world, course, student):
    [problem] = world.assignment(course, SQUARES, timeline_spec=DUE_TOMORROW, results="never")
    student.get(problem.path)
    world.clock.advance(days=2)
    number = practice(student, problem, 3)
    before = rows(world)
    for answer, status in ((number**2, "correct"), (number**2 + 1, "wrong"), ("x?", "unreadable")):
        body = {"number": 3, "answers": {"squared": answer}}
        told = student.post(f"{problem.path}/practice", body).json()
        assert told["problem"]["numbers"][0]["value"] == number
        assert [one["status"] for one in told["results"]] == [status]
    assert rows(world) == before
    unknown = student.post(f"{problem.path}/practice", {"answers": {"cubed": "1"}})
    assert unknown.status_code == 422


def test_practice_is_refused_while_submissions_are_open(world, course, student):
    [problem] = world.assignment(course, SQUARES, timeline_spec=DUE_TOMORROW)
    refused = student.get(f"{problem.path}/practice")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_released")
    body = {"answers": {"squared": "1"}}
    assert student.post(f"{problem.path}/practice", body).status_code == 403


FIXED = TEXT_PROBLEM.replace("  K: {choose: [3, 5, 7, 9, 11], original: 3}", "  K: 3").replace(
    "why-small-kernels", "why-small-kernels-fixed"
)


def test_practice_on_single_variant_waits_for_solutions(world, course, student):
    [problem] = world.assignment(
        course, FIXED, timeline_spec=DUE_TOMORROW, solutions="never", results="never"
    )
    world.clock.advance(days=2)
    assert student.get(f"{problem.path}/practice").status_code == 403
    [shown] = world.assignment(course, FIXED, timeline_spec=DUE_TOMORROW)
    assert student.get(f"{shown.path}/practice").json()["numbers"][0]["value"] == 3


# New numbers.


def renewing(world, course, **more):
    settings = {"variants": "each_after", "new_after": 2} | more
    return world.assignment(course, SQUARES, **settings)[0]


def renew(person, problem):
    return person.post(f"{problem.path}/variant")


def test_new_numbers_require_configured_count_of_attempts(world, course, student):
    problem = renewing(world, course)
    first = number_of(student, problem)
    assert renew(student, problem).status_code == 409
    student.submit(problem, {"squared": "1"})
    student.submit(problem, {"squared": "1.0"})  # the same again
    student.submit(problem, {"squared": "??"})  # not readable
    student.submit(problem, {"tripled": "1"})  # another part
    refused = renew(student, problem)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "you have 1" in refused.json()["detail"]
    student.submit(problem, {"squared": "2"})
    done = renew(student, problem)
    assert (done.status_code, done.json()["draw"]) == (201, 1)
    told = student.get(problem.path).json()
    assert told["draw"] == 1
    assert number_of(student, problem) != first
    assert told["parts"][0]["last"] is None
    assert told["parts"][0]["attempts_used"] == 2
    assert renew(student, problem).status_code == 409


def test_credit_survives_new_numbers_and_full_credit_allows_no_renewal(world, course, student):
    problem = renewing(world, course)
    own = number_of(student, problem)
    for answer in ("1", "2", own**2):
        student.submit(problem, {"squared": answer})
    assert renew(student, problem).status_code == 409  # that part is done
    for answer in ("1", "2"):
        student.submit(problem, {"tripled": answer})
    assert renew(student, problem).status_code == 201
    told = student.get(problem.path).json()
    assert told["standing"]["score"] >= 2
    assert told["parts"][0]["standing"]["credit"] == 1
    student.submit(problem, {"squared": own**2})  # right for the old numbers alone
    assert (
        student.get(f"{problem.path}/submissions").json()["items"][0]["results"][0]["credit"] == 0
    )
    assert student.get(problem.path).json()["standing"] == told["standing"]


def test_answers_to_old_numbers_do_not_carry_forward(world, course, student):
    settings = {"variants": "each_after", "new_after": 1}
    [problem] = world.assignment(course, TEXT_PROBLEM, **settings)
    student.submit(problem, {"cells": "10"})
    assert student.submit(problem, {"doubled": "20"}).json()["results"][0]["status"] == (
        "follow_through"
    )
    assert renew(student, problem).status_code == 201
    again = student.submit(problem, {"doubled": "20"}).json()["results"][0]
    assert again["status"] not in {"correct", "follow_through"}


def test_new_numbers_never_repeat_and_are_refused_when_exhausted(world, course, student):
    problem = renewing(world, course, new_after=1)
    seen = []
    for _ in range(10):
        seen.append(number_of(student, problem))
        student.submit(problem, {"squared": str(len(seen))})
        done = renew(student, problem)
        if done.status_code != 201:
            break
    assert len(seen) == len(set(seen)) > 1
    assert "all" in done.json()["detail"]
    with world.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Draw)) == len(seen)


def test_only_one_of_concurrent_requests_gets_new_numbers(world, course, student):
    problem = renewing(world, course, new_after=1)
    student.submit(problem, {"squared": "1"})
    with ThreadPoolExecutor(8) as pool:
        told = [one.status_code for one in pool.map(lambda _: renew(student, problem), range(8))]
    assert sorted(told) == [201] + [409] * 7
    assert student.get(problem.path).json()["draw"] == 1


def test_hidden_verdicts_do_not_affect_new_numbers(world, course):
    problem = renewing(world, course, results="never", new_after=1)
    told = []
    for right in (True, False):
        person = world.enrol(course, str(right))
        person.submit(problem, {"squared": number_of(person, problem) ** 2 if right else "1"})
        told.append(renew(person, problem).status_code)
    assert told == [201, 201]


@pytest.mark.parametrize("variants", ["original", "shared", "each"])
def test_new_numbers_are_refused_in_other_variant_modes(world, course, student, variants):
    [problem] = world.assignment(course, SQUARES, variants=variants)
    for answer in WRONG:
        student.submit(problem, {"squared": answer})
    refused = renew(student, problem)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        NO_NEW_NUMBERS,
    )


def test_new_numbers_are_refused_after_close_and_for_staff(world, course, student):
    problem = renewing(world, course, timeline_spec=DUE_TOMORROW)
    for answer in WRONG:
        student.submit(problem, {"squared": answer})
    grader = world.enrol(course, "G", role="grader")
    as_student = {"X-View-As": str(student.id)}
    assert grader.post(f"{problem.path}/variant", headers=as_student).status_code == 403
    assert renew(grader, problem).status_code == 403
    world.clock.advance(days=2)
    assert renew(student, problem).json()["code"] == "deadline_passed"
    with world.db.reading() as session:
        assert session.scalar(select(func.max(Answer.draw))) == 0
