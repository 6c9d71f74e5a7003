"""A submission that is under way while what it answers is taken away or changed."""

import pytest
from sqlalchemy import func, select, update
from world import TEXT_PROBLEM

from api.errors import Conflict, NotFound, ServiceError
from api.services.access import by_token, posed_member
from api.services.submitting.intake import prepare
from api.tables import (
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


@pytest.fixture
def course(world):
    return world.course()


@pytest.fixture
def student(world, course):
    return world.enrol(course)


def under_way(world, student, problem, answers):
    """Return a submission that was judged and waits to be written."""
    with world.db.reading() as session:
        caller = by_token(session, f"Bearer {student.token}", now=world.clock())
        posed = posed_member(session, caller, problem.assignment, problem.slug, right="submit")
        service = world.service
        return prepare(
            session, posed, answers, variants=service.variants, key="k", now=world.clock()
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
    entry = under_way(world, student, problem, {"cells": "9"})
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
def test_who_may_not_hand_in_any_more_by_then_is_refused(
    world, course, student, table, values, code
):
    [problem] = world.assignment(course)
    entry = under_way(world, student, problem, {"cells": "9"})
    with world.session() as session:
        session.execute(update(table).values({values: world.clock()}))
    with pytest.raises(ServiceError) as refused:
        world.service.writer.submit(entry)
    assert refused.value.code == code
    assert stored(world) == 0


def test_a_part_that_is_gone_meanwhile_is_a_conflict_and_no_error(world, course, student):
    [problem] = world.assignment(course)
    entry = under_way(world, student, problem, {"cells": "9", "doubled": "18"})
    other = world.version(SHORTER)
    with world.session() as session:
        session.execute(update(AssignmentProblem).values(version_id=other.id))
    with pytest.raises(Conflict):
        world.service.writer.submit(entry)
    assert stored(world) == 0
