"""Tests of changes to an assignment: only dependent grades change, and at once."""

from datetime import timedelta
from threading import Thread

import pytest
from assignment_setup import LATE, patch_assignment
from sqlalchemy import select

from api.db.models import Assignment, GradeChange
from api.services.audit.change_context import lock_and_refresh


@pytest.fixture
def course(world):
    return world.course(categories=[{"id": "HW", "weight": 1, "drop_lowest": 0}])


def test_later_due_date_raises_grades_and_earlier_one_lowers_them_again(
    world, course, teacher, student
):
    [problem] = world.assignment(course, timeline_spec=LATE)
    world.clock.advance(hours=2)
    student.submit(problem, {"cells": "9"})
    tried = patch_assignment(
        teacher,
        problem.assignment,
        {"timeline": {"due": "2026-11-04 13:00"}},
        query="?dry_run=true",
    )
    assert "etag" not in tried.headers
    effect = tried.json()["effect"]
    assert (effect["up"], effect["down"]) == (1, 0)
    assert effect["largest"] == [
        {
            "assignment": str(problem.assignment),
            "student": str(student.id),
            "name": "Stu Dent",
            "before": {"score": 1, "possible": 8},
            "after": {"score": 2, "possible": 8},
        }
    ]
    assert score(world, problem) == [1]
    patch_assignment(teacher, problem.assignment, {"timeline": {"due": "2026-11-04 13:00"}})
    assert score(world, problem) == [1, 2]
    earlier = {"timeline": {"due": "2026-11-02 12:30"}}
    assert patch_assignment(teacher, problem.assignment, earlier).json()["effect"]["down"] == 1
    assert score(world, problem) == [1, 2, 1]
    with world.session() as session:
        last = session.scalars(select(GradeChange).order_by(GradeChange.id.desc())).first()
    assert (last.cause, last.author_id) == ("settings", teacher.id)


def score(world, problem) -> list[int]:
    """Return the score after each change of the assignment's grades."""
    with world.session() as session:
        rows = session.scalars(
            select(GradeChange.after)
            .where(GradeChange.assignment_id == problem.assignment)
            .order_by(GradeChange.id)
        )
        return list(rows)


def test_credit_by_attempt_changes_earned_scores(world, course, teacher, student):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "8"})
    student.submit(problem, {"cells": "9"})
    effect = patch_assignment(teacher, problem.assignment, {"by_attempt": [1, "1/2"]}).json()[
        "effect"
    ]
    assert (effect["students"], effect["down"]) == (1, 1)
    assert score(world, problem) == [0, 2, 1]


def test_changes_that_do_not_affect_grades_recompute_none(world, course, teacher, student):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "9"})
    assert (
        patch_assignment(teacher, problem.assignment, {"title": "X"}).json()["effect"]["students"]
        == 0
    )


def test_test_students_and_withdrawn_students_are_not_counted_in_effects(
    world, course, teacher, student
):
    [problem] = world.assignment(course)
    people = [student, world.enrol(course, "Test"), world.enrol(course, "Left")]
    for one in people:
        one.submit(problem, {"cells": "8"})
        one.submit(problem, {"cells": "9"})
    world.set_enrolment(people[1], is_test=True)
    world.set_enrolment(people[2], withdrawn_at=world.clock())
    effect = patch_assignment(teacher, problem.assignment, {"by_attempt": [1, "1/2"]}).json()[
        "effect"
    ]
    assert (effect["students"], effect["changed"]) == (3, 1)
    assert [one["name"] for one in effect["largest"]] == ["Stu Dent"]


def test_large_classes_are_recomputed_in_chunks(world, course, teacher, monkeypatch):
    monkeypatch.setattr("api.services.grades.effects.CHUNK_SIZE", 2)
    [problem] = world.assignment(course, timeline_spec=LATE)
    world.clock.now += timedelta(hours=2)
    for at in range(5):
        world.enrol(course, f"Student {at}").submit(problem, {"cells": "9"})
    body = {"timeline": {"due": "2026-11-04 13:00"}}
    assert patch_assignment(teacher, problem.assignment, body).json()["effect"]["up"] == 5


def test_answer_arriving_during_a_rule_change_is_graded_by_the_new_rule(world, course, student):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "8"})
    answering = Thread(target=lambda: student.submit(problem, {"cells": "9"}))
    with world.session() as session:
        row = session.get_one(Assignment, problem.assignment)
        lock_and_refresh(session, row)
        answering.start()
        answering.join(0.5)
        assert answering.is_alive()
        row.by_attempt = ["1", "1/2"]
    answering.join()
    assert score(world, problem) == [0, 1]
