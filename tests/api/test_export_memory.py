"""Tests of streaming exports: constant memory, and no connection held by slow readers."""

import json
import tracemalloc
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import event, select
from stored_files import LARGE_BYTES, store_attachment, store_report
from world import Person, Posing, World

from api.db.models import Course, Enrolment, Report, User
from api.services.accounts.export.data_export import HELD_BYTES, stream_account_data
from api.services.exports.all_work import ExportScope, export_submissions

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


def hand_in(student: Person, problem: Posing, numbers: range) -> None:
    for number in numbers:
        assert student.submit(problem, {"why": f"{number} {LONG_TEXT}"}).status_code == 201


def peak_and_size(pieces: Iterator[str]) -> tuple[int, int]:
    """Return the peak memory while reading *pieces*, and their total length."""
    tracemalloc.start()
    size = sum(map(len, pieces))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, size


@EXPORTS
def test_memory_does_not_grow_with_the_number_of_submissions(
    world, course, problem, pieces: Pieces
):
    student = world.enrol(course)
    hand_in(student, problem, range(FEW))
    peak_and_size(pieces(world, student))  # statements are compiled once
    peak_of_few, size_of_few = peak_and_size(pieces(world, student))
    hand_in(student, problem, range(FEW, MANY))
    peak_of_many, size_of_many = peak_and_size(pieces(world, student))
    assert size_of_many > 3.5 * size_of_few
    assert peak_of_many < 1.3 * peak_of_few


@EXPORTS
def test_it_has_what_was_there_at_the_start_and_a_slow_reader_holds_no_connection(
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


def test_my_export_is_one_json_object_with_its_fields_in_order(world, course, problem):
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


def test_an_export_holds_a_piece_of_a_file_at_a_time(world, course, problem):
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


def test_files_that_are_no_longer_stored_are_null_or_left_out(world, course, problem):
    student = world.enrol(course)
    store_report(world, student, problem, 10)
    store_report(world, student, problem, 20)
    pieces = my_export(world, student)
    with world.session() as session:
        gone, kept = session.scalars(select(Report).order_by(Report.id))
        session.delete(gone)
        kept.document = None
    assert [one["document"] for one in json.loads("".join(pieces))["reports"]] == [None]
