"""Tests of streaming exports: constant memory, and no connection held by slow readers."""

import gc
import json
import tracemalloc
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import event, select
from stored_files import LARGE_BYTES, store_attachment, store_report
from world import Person, ProblemReference, World

from api.core.ids import new_id
from api.db.models import (
    Answer,
    Assignment,
    AuditEntry,
    Comment,
    Course,
    Enrolment,
    RegradeRequest,
    Report,
    User,
)
from api.http.byte_budget import MEBIBYTE
from api.services.accounts.export.data_export import HELD_BYTES, stream_account_data
from api.services.exports.all_work import ExportScope, export_submissions
from api.services.score_sheets.csv_format import stream_score_sheet
from api.services.score_sheets.sheet_rows import BATCH_BYTES, ROW_BYTES, load_sheet_source

LONG_TEXT = "why? " * 3_900
FEW, MANY = 30, 110
Pieces = Callable[[World, Person], Iterator[str]]


def my_export(world: World, student: Person) -> Iterator[str]:
    with world.db.reading() as session:
        user = session.get_one(User, student.id)
    return stream_account_data(world.db.reading, user, now=world.clock())


def course_export(world: World, student: Person) -> Iterator[str]:
    with world.db.reading() as session:
        of_student = Enrolment.user_id == student.id
        course = session.scalars(select(Course).join(Enrolment).where(of_student)).one()
        scope = ExportScope(course)
    return export_submissions(world.db.reading, scope)


EXPORTS = pytest.mark.parametrize("pieces", [my_export, course_export])


def hand_in(student: Person, problem: ProblemReference, numbers: range) -> None:
    for number in numbers:
        assert student.submit(problem, {"why": f"{number} {LONG_TEXT}"}).status_code == 201


def peak_and_size(pieces: Iterator[str]) -> tuple[int, int]:
    """Return the peak memory while reading *pieces*, and their total length.

    Cycles of a session are collected early, so that they do not hide what an export holds.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(500)
    tracemalloc.start()
    size = sum(map(len, pieces))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gc.set_threshold(*thresholds)
    return peak, size


@EXPORTS
def test_export_memory_does_not_grow_with_submissions(world, course, problem, pieces: Pieces):
    student = world.enrol(course)
    hand_in(student, problem, range(FEW))
    peak_and_size(pieces(world, student))  # statements are compiled once
    peak_of_few, size_of_few = peak_and_size(pieces(world, student))
    hand_in(student, problem, range(FEW, MANY))
    peak_of_many, size_of_many = peak_and_size(pieces(world, student))
    assert size_of_many > 3.5 * size_of_few
    assert peak_of_many < 1.3 * peak_of_few


def write_as_staff(world: World, staff: Person, student: Person, count: int) -> None:
    """Store acts, comments and regrade requests of a member of staff who was a student too."""
    with world.session() as session:
        answer = session.scalars(select(Answer).where(Answer.student_id == student.id)).first()
        for number in range(count):
            at = world.clock() + timedelta(seconds=number)
            text, common = f"{number} {'why? ' * 40}", {"answer_id": answer.id, "created_at": at}
            session.add_all(
                [
                    AuditEntry(
                        id=new_id(), actor_id=staff.id, action="a", target=str(number), at=at
                    ),
                    Comment(id=new_id(), author_id=staff.id, text=text, **common),
                    RegradeRequest(id=new_id(), student_id=staff.id, text=text, **common),
                ]
            )


def test_export_memory_does_not_grow_with_staff_actions(world, course, problem):
    student, staff = world.enrol(course), world.enrol(course, role="instructor")
    hand_in(student, problem, range(1))
    write_as_staff(world, staff, student, 300)
    peak_and_size(my_export(world, staff))  # statements are compiled once
    peak_of_few, size_of_few = peak_and_size(my_export(world, staff))
    write_as_staff(world, staff, student, 2_700)
    # The smaller of two peaks, because a rare fill of a cache of the database driver adds to one.
    peak_of_many, size_of_many = min(peak_and_size(my_export(world, staff)) for _ in range(2))
    assert size_of_many > 8 * size_of_few
    assert peak_of_many < 1.6 * peak_of_few
    assert size_of_many < 16 * peak_of_many  # so that the bound above means something
    body = json.loads("".join(my_export(world, staff)))
    for name, field in (("acts", "target"), ("comments", "text"), ("regrade_requests", "text")):
        numbers = [int(one[field].split()[0]) for one in body[name]]
        assert len(numbers) == 3_000
        assert sorted(numbers[-2_400:]) == numbers[-2_400:] == [*range(300, 2_700)]


def read_sheet(world: World, problem: ProblemReference) -> Iterator[str]:
    with world.db.reading() as session:
        assignment = session.get_one(Assignment, problem.assignment)
        source = load_sheet_source(session, assignment)
    rows = source.read_rows(world.db.reading)
    return stream_score_sheet((row.sheet_row for row in rows), style="point")


def test_score_sheet_memory_does_not_grow_with_answers(world, course, problem):
    for _ in range(12):
        hand_in(world.enrol(course), problem, range(1))
    peak_and_size(read_sheet(world, problem))  # statements are compiled once
    peak_of_few, size_of_few = peak_and_size(read_sheet(world, problem))
    hand_in(world.enrol(course), problem, range(40))  # one of these answers counts
    for _ in range(23):
        hand_in(world.enrol(course), problem, range(1))
    peak_of_many, size_of_many = peak_and_size(read_sheet(world, problem))
    assert size_of_many > 2.8 * size_of_few
    assert peak_of_many < 1.3 * peak_of_few


def test_score_sheet_reserves_the_memory_it_uses(world, course, problem, prof):
    student = world.enrol(course)
    hand_in(student, problem, range(1))
    budget = world.app.policy.response_budget
    path = f"/assignments/{problem.assignment}/score-sheet"
    budget.add(str(prof.id), 24 * MEBIBYTE - BATCH_BYTES - ROW_BYTES)
    assert LONG_TEXT.strip() in prof.get(path).text
    budget.add(str(prof.id), 1)
    assert prof.get(path).json()["code"] == "too_many_downloads"


@EXPORTS
def test_export_is_a_snapshot_and_holds_no_connection_between_chunks(
    world, course, problem, pieces: Pieces
):
    student = world.enrol(course)
    hand_in(student, problem, range(FEW + 5))
    used: list[Any] = []
    event.listen(world.db.engine, "checkout", lambda *given: used.append(given[0]))
    event.listen(world.db.engine, "checkin", lambda *given: used.remove(given[0]))
    reading = pieces(world, student)
    begun = list(islice(reading, FEW + 2))
    assert not used
    hand_in(student, problem, range(FEW + 5, FEW + 8))
    text = "".join([*begun, *reading])
    assert not used
    for number in range(FEW + 8):
        assert (f'"{number} why?' in text) is (number < FEW + 5)


def test_account_export_is_one_json_object_with_ordered_fields(world, course, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "9", "why": 'é " \\'})
    student.put(f"{problem.path}/draft", {"answers": {"why": "Fewer."}})
    told = student.get("/me/export")
    assert told.headers["content-type"] == "application/json"
    body = told.json()
    assert [*body][:5] == ["exported_at", "profile", "courses", "submissions", "drafts"]
    [submission], [draft] = body["submissions"], body["drafts"]
    assert submission["answers"] == {"cells": "9", "why": 'é " \\'}
    assert submission["told"]["receipt"]["id"] == submission["id"]
    assert draft["answers"] == {"why": "Fewer."}
    assert json.loads(told.content) == body


def test_account_export_reads_files_in_chunks(world, course, problem):
    student = world.enrol(course)
    document = store_report(world, student, problem)
    _, image = store_attachment(world, student, problem)
    peak_and_size(my_export(world, student))  # statements are compiled once
    peak, size = peak_and_size(my_export(world, student))
    assert size > 2 * LARGE_BYTES * 4 / 3
    assert peak < HELD_BYTES
    body = student.get("/me/export").json()
    [report], [attachment] = body["reports"], body["attachments"]
    assert b64decode(report["document"], validate=True) == document
    assert [b64decode(page["content"], validate=True) for page in attachment["pages"]] == [image]


def test_deleted_files_are_null_or_omitted_in_the_export(world, course, problem):
    student = world.enrol(course)
    store_report(world, student, problem, 10)
    store_report(world, student, problem, 20)
    pieces = my_export(world, student)
    with world.session() as session:
        gone, kept = session.scalars(select(Report).order_by(Report.id))
        session.delete(gone)
        kept.document = None
    assert [one["document"] for one in json.loads("".join(pieces))["reports"]] == [None]
