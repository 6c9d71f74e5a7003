"""Tests of score-sheet upload: it applies all rows or none."""

import csv
import io

import pytest
from grade_setup import SHORT, get_cell, get_gradebook
from sqlalchemy import select
from world import TEXT_PROBLEM

from api.db.models import AssignmentProblem, Comment, GradeChange, Override


@pytest.fixture
def assigned(world, course):
    return world.assignment(course, SHORT, TEXT_PROBLEM)


@pytest.fixture
def students(world, course, assigned):
    """Return two students with submissions to both problems."""
    found = [world.enrol(course, name) for name in ("Ann Example", "Ben Example")]
    for student in found:
        student.submit(assigned[0], {"first": "7"})
        student.submit(assigned[0], {"first": "9", "second": "1"})
        student.submit(assigned[1], {"why": "Fewer, cheaper."})
    return found


def path(assigned):
    return f"/assignments/{assigned[0].assignment}/score-sheet"


def sheet(prof, assigned, **query):
    answer = prof.get(path(assigned), params=query)
    assert answer.status_code == 200, answer.text
    delimiter = ";" if query.get("style") == "comma" else ","
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=delimiter))


def send(prof, assigned, rows, *, delimiter=",", **query):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0].keys(), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return post(prof, assigned, stream.getvalue(), **query)


def post(prof, assigned, text, **query):
    headers = {"Content-Type": "text/csv"}
    return prof.post(path(assigned), content=text.encode(), params=query, headers=headers)


def row_of(rows, student, part):
    return next(one for one in rows if one["student"] == student.name and one["part"] == part)


def kept(world, table=Override):
    with world.session() as session:
        return session.scalars(select(table)).all()


def test_score_sheet_lists_counting_answer_per_student_and_part(prof, assigned, students):
    rows = sheet(prof, assigned)
    assert [(one["student"], one["part"], one["answer"], one["old_points"]) for one in rows] == [
        ("Ann Example", "first", "9", "3"),
        ("Ben Example", "first", "9", "3"),
        ("Ann Example", "second", "1", "0"),
        ("Ben Example", "second", "1", "0"),
        ("Ann Example", "why", "Fewer, cheaper.", ""),
        ("Ben Example", "why", "Fewer, cheaper.", ""),
    ]
    assert len(students) == 2
    some = sheet(prof, assigned, problem="two-counts", part="second")
    assert {one["part"] for one in some} == {"second"}


def test_list_answer_is_in_score_sheet_as_submitted(world, course, prof, assigned):
    world.enrol(course, "Ann Example").submit(assigned[0], {"first": [1, 0.25]})
    assert [one["answer"] for one in sheet(prof, assigned)] == ["[1, 0.25]"]


def test_unmodified_score_sheet_changes_nothing(world, prof, assigned, students):
    told = send(prof, assigned, sheet(prof, assigned)).json()
    assert (told["applied"], told["changed"], told["unchanged"], told["grades"]) == (True, 0, 6, 0)
    assert kept(world) == []
    assert students


def test_score_sheet_applies_points_and_comments(world, course, prof, assigned, students):
    ann, ben = students
    rows = sheet(prof, assigned)
    row_of(rows, ann, "why").update(points="3.5", comment="Say what the stride does.")
    row_of(rows, ben, "second")["points"] = "1/3"
    dry = send(prof, assigned, rows, dry_run=True).json()
    assert (dry["applied"], dry["changed"], dry["grades"], dry["problems"]) == (False, 2, 2, [])
    assert kept(world) == []
    told = send(prof, assigned, rows).json()
    assert told == dry | {"applied": True}
    assert [
        {name: one[name] for name in ("name", "part", "before", "after", "comment")}
        for one in sorted(told["changes"], key=lambda one: one["name"])
    ] == [
        {
            "name": "Ann Example",
            "part": "why",
            "before": None,
            "after": 3.5,
            "comment": "Say what the stride does.",
        },
        {"name": "Ben Example", "part": "second", "before": 0, "after": "1/3", "comment": ""},
    ]
    found = get_gradebook(prof, course)
    assert [get_cell(found, one)["score"] for one in students] == [6.5, "10/3"]
    grade = ann.get(f"/courses/{course}/grades").json()["assignments"][0]
    assert grade["overrides"][0]["reason"] == "Say what the stride does."
    assert {one.reason for one in kept(world)} == {"Say what the stride does.", "score sheet"}
    causes = [one.cause for one in kept(world, GradeChange)][-2:]
    assert causes == ["override", "override"]


def test_invalid_line_rejects_whole_score_sheet(world, prof, assigned, students):
    rows = sheet(prof, assigned)
    row_of(rows, students[0], "first")["points"] = "2"
    row_of(rows, students[1], "first")["points"] = "99"
    row_of(rows, students[1], "second")["points"] = "-1"
    dry = send(prof, assigned, rows, dry_run=True).json()
    assert (dry["changed"], [one["line"] for one in dry["problems"]]) == (1, [3, 5])
    answer = send(prof, assigned, rows)
    assert answer.status_code == 422
    assert [one["line"] for one in answer.json()["errors"]] == [3, 5]
    assert "Nothing was changed" in answer.json()["detail"]
    assert kept(world) == []


def test_score_sheet_row_changed_since_export_is_rejected(world, prof, assigned, students):
    rows = sheet(prof, assigned)
    row_of(rows, students[0], "second")["points"] = "1"
    assert send(prof, assigned, rows).status_code == 200
    again = send(prof, assigned, rows)
    assert again.status_code == 422
    assert "changed since" in again.json()["detail"]
    assert len(kept(world)) == 1


def test_new_counting_answer_makes_score_sheet_row_stale(prof, assigned, students):
    rows = sheet(prof, assigned)
    row_of(rows, students[0], "second")["points"] = "1"
    students[0].submit(assigned[0], {"second": "18"})
    assert send(prof, assigned, rows).status_code == 422


def test_comment_without_points_is_posted_and_changes_no_grade(world, prof, assigned, students):
    rows = sheet(prof, assigned)
    row_of(rows, students[0], "why")["comment"] = "Well put."
    assert send(prof, assigned, rows).json()["grades"] == 0
    [comment] = kept(world, Comment)
    assert (comment.text, comment.public, comment.author_id) == ("Well put.", True, prof.id)
    assert row_of(sheet(prof, assigned), students[0], "why")["old_comment"] == "Well put."
    assert send(prof, assigned, rows).status_code == 422
    assert kept(world) == []


def test_score_sheet_with_decimal_commas_round_trips(world, prof, assigned, students):
    rows = sheet(prof, assigned, style="comma")
    row_of(rows, students[0], "first")["points"] = "2,5"
    told = send(prof, assigned, rows, delimiter=";", style="comma").json()
    assert told["changes"][0]["after"] == 2.5
    assert len(kept(world)) == 1


@pytest.mark.parametrize("text", ["", "a,b\r\n1,2\r\n", "submission_id\r\n\0", "\ufeff;;;"])
def test_invalid_score_sheet_is_rejected(prof, assigned, text):
    answer = post(prof, assigned, text)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_score_sheet_size_limit_allows_several_megabytes(prof, assigned):
    assert post(prof, assigned, "x" * 6_000_000).status_code == 422
    assert post(prof, assigned, "x" * 21_000_000).status_code == 413


def test_score_sheet_omits_voided_parts(world, prof, assigned, students):
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned[0].id).voided = {
            "first": "out",
            "second": "full",
        }
    assert {one["part"] for one in sheet(prof, assigned)} == {"second", "why"}
    assert students
