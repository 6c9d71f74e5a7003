"""Tests of a first look at a variant while the problem moves to another version."""

import pytest
from sqlalchemy import select
from student_setup import SQUARES, load_as_student
from world import TEXT_PROBLEM

from api.core.errors import Conflict
from api.db.models import AssignmentProblem, Draw
from api.services.student.problem_session import open_problem_session, try_record_first_view
from api.services.student.renewal import assign_new_numbers

OTHER = TEXT_PROBLEM.replace(
    "{choose: [3, 5, 7, 9, 11], original: 3}", "{choose: [13, 15, 17], original: 13}"
)


def seated(world, session, student, problem):
    """Return the student's problem session, as a request opens it."""
    return open_problem_session(
        session, load_as_student(world, session, student, problem), now=world.clock()
    )


def pin(world, problem, source):
    """Pin a problem to a version with *source*, and return the version."""
    version = world.version(source)
    with world.session() as session:
        session.get_one(AssignmentProblem, problem.id).version_id = version.id
    return version


def drawn(world, problem):
    """Return the versions of the recorded draws, in order."""
    with world.db.reading() as session:
        rows = select(Draw.version_id).where(Draw.problem_id == problem.id).order_by(Draw.number)
        return list(session.scalars(rows))


def test_first_view_of_replaced_version_is_not_recorded(world):
    student = world.enrol(course := world.course())
    [problem] = world.assignment(course, TEXT_PROBLEM, variants="each")
    with world.db.reading() as session:
        seat = seated(world, session, student, problem)
    version = pin(world, problem, OTHER)
    with world.session() as session:
        assert not try_record_first_view(session, seat)
    assert drawn(world, problem) == []
    shown = student.get(problem.path).json()["numbers"][0]["value"]
    assert shown in {13, 15, 17}
    assert drawn(world, problem) == [version.id]


def test_new_numbers_are_not_drawn_from_replaced_version(world):
    student = world.enrol(course := world.course())
    [problem] = world.assignment(course, SQUARES, variants="each_after", new_after=1)
    assert student.submit(problem, {"squared": "1"}).status_code == 201
    with world.db.reading() as session:
        seat = seated(world, session, student, problem)
    pin(world, problem, SQUARES.replace("3*K}", "3*K + 0}"))
    with world.session() as session, pytest.raises(Conflict):
        assign_new_numbers(session, seat)
    assert drawn(world, problem) == [problem.version]
