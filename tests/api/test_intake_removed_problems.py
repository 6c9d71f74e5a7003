"""Tests of submissions in progress while their problem is removed or changed."""

import pytest
from sqlalchemy import func, select, update
from student_setup import under_way
from world import TEXT_PROBLEM

from api.core.errors import Conflict, NotFound, ServiceError
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    Submission,
    Token,
    User,
)

SHORTER = TEXT_PROBLEM.replace(
    '  - {id: doubled, kind: integer, points: 2, prompt: "Twice that?", key: "2*cells"}\n', ""
)


def stored(world):
    with world.session() as session:
        return session.scalar(select(func.count()).select_from(Submission))


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (AssignmentProblem, "removed_at"),
        (Assignment, "deleted_at"),
        (Assignment, "published_at"),
    ],
)
def test_removed_assignment_or_problem_accepts_no_pending_submission(
    world, course, student, table, values
):
    [problem] = world.assignment(course)
    entry = under_way(world, student, problem, {"cells": "9"}, key="k")
    value = None if values == "published_at" else world.clock()
    with world.session() as session:
        session.execute(update(table).values({values: value}))
    with pytest.raises(NotFound):
        world.service.writer.submit(entry)
    assert stored(world) == 0


@pytest.mark.parametrize(
    ("table", "values", "code"),
    [
        (User, "suspended_at", "forbidden"),
        (Token, "revoked_at", "forbidden"),
        (Token, "expires_at", "token_expired"),
        (Enrolment, "withdrawn_at", "not_found"),
        (Course, "archived_at", "course_archived"),
    ],
)
def test_student_losing_permission_before_writing_is_refused(
    world, course, student, table, values, code
):
    [problem] = world.assignment(course)
    entry = under_way(world, student, problem, {"cells": "9"}, key="k")
    with world.session() as session:
        session.execute(update(table).values({values: world.clock()}))
    with pytest.raises(ServiceError) as refused:
        world.service.writer.submit(entry)
    assert refused.value.code == code
    assert stored(world) == 0


def test_part_removed_before_writing_causes_a_conflict(world, course, student):
    [problem] = world.assignment(course)
    entry = under_way(world, student, problem, {"cells": "9", "doubled": "18"}, key="k")
    other = world.version(SHORTER)
    with world.session() as session:
        session.execute(update(AssignmentProblem).values(version_id=other.id))
    with pytest.raises(Conflict):
        world.service.writer.submit(entry)
    assert stored(world) == 0
