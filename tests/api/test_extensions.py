"""Tests of exceptions for students and sections: times, attempts, excuses, late days."""

from uuid import UUID

import pytest
from assignment_setup import LATE, grade_of
from sqlalchemy import select
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import AuditEntry, GradeChange


@pytest.fixture
def course(world):
    return world.course(late_day_budget=3)


@pytest.fixture
def late(world, course, student):
    """Return a problem that the student answered half a day late, for half the credit."""
    [problem] = world.assignment(course, timeline_spec=LATE)
    world.clock.advance(hours=13)
    student.submit(problem, {"cells": "9"})
    return problem


def granted(person, course, grants, *, query="", **whom):
    told = {name: str(value) for name, value in whom.items()}
    return person.post(f"/courses/{course}/extensions{query}", told | {"grants": grants})


def test_extension_dry_run_previews_times_and_granting_raises_late_scores(
    world, course, teacher, student, late
):
    classmate = world.enrol(course, "Class Mate")
    classmate.submit(late, {"cells": "9"})
    whom = {"student": student.id, "assignment": late.assignment}
    tried = granted(teacher, course, {"days": 2}, query="?dry_run=true", **whom).json()
    [preview] = tried["previews"]
    assert preview["before"]["due"]["text"] == "Mon 2 Nov 2026, 13:00 UTC"
    assert preview["after"]["due"]["text"] == "Wed 4 Nov 2026, 13:00 UTC"
    assert tried["effect"]["up"] == 1
    assert teacher.get(f"/courses/{course}/extensions").json()["items"] == []
    assert grade_of(world, late, student) == (1, 8)
    done = granted(teacher, course, {"days": 2, "reason": "ill"}, **whom)
    assert done.status_code == 201
    assert done.json()["effect"] == tried["effect"] | {"dry_run": False}
    assert grade_of(world, late, student) == (2, 8)
    assert grade_of(world, late, classmate) == (1, 8)
    [listed] = teacher.get(f"/courses/{course}/extensions?student={student.id}").json()["items"]
    assert listed == done.json()["extension"]
    assert listed["grants"]["reason"] == "ill"
    with world.session() as session:
        change = session.scalars(select(GradeChange).order_by(GradeChange.id.desc())).first()
        noted = session.scalars(select(AuditEntry)).one()
    assert (change.cause, str(change.cause_id)) == ("extension", listed["id"])
    assert (noted.action, noted.reason) == ("extension.granted", "ill")


def test_withdrawn_extension_keeps_credit_already_earned(world, course, teacher, student):
    [problem] = world.assignment(course, timeline_spec=LATE)
    given = granted(teacher, course, {"days": 1}, student=student.id).json()["extension"]
    world.clock.advance(hours=13)
    student.submit(problem, {"cells": "9"})
    there = f"/courses/{course}/extensions/{given['id']}"
    assert teacher.delete(f"{there}?dry_run=true").json()["changed"] == 0
    assert teacher.delete(there).json()["changed"] == 0
    assert teacher.delete(there).status_code == 404
    assert grade_of(world, problem, student) == (2, 8)
    world.clock.advance(minutes=1)
    assert student.submit(problem, {"doubled": "18"}).json()["late_credit"] == 0.5


def test_section_and_course_extensions_apply_to_their_students(world, course, teacher, late):
    monday = world.section(course, "Monday")
    inside = world.enrol(course, "In Side", section=monday)
    inside.submit(late, {"cells": "9"})
    [second] = world.assignment(course, OTHER_PROBLEM, timeline_spec=LATE)
    inside.submit(second, {"cells": "9"})
    told = granted(teacher, course, {"days": 1}, section=monday).json()
    assert {one["assignment"] for one in told["previews"]} == {
        str(late.assignment),
        str(second.assignment),
    }
    assert (told["effect"]["students"], told["effect"]["up"]) == (1, 2)
    assert grade_of(world, late, inside) == (2, 8)


def test_most_favorable_of_several_extensions_applies(course, teacher, student, late):
    whom = {"student": student.id, "assignment": late.assignment}
    granted(teacher, course, {"days": 3, "attempts": 1}, **whom)
    granted(teacher, course, {"days": 1, "attempts": 4}, **whom)
    granted(teacher, course, {"unlimited_attempts": True, "no_cool_down": True}, student=student.id)
    there = f"/assignments/{late.assignment}/students/{student.id}/times"
    told = teacher.get(there).json()
    assert told["times"]["due"]["text"] == "Thu 5 Nov 2026, 13:00 UTC"
    assert told["attempts"] is None
    assert len(told["extensions"]) == 3
    assert teacher.get(there.replace(str(student.id), str(teacher.id))).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"grants": {"days": 1}}, "student"),
        ({"student": "s", "section": "s", "grants": {"days": 1}}, "student"),
        ({"student": "t", "grants": {"days": 1}}, "student"),
        ({"section": "s", "grants": {"days": 1}}, "section"),
        ({"student": "s", "assignment": "s", "grants": {"days": 1}}, "assignment"),
        ({"student": "s", "grants": {}}, "grants"),
        ({"student": "s", "grants": {"days": 1, "due": "2026-11-03 12:00"}}, "grants"),
    ],
)
def test_invalid_extension_is_rejected_with_its_field(course, teacher, student, body, field):
    ids = {"s": str(student.id), "t": str(teacher.id)}
    body = {
        name: ids.get(value, value) if name != "grants" else value for name, value in body.items()
    }
    answer = teacher.post(f"/courses/{course}/extensions", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_section_of_another_course_cannot_get_an_extension(world, course, teacher):
    body = {"section": str(world.section(world.course("ml"), "Monday")), "grants": {"days": 1}}
    answer = teacher.post(f"/courses/{course}/extensions", body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "section", "message": "is not a section of this course"}
    ]


def test_extensions_are_paginated(course, teacher, student):
    for days in (1, 2, 3):
        granted(teacher, course, {"days": days}, student=student.id)
    first = teacher.get(f"/courses/{course}/extensions?limit=2").json()
    second = teacher.get(f"/courses/{course}/extensions?limit=2&cursor={first['next']}").json()
    found = [one["grants"]["days"] for one in first["items"] + second["items"]]
    assert found == [1, 2, 3]


def test_exceptions_of_a_student_include_section_and_course_grants(world, course, teacher, late):
    section = world.section(course, "Monday")
    member = world.enrol(course, "In Side", section=section)
    [other] = world.assignment(course, OTHER_PROBLEM)
    classmate = world.enrol(course, "Class Mate")
    for days, whom in enumerate(
        (
            {"section": section},
            {"student": member.id, "assignment": late.assignment},
            {"student": member.id, "assignment": other.assignment},
            {"student": classmate.id},
        ),
        start=1,
    ):
        assert granted(teacher, course, {"days": days}, **whom).status_code == 201

    def days(**narrow):
        told = teacher.get(f"/courses/{course}/extensions", params=narrow).json()
        return [one["grants"]["days"] for one in told["items"]]

    assert days(student=str(member.id)) == [1, 2, 3]
    assert days(assignment=str(late.assignment)) == [1, 2, 4]
    assert days(student=str(member.id), assignment=str(late.assignment)) == [1, 2]
    assert days(section=str(section)) == [1]


def test_excused_assignment_does_not_count(world, teacher, student, late):
    path = f"/assignments/{late.assignment}/excuses"
    body = {"student": str(student.id), "reason": "ill"}
    tried = teacher.post(f"{path}?dry_run=true", body).json()["effect"]
    assert (tried["changed"], grade_of(world, late, student)) == (1, (1, 8))
    made = teacher.post(path, body)
    assert made.status_code == 201
    assert grade_of(world, late, student) == (0, 0)
    assert teacher.post(path, body).status_code == 409
    [listed] = teacher.get(path).json()["items"]
    assert listed == made.json()["excuse"]
    there = f"{path}/{listed['id']}"
    assert teacher.delete(there).json()["changed"] == 1
    assert grade_of(world, late, student) == (1, 8)
    assert teacher.delete(there).status_code == 404
    assert teacher.get(path).json()["items"] == []


def test_single_problem_can_be_excused_without_a_submission(world, course, teacher):
    one, two = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    absent = world.enrol(course, "Ab Sent")
    path = f"/assignments/{one.assignment}/excuses"
    body = {"student": str(absent.id), "problem": two.slug}
    assert teacher.post(path, body).json()["excuse"]["problem"] == two.slug
    assert grade_of(world, one, absent) == (None, 8)
    wrong = body | {"problem": "no-such"}
    assert teacher.post(path, wrong).json()["errors"][0]["field"] == "problem"
    assert teacher.post(path, {"student": str(teacher.id)}).status_code == 422


def test_late_days_are_reported_and_refundable(world, course, teacher, student):
    spec = LATE | {"late_days": 2}
    [problem] = world.assignment(course, timeline_spec=spec)
    world.clock.advance(hours=30)
    assert student.submit(problem, {"cells": "9"}).json()["late_credit"] == 1
    mine = student.get(f"/courses/{course}/late-days").json()
    assert (mine["budget"], mine["spent"], mine["left"]) == (3, 2, 1)
    assert [(one["assignment"], one["days"]) for one in mine["uses"]] == [
        (str(problem.assignment), 2)
    ]
    there = f"/courses/{course}/students/{student.id}/late-days"
    assert teacher.get(there).json() == mine
    assert student.get(there).status_code == 403
    body = {"assignment": str(problem.assignment), "days": 2, "reason": "the site was down"}
    assert teacher.post(f"{there}/refund", body | {"days": 3}).status_code == 409
    tried = teacher.post(f"{there}/refund?dry_run=true", body).json()
    assert (tried["late_days"]["left"], tried["effect"]["changed"]) == (3, 0)
    assert teacher.get(there).json() == mine
    assert teacher.post(f"{there}/refund", body).json()["late_days"]["uses"] == []
    assert grade_of(world, problem, student) == (2, 8)
    elsewhere = body | {"assignment": str(UUID(int=1))}
    assert teacher.post(f"{there}/refund", elsewhere).status_code == 422


def test_granting_the_same_extension_again_conflicts(world, course, teacher, student):
    problem, other = (world.assignment(course, timeline_spec=LATE)[0] for _ in range(2))
    whom = {"student": student.id, "assignment": problem.assignment}
    first = granted(teacher, course, {"days": 2, "reason": "ill"}, **whom).json()["extension"]
    for query in ("", "?dry_run=true"):
        again = granted(teacher, course, {"days": 2, "reason": "still ill"}, query=query, **whom)
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
    elsewhere = {"student": student.id, "assignment": other.assignment}
    for grants, where in (({"days": 3}, whom), ({"days": 2}, elsewhere)):
        assert granted(teacher, course, grants, **where).status_code == 201
    assert teacher.delete(f"/courses/{course}/extensions/{first['id']}").status_code == 200
    assert granted(teacher, course, {"days": 2}, **whom).status_code == 201
