"""Tests of an assignment's problems: add, change, void and remove; and notices."""

from datetime import timedelta
from uuid import UUID

import pytest
from assignment_setup import grade_of
from regrading import store_gain
from sqlalchemy import select
from student_setup import test_student as try_out
from world import TEXT_PROBLEM, ProblemReference, published

from api.db.models import ProblemVersion, Submission
from api.services.assignments.pinned_versions import load_problems_seen_by_students
from api.services.problems.versions import store_version

MARKED = TEXT_PROBLEM.replace("points: 4", "points: 6").replace("points: 2, say", "points: 3, say")


@pytest.fixture
def problem(world, course):
    [assigned] = world.assignment(course, groups=[{"id": "best", "drop_lowest": 1}])
    return assigned


def patched(person, problem, body, *, tag="*", query=""):
    return person.patch(f"{problem.path}{query}", body, headers={"If-Match": tag})


def removed(person, problem, *, tag="*", query=""):
    return person.delete(f"{problem.path}{query}", headers={"If-Match": tag})


def test_added_problem_uses_its_newest_version_and_is_placed_last(world, teacher, problem):
    world.version("conv-output-shape")
    path = f"/assignments/{problem.assignment}/problems"
    body = {"problem": "conv-output-shape", "points": "7/2", "group": "best", "extra": True}
    added = teacher.post(path, body)
    assert added.status_code == 201, added.text
    told = added.json()["problem"]
    assert (told["points"], told["own_points"], told["position"]) == (3.5, 3.5, 1)
    assert (told["number"], told["newest"], told["opened"]) == (1, 1, False)
    assert teacher.get(f"{path}/conv-output-shape/settings").json() == told
    assert teacher.post(path, body).json()["problem"] == told
    assert teacher.post(path, body | {"points": 4}).status_code == 409


def test_conflict_over_an_unopened_problem_does_not_claim_it_was_opened(
    world, teacher, student, problem
):
    with world.session() as session:
        made = published(TEXT_PROBLEM)
        other = store_version(session, made, TEXT_PROBLEM, now=world.clock())
        body = {"problem": "why-small-kernels", "version": str(other.id)}
    path = f"/assignments/{problem.assignment}/problems"
    for said in ("Change it with PATCH", "Students have opened this problem"):
        refused = teacher.post(path, body)
        assert refused.status_code == 409
        assert said in refused.json()["detail"]
        student.get(problem.path)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"problem": "nothing-like-it"}, 422, "problem"),
        ({"problem": "x", "of": "nothing-like-it"}, 422, "of"),
        ({"problem": "x", "version": str(UUID(int=1))}, 422, "version"),
        ({"problem": "x", "of": "why-small-kernels", "group": "worst"}, 422, "group"),
        ({"problem": "x", "of": "why-small-kernels", "voided": {"no": "out"}}, 422, "voided"),
        ({"problem": "x", "of": "why-small-kernels", "points": -1}, 422, "points"),
        ({"problem": "X y"}, 422, "problem"),
        ({}, 422, "problem"),
    ],
)
def test_invalid_problem_is_rejected_with_its_field(teacher, problem, body, status, field):
    answer = teacher.post(f"/assignments/{problem.assignment}/problems", body)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_same_problem_can_be_added_twice_under_two_names(teacher, student, problem):
    body = {"problem": "again", "of": "why-small-kernels"}
    assert teacher.post(f"/assignments/{problem.assignment}/problems", body).status_code == 201
    again = ProblemReference(problem.assignment, UUID(int=0), "again", problem.version)
    assert student.submit(again, {"cells": "9"}).status_code == 201


def test_version_can_be_changed_until_a_student_opens_the_problem(world, teacher, student, problem):
    newer = world.version(MARKED)
    assert teacher.get(f"{problem.path}/settings").json()["newest"] == 2
    told = patched(teacher, problem, {"version": str(newer.id)}).json()["problem"]
    assert (told["number"], told["points"]) == (2, 10)
    student.submit(problem, {"cells": "9"})
    refused = patched(teacher, problem, {"version": str(problem.version)})
    assert refused.status_code == 409
    assert "regrade" in refused.json()["detail"]
    assert patched(teacher, problem, {"version": str(newer.id), "points": 1}).status_code == 200


def test_retired_version_cannot_be_assigned_again(world, teacher, problem):
    newer = world.version(MARKED)
    with world.session() as session:
        session.get_one(ProblemVersion, newer.id).status = "retired"
    assert patched(teacher, problem, {"version": str(newer.id)}).status_code == 422


def test_editing_problem_settings_requires_a_matching_version(teacher, problem):
    assert teacher.get(f"{problem.path}/settings").headers["etag"] == '"v1"'
    assert teacher.patch(problem.path, {"points": 1}).status_code == 428
    assert patched(teacher, problem, {"points": 1}, tag='"v1"').headers["etag"] == '"v2"'
    assert patched(teacher, problem, {"points": 2}, tag='"v1"').status_code == 412
    assert patched(teacher, problem, {"points": 1}, tag='"v2"').headers["etag"] == '"v2"'
    assert teacher.get(f"/assignments/{problem.assignment}").headers["etag"] == '"v2"'


def test_points_scale_earned_scores(world, teacher, student, problem):
    student.submit(problem, {"cells": "9"})
    effect = patched(teacher, problem, {"points": 4}).json()["effect"]
    assert (effect["changed"], effect["down"]) == (1, 1)
    assert grade_of(world, problem, student) == (1, 4)
    assert patched(teacher, problem, {"extra": True}).json()["effect"]["changed"] == 1
    assert grade_of(world, problem, student) == (1, 0)


def test_voided_part_gives_full_marks_even_without_an_answer(
    world, course, teacher, student, problem
):
    absent = world.enrol(course, "Ab Sent")
    student.submit(problem, {"cells": "8"})
    tried = patched(teacher, problem, {"voided": {"cells": "full"}}, query="?dry_run=true").json()
    assert tried["effect"]["up"] == 2
    assert grade_of(world, problem, student) == (0, 8)
    patched(teacher, problem, {"voided": {"cells": "full"}})
    assert grade_of(world, problem, student) == (2, 8)
    assert grade_of(world, problem, absent) == (2, 8)
    patched(teacher, problem, {"voided": {"cells": "out"}})
    assert grade_of(world, problem, student) == (0, 6)
    assert grade_of(world, problem, absent) == (None, 6)
    patched(teacher, problem, {"voided": {}})
    assert grade_of(world, problem, student) == (0, 8)


def test_removed_problem_keeps_its_submissions(world, teacher, student, problem):
    student.submit(problem, {"cells": "9"})
    assert removed(teacher, problem).status_code == 409
    tried = removed(teacher, problem, query="?confirm=true&dry_run=true").json()
    assert (tried["problem"], tried["effect"]["changed"]) == (None, 1)
    assert teacher.get(f"{problem.path}/settings").status_code == 200
    assert removed(teacher, problem, query="?confirm=true").status_code == 200
    assert student.submit(problem, {"cells": "9"}).status_code == 404
    assert teacher.get(f"/assignments/{problem.assignment}").json()["problems"] == []
    assert grade_of(world, problem, student) == (None, 0)
    with world.session() as session:
        assert len(session.scalars(select(Submission.id)).all()) == 1
    newer = world.version(MARKED)
    path = f"/assignments/{problem.assignment}/problems"
    other = {"problem": problem.slug, "version": str(newer.id)}
    assert teacher.post(path, other).status_code == 409
    back = teacher.post(path, {"problem": problem.slug}).json()
    assert (back["problem"]["number"], back["problem"]["opened"]) == (1, True)
    assert grade_of(world, problem, student) == (2, 8)


def test_lowest_score_of_a_group_is_dropped(world, teacher, student, problem):
    path = f"/assignments/{problem.assignment}/problems"
    teacher.post(path, {"problem": "again", "of": "why-small-kernels", "group": "best"})
    patched(teacher, problem, {"group": "best"})
    student.submit(problem, {"cells": "9"})
    assert grade_of(world, problem, student) == (2, 8)
    there = f"/assignments/{problem.assignment}"
    none = teacher.patch(there, {"groups": []}, headers={"If-Match": "*"})
    assert none.status_code == 422
    assert "best" in none.json()["detail"]
    body = {"groups": [{"id": "best", "drop_lowest": 0}]}
    assert teacher.patch(there, body, headers={"If-Match": "*"}).status_code == 200
    assert grade_of(world, problem, student) == (2, 16)


def test_correction_notice_shows_students_their_gain(world, course, teacher, student, problem):
    other = world.enrol(course, "Other One")
    for one in (student, other):
        one.submit(problem, {"cells": "8"})
    regrade = store_gain(world, problem, student, at=world.clock() + timedelta(seconds=1))
    told = {"text": "The key of the first part was wrong.", "regrade": str(regrade)}
    posted = teacher.post(f"{problem.path}/notices", told)
    assert posted.status_code == 201, posted.text
    assert [one["gained"] for one in student.get(problem.path).json()["notices"]] == [2]
    assert [one["gained"] for one in other.get(problem.path).json()["notices"]] == [0]
    [listed] = teacher.get(f"{problem.path}/notices").json()["items"]
    assert listed == posted.json()
    there = f"{problem.path}/notices/{listed['id']}"
    assert teacher.delete(there).status_code == 204
    assert teacher.delete(there).status_code == 404
    assert student.get(problem.path).json()["notices"] == []


def test_notice_may_reference_only_a_regrade_of_its_problem(teacher, problem):
    body = {"text": "Corrected.", "regrade": str(UUID(int=1))}
    assert teacher.post(f"{problem.path}/notices", body).status_code == 422
    assert teacher.post(f"{problem.path}/notices", {"text": ""}).status_code == 422


def test_test_student_activity_does_not_count_as_opened_by_students(world, course, problem):
    def seen():
        with world.db.reading() as session:
            return load_problems_seen_by_students(session, [problem.id])

    tester, ann = try_out(world, course), world.enrol(course, "Ann")
    assert tester.get(problem.path).status_code == 200
    assert tester.submit(problem, {"cells": "9"}).status_code == 201
    assert seen() == frozenset()
    assert ann.get(problem.path).status_code == 200
    assert seen() == {problem.id}
