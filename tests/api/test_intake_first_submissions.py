"""Tests of the first submission of a student to a problem, of whom nothing is cached."""

from uuid import UUID

import pytest
from sqlalchemy import event, select
from student_setup import under_way
from world import Person, ProblemReference, World

from api.db.models import Draw, Grade, ProblemProgress, Submission, Token
from api.services.submissions.pending_submissions import PendingSubmission
from api.services.submissions.writer.write_transaction import write_submissions

MAX_STATEMENTS = 22
"""Statements of a first submission; those of a further one are at most ten."""


def write(world: World, entry: object) -> None:
    assert isinstance(entry, PendingSubmission)
    service = world.service
    with world.db.transaction() as session:
        write_submissions(
            session,
            [entry],
            variants=service.variants,
            cache=service.submission_cache,
            now=world.clock(),
        )[1].apply()


def test_first_submission_uses_few_statements_and_reads_no_answers(world: World, course: UUID):
    [problem] = world.assignment(course)
    one, two = world.enrol(course), world.enrol(course)
    one.submit(problem, {"cells": "9"})
    asked = []

    def see(*told):
        if not told[2].startswith("BEGIN"):
            asked.append(told[2])

    event.listen(world.db.engine, "before_cursor_execute", see)
    assert two.submit(problem, {"cells": "9"}).status_code == 201
    event.remove(world.db.engine, "before_cursor_execute", see)
    assert len(asked) <= MAX_STATEMENTS
    assert not [one for one in asked if one.startswith("SELECT answers")]


def test_writer_records_the_first_use_of_a_token(world: World, course: UUID):
    [problem] = world.assignment(course)
    student = world.enrol(course)
    uses = select(Token.last_used_at).where(Token.user_id == student.id)
    with world.session() as session:
        assert session.scalars(uses).all() == [None]
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    with world.session() as session:
        assert session.scalars(uses).all() == [world.clock()]


def open_problem(student: Person, problem: ProblemReference) -> None:
    assert student.get(problem.path).status_code == 200


def submit_once(student: Person, problem: ProblemReference) -> None:
    assert student.submit(problem, {"cells": "7"}).status_code == 201


@pytest.mark.parametrize("meanwhile", [open_problem, submit_once])
def test_changes_between_preparation_and_writing_are_respected(
    world: World, course: UUID, meanwhile
):
    [problem] = world.assignment(course)
    student = world.enrol(course)
    entry = under_way(world, student, problem, {"cells": "9"}, key="k")
    meanwhile(student, problem)
    write(world, entry)
    last = student.submit(problem, {"cells": "8"}).json()
    with world.session() as session:
        sequences = session.scalars(select(Submission.sequence).order_by(Submission.sequence)).all()
        assert sequences == list(range(1, last["sequence"] + 1))
        assert len(sequences) == (3 if meanwhile is submit_once else 2)
        assert len(session.scalars(select(Draw)).all()) == 1
        progress = session.scalars(select(ProblemProgress)).one()
        grade = session.scalars(select(Grade)).one()
        assert progress.parts["cells"]["attempts"] == len(sequences)
        assert (progress.sequence, progress.version) == (len(sequences), len(sequences))
        assert grade.version == len(sequences) + 1
