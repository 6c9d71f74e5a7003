"""Tests of exports of grades and work: contents, warnings and refusals."""

import csv
import io
import json

import pytest
from grade_setup import SHORT, excuse_student, override_grade, retitle_assignment
from sqlalchemy import select, update
from world import TEXT_PROBLEM

from api.db.models import AuditEntry, Course, Enrolment, User
from api.services.exports.all_work import compute_export_pseudonym
from api.services.exports.formats import WARNINGS, WRITERS
from api.services.exports.gradebook_files import FATAL_CODES, FORMATS

CANARIES = ("Ann Canary", "ann.canary", "s-canary", "canary-login")


@pytest.fixture
def course(world):
    return world.course("dl")


@pytest.fixture
def ann(world, course):
    person = world.enrol(course, "Ann Canary")
    values = {"student_number": "s-canary", "login": "canary-login"}
    with world.session() as session:
        session.execute(update(User).where(User.id == person.id).values(**values))
        session.execute(
            update(Enrolment).where(Enrolment.user_id == person.id).values(lms_id="90210")
        )
    return person


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, SHORT)
    retitle_assignment(world, assigned, "Homework A", lms_id="4711")
    return assigned


def export(prof, course, form, **query):
    return prof.get(f"/courses/{course}/exports/{form}", params=query)


def rows(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_writer_has_a_format_and_every_fatal_code_is_a_warning():
    assert {form.writer for form in FORMATS.values()} == set(WRITERS)
    assert set(WARNINGS) > FATAL_CODES


def test_csv_export_has_a_row_per_student_with_gradebook_scores(course, prof, ann, assigned):
    ann.submit(assigned, {"first": "9"})
    answer = export(prof, course, "csv")
    [row] = rows(answer)
    assert (row["name"], row["Homework A"], row["total"]) == ("Ann Canary", "3", "37.5")
    assert answer.headers["content-type"].startswith("text/csv")
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="dl-')
    assert name.endswith('-csv.csv"')


def test_canvas_export_uses_canvas_ids_without_warnings(course, prof, ann, assigned):
    ann.submit(assigned, {"first": "9"})
    answer = export(prof, course, "canvas")
    found = rows(answer)
    assert found[0]["Homework A (4711)"] == "8"
    assert (found[1]["ID"], found[1]["Homework A (4711)"]) == ("90210", "3")
    assert answer.headers["x-grader-warnings"] == "0"


@pytest.mark.parametrize("form", FORMATS)
def test_exports_omit_test_students_and_withdrawn_students(world, course, prof, assigned, form):
    for name in ("Kept", "Tested", "Gone"):
        person = world.enrol(course, f"{name} {name}")
        person.submit(assigned, {"first": "9"})
        left = world.clock() if name == "Gone" else None
        world.set_enrolment(person, is_test=name == "Tested", withdrawn_at=left)
    text = export(prof, course, form).text
    # Moodle finds people by their address alone.
    found = {name for name in ("kept", "tested", "gone") if name in text.lower()}
    assert found == {"kept"}


def test_export_of_one_assignment_keeps_the_total_of_all(world, course, prof, ann, assigned):
    [other] = world.assignment(course, TEXT_PROBLEM)
    retitle_assignment(world, other, "Homework B")
    ann.submit(assigned, {"first": "9", "second": "18"})
    ann.submit(other, {"cells": "7"})
    [row] = rows(export(prof, course, "csv", assignments=str(assigned.assignment)))
    assert (row["Homework A"], row["total"]) == ("8", "50")
    assert "Homework B" not in row
    [elsewhere] = world.assignment(world.course(), SHORT)
    answer = export(prof, course, "csv", assignments=str(elsewhere.assignment))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_score_with_an_excused_problem_is_scaled_to_the_column(world, course, prof, ann):
    first, second = world.assignment(course, SHORT, TEXT_PROBLEM)
    ann.submit(first, {"first": "9"})
    excuse_student(world, first, ann, prof, problem=second.id)
    [row] = rows(export(prof, course, "cells"))
    assert (row["score"], row["possible"]) == ("6", "16")
    excuse_student(world, first, ann, prof, problem=first.id)
    [row] = rows(export(prof, course, "cells"))
    assert (row["score"], row["excused"]) == ("", "true")


def test_cells_export_shows_lateness_submission_counts_and_reasons(world, course, prof, ann):
    spec = {"due": "2026-11-02 13:00", "late": [{"until": "2026-11-03 13:00", "credit": "1/2"}]}
    [assigned] = world.assignment(course, SHORT, timeline_spec=spec)
    ann.submit(assigned, {"first": "7"})
    world.clock.advance(hours=2, seconds=3)
    ann.submit(assigned, {"first": "9"})
    override_grade(world, assigned, ann, prof, 2)
    [row] = rows(export(prof, course, "cells"))
    told = {name: row[name] for name in ("score", "late_seconds", "submissions", "comment")}
    assert told == {"score": "2", "late_seconds": "3603", "submissions": "2", "comment": "By hand."}
    assert row["submitted_at"] == "2026-11-02T14:00:03+00:00"


def test_fatal_export_warnings_are_listed_and_refuse_the_file_unless_forced(
    world, course, prof, ann, assigned
):
    [twin] = world.assignment(course, SHORT)
    retitle_assignment(world, twin, "Homework A")
    ann.submit(assigned, {"first": "9"})
    check = export(prof, course, "moodle/check").json()
    assert (check["form"], check["students"], check["assignments"]) == ("moodle", 1, 2)
    assert check["fatal"] == 1
    assert check["warnings"][0]["code"] == "same_title"
    assert check["warnings"][0]["about"] == str(twin.assignment)
    refused = export(prof, course, "moodle")
    assert (refused.status_code, refused.json()["code"]) == (409, "file_misread")
    assert refused.json()["errors"][0]["message"] == check["warnings"][0]["message"]
    forced = export(prof, course, "moodle", force=True)
    assert forced.status_code == 200
    assert forced.headers["x-grader-warnings"] == str(len(check["warnings"]))


def send_participants(prof, course, text):
    headers = {"Content-Type": "text/csv"}
    return prof.post(f"/courses/{course}/exports/moodle", content=text.encode(), headers=headers)


def test_moodle_export_contains_only_listed_participants(world, course, prof, ann, assigned):
    ann.submit(assigned, {"first": "9"})
    world.enrol(course, "Bo Example", email="bo@example.edu")
    list_ = "First name,Last name,Email address\nBo,Example,BO@example.edu\nCy,Else,cy@else.edu\n"
    told = send_participants(prof, course, list_)
    assert told.status_code == 200, told.text
    assert [row["Email address"] for row in rows(told)] == ["bo@example.edu"]
    assert told.headers["x-grader-warnings"] == "1"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "name,student number\nBo,17\n"])
def test_participant_list_without_addresses_is_rejected(course, prof, text):
    told = send_participants(prof, course, text)
    assert told.status_code == 422
    assert "The list of participants is invalid" in told.json()["detail"]


def test_nonfatal_warnings_do_not_block_the_export(world, course, prof, ann, assigned):
    retitle_assignment(world, assigned, "Homework A", lms_id="")
    assert [one["code"] for one in export(prof, course, "canvas/check").json()["warnings"]] == [
        "new_assignment"
    ]
    assert export(prof, course, "canvas").headers["x-grader-warnings"] == "1"
    assert ann.id


def test_unknown_export_format_lists_the_known_ones(course, prof):
    answer = export(prof, course, "blackboard")
    assert answer.status_code == 404
    assert "canvas" in answer.json()["detail"]


def test_exports_are_limited_to_six_per_minute(world, course, prof):
    assert [export(prof, course, "csv").status_code for _ in range(7)] == [200] * 6 + [429]
    assert export(prof, course, "csv/check").status_code == 200
    world.clock.advance(minutes=1)
    assert export(prof, course, "submissions").status_code == 200


def test_every_export_is_audited(world, course, prof):
    export(prof, course, "jsonl")
    export(prof, course, "submissions", pseudonymous=True)
    with world.session() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "file.exported").order_by(AuditEntry.id)
        )
        told = [(one.actor_id, one.after) for one in entries]
    assert told == [
        (prof.id, {"form": "jsonl", "warnings": 0, "forced": False}),
        (prof.id, {"form": "submissions", "pseudonymous": True}),
    ]


def work(prof, course, **query):
    answer = export(prof, course, "submissions", **query)
    assert answer.status_code == 200, answer.text
    return answer.text, [json.loads(line) for line in answer.text.splitlines()]


def test_submission_export_includes_results_oldest_first(world, course, prof, ann, assigned):
    ann.submit(assigned, {"first": "9", "second": "1"})
    world.clock.advance(hours=1)
    ann.submit(assigned, {"second": "18"})
    _, told = work(prof, course)
    assert [one["answers"] for one in told] == [{"first": "9", "second": "1"}, {"second": "18"}]
    assert told[0]["student"]["name"] == "Ann Canary"
    results = {one["part"]: (one["status"], one["credit"]) for one in told[0]["results"]}
    assert results["first"] == ("correct", "1")
    assert results["second"][1] == "0"
    assert [one["results"][-1]["attempt"] for one in told] == [1, 2]


def test_pseudonyms_are_anonymous_and_stable_across_exports(world, course, prof, ann, assigned):
    sent = ann.submit(assigned, {"first": "9"}).json()
    text, [told] = work(prof, course, pseudonymous=True)
    assert not [one for one in (*CANARIES, str(ann.id), sent["id"], "90210") if one in text]
    with world.session() as session:
        row = session.get_one(Course, course)
        assert told["student"] == {"id": compute_export_pseudonym(row, ann.id)}
        other = Course(secret="11" * 32)
        assert compute_export_pseudonym(other, ann.id) != compute_export_pseudonym(row, ann.id)
    assert work(prof, course, pseudonymous=True)[0] == text


def test_submission_export_is_complete_across_batches(
    world, course, prof, ann, assigned, monkeypatch
):
    monkeypatch.setattr("api.services.exports.all_work.BATCH_SIZE", 2)
    for at in range(5):
        ann.submit(assigned, {"first": str(100 + at)})
    _, told = work(prof, course)
    assert [one["sequence"] for one in told] == [1, 2, 3, 4, 5]
    [other] = world.assignment(course, TEXT_PROBLEM)
    assert work(prof, course, assignments=str(other.assignment))[1] == []
