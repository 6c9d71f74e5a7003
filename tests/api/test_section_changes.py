"""Tests of students who change sections while they submit: no submission is lost."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import event, select
from student_setup import DUE_TOMORROW

from api.db.models import Grade, ProblemProgress

ANY = {"If-Match": "*"}


@pytest.fixture
def scene(world):
    """Return a course, a section with an extension, an instructor, a student, a problem."""
    course = world.course()
    section = world.section(course, "A")
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    student = world.enrol(course)
    [problem] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    body = {"section": str(section), "grants": {"days": 1}}
    assert teacher.post(f"/courses/{course}/extensions", body).status_code == 201
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    return course, section, teacher, student, problem


def test_submission_during_section_change_is_not_lost(world, scene):
    course, section, teacher, student, problem = scene
    path = f"/courses/{course}/people/{student.id}"
    pool = ThreadPoolExecutor(1)
    sent = []

    def meanwhile(_connection, _cursor, statement, *_more):
        """Submit as soon as the move has read the answers, and allow time to store it."""
        if not sent and "FROM answers" in statement:
            sent.append(pool.submit(student.submit, problem, {"doubled": "18"}))
            wait(sent, timeout=1)

    event.listen(world.db.engine, "after_cursor_execute", meanwhile)
    try:
        assert teacher.patch(path, {"section": str(section)}, headers=ANY).status_code == 200
    finally:
        event.remove(world.db.engine, "after_cursor_execute", meanwhile)
    assert sent
    assert sent[0].result(timeout=20).status_code == 201
    with world.session() as session:
        assert session.scalars(select(ProblemProgress.score)).all() == [4]
        assert session.scalars(select(Grade.score)).all() == [4]
