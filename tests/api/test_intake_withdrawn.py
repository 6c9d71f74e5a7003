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
def test_what_was_taken_away_meanwhile_takes_no_answer(world, course, student, table, values):
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
def test_who_may_not_submit_any_more_by_then_is_refused(
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


def test_a_part_that_is_gone_meanwhile_is_a_conflict_and_no_error(world, course, student):
    [problem] = world.assignment(course)
    entry = under_way(world, student, problem, {"cells": "9", "doubled": "18"}, key="k")
    other = world.version(SHORTER)
    with world.session() as session:
        session.execute(update(AssignmentProblem).values(version_id=other.id))
    with pytest.raises(Conflict):
        world.service.writer.submit(entry)
    assert stored(world) == 0
