"""Tests of the gradebook: cell states, sorting, filters and query cost."""

import json
from datetime import timedelta
from fractions import Fraction

import pytest
from grade_setup import (
    CATEGORIES,
    CLOSED,
    SHORT,
    excuse_student,
    get_cell,
    get_gradebook,
    override_grade,
    retitle_assignment,
)
from sqlalchemy import event
from world import TEXT_PROBLEM, points

from api.db.models import Extension, User
from grader.policy import format_ungraded_points


@pytest.fixture
def course(world):
    return world.course(categories=CATEGORIES, late_day_budget=0)


def test_missing_work_is_blank_until_closed_and_then_counts_as_zero(world, course, prof):
    [assigned] = world.assignment(course, SHORT, timeline_spec=CLOSED, category="Exam")
    idle, extended = world.enrol(course, "Idle One"), world.enrol(course, "Extended One")
    with world.session() as session:
        session.add(
            Extension(
                course_id=course,
                assignment_id=assigned.assignment,
                student_id=extended.id,
                spec={"due": "2026-11-03 13:00"},
                created_by=prof.id,
                created_at=world.clock(),
            )
        )
    world.clock.advance(hours=3)
    told = get_gradebook(prof, course)
    for person in (idle, extended):
        assert (get_cell(told, person)["score"], get_cell(told, person)["missing"]) == (None, False)
    assert told["columns"][0]["summary"]["counted"] == 0
    assert [row["percent"] for row in told["items"]] == [None, None]
    world.clock.advance(microseconds=1)
    told = get_gradebook(prof, course)
    assert (get_cell(told, idle)["score"], get_cell(told, idle)["missing"]) == (0, True)
    assert (get_cell(told, extended)["score"], get_cell(told, extended)["missing"]) == (None, False)
    summary = told["columns"][0]["summary"]
    assert (summary["counted"], summary["mean"], summary["below"]) == (1, 0, 1)
    assert {row["user"]: row["percent"] for row in told["items"]} == {
        str(idle.id): 0,
        str(extended.id): None,
    }


def test_gradebook_distinguishes_late_waiting_excused_and_overridden_scores(world, course, prof):
    [assigned] = world.assignment(course, TEXT_PROBLEM, timeline_spec=CLOSED, category="Exam")
    late, waiting, excused, by_hand = (world.enrol(course, f"Student {at}") for at in range(4))
    waiting.submit(assigned, {"why": "Fewer parameters."})
    excused.submit(assigned, {"cells": "9"})
    world.clock.advance(hours=2)
    late.submit(assigned, {"cells": "9"})
    excuse_student(world, assigned, excused, prof)
    override_grade(world, assigned, by_hand, prof, Fraction(7))
    world.clock.advance(days=1)
    told = get_gradebook(prof, course)
    flags = ("late", "waiting", "excused", "overridden", "missing")
    for person, flag in zip((late, waiting, excused, by_hand), flags, strict=False):
        found = get_cell(told, person)
        assert [name for name in flags if found[name]] == [flag]
    scores = [get_cell(told, one)["score"] for one in (late, waiting, excused, by_hand)]
    assert scores == [1, 0, None, 7]
    summary = told["columns"][0]["summary"]
    assert (summary["counted"], summary["late"], summary["excused"]) == (3, 1, 1)


def test_ungraded_points_are_excluded_from_totals_and_counted_as_waiting(world, course, prof):
    [first, second] = (
        *world.assignment(course, SHORT, category="Exam"),
        *world.assignment(course, TEXT_PROBLEM, category="Exam"),
    )
    person = world.enrol(course, "Ann")
    person.submit(first, {"first": "9", "second": "1"})
    person.submit(second, {"cells": "9", "doubled": "18", "why": "Fewer parameters."})
    [row] = get_gradebook(prof, course)["items"]
    assert [(one["score"], one["possible"], one["waiting_points"]) for one in row["cells"]] == [
        (3, 8, 0),
        (4, 8, 4),
    ]
    assert (points(row["percent"]), row["waiting_points"]) == (Fraction(700, 12), 4)
    own = person.get(f"/courses/{course}/grades").json()
    for told in (own, prof.get(f"/courses/{course}/students/{person.id}/grades").json()):
        assert (points(told["percent"]), told["waiting_points"]) == (Fraction(700, 12), 4)
        assert told["assignments"][1]["waiting_points"] == 4
        said = f"without {format_ungraded_points(Fraction(4))}"
        assert any(said in line["words"] for line in told["explain"])
    files = f"/courses/{course}/exports"
    [*_, total, waits] = prof.get(f"{files}/csv").text.splitlines()[1].split(",")
    assert (total, waits) == ("58.333333", "4")
    [line] = prof.get(f"{files}/jsonl").text.splitlines()
    assert [one["waiting_points"]["number"] for one in json.loads(line)["assignments"]] == [0, 4]


def test_gradebook_excludes_test_students_and_withdrawn_students(world, course, prof):
    [assigned] = world.assignment(course, SHORT)
    kept, test, left = (world.enrol(course, name) for name in ("Kept", "Test", "Left"))
    for person in (kept, test, left):
        person.submit(assigned, {"first": "9", "second": "18"})
    world.set_enrolment(test, is_test=True)
    world.set_enrolment(left, withdrawn_at=world.clock())
    told = get_gradebook(prof, course)
    assert [row["name"] for row in told["items"]] == ["Kept"]
    assert (told["students"], told["columns"][0]["summary"]["counted"]) == (1, 1)


def test_score_equal_to_the_threshold_is_not_below_it(world, course, prof):
    [assigned] = world.assignment(course, SHORT, category="Exam")
    for name, answers in (("A", {"first": "9"}), ("B", {"second": "18"}), ("C", {"first": "1"})):
        world.enrol(course, name).submit(assigned, answers)
    counts = {
        share: get_gradebook(prof, course, below=share)["columns"][0]["summary"]["below"]
        for share in (0, 37, 38, 62, 63, 100)
    }
    # Scores of 3, 5 and 0 out of 8: 37.5, 62.5 and 0 percent.
    assert counts == {0: 0, 37: 1, 38: 2, 62: 2, 63: 3, 100: 3}
    override_grade(world, assigned, world.enrol(course, "D"), prof, Fraction(4))
    assert get_gradebook(prof, course, below=50)["columns"][0]["summary"]["below"] == 2


@pytest.mark.parametrize(
    ("below", "listed"), [(0, []), (37, ["Cy"]), (38, ["ann", "Cy"]), (100, ["ann", "Bo", "Cy"])]
)
def test_only_students_below_the_threshold_are_listed(world, course, prof, below, listed):
    [assigned] = world.assignment(course, SHORT, category="Exam", timeline_spec=CLOSED)
    for name, answers in (
        ("ann", {"first": "9"}),  # 3 of 8 points
        ("Bo", {"second": "18"}),  # 5 of 8 points
        ("Cy", {"first": "1"}),  # 0 of 8 points
    ):
        world.enrol(course, name).submit(assigned, answers)
    world.clock.advance(days=30)
    every_row, rows = (
        get_gradebook(prof, course, below=below, only_below=only) for only in (False, True)
    )
    assert [row["name"] for row in rows["items"]] == listed
    assert rows["total"]["below"] == len(listed)
    assert (rows["students"], rows["total"]) == (3, every_row["total"])
    first = get_gradebook(prof, course, below=100, only_below=True, limit=2)
    rest = get_gradebook(prof, course, below=100, only_below=True, limit=2, cursor=first["next"])
    assert [row["name"] for row in (*first["items"], *rest["items"])] == ["ann", "Bo", "Cy"]


def test_student_without_a_course_percentage_is_not_below_the_threshold(world, course, prof):
    world.assignment(course, SHORT)
    world.enrol(course, "Ann")
    assert get_gradebook(prof, course, below=100, only_below=True)["items"] == []


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("by", ["name", "section", "total", "assignment"])
def test_gradebook_pages_form_the_sorted_list(world, course, prof, by, direction):
    [assigned] = world.assignment(course, SHORT, category="Exam")
    sections = [world.section(course, name) for name in ("Mo", "Fr")]
    for at, name in enumerate(("b", "A", "c", "A", "e")):
        person = world.enrol(course, name, section=sections[at % 2] if at else None)
        if at:
            person.submit(assigned, {"first": "9"} if at % 2 else {"first": "1"})
    sort = str(assigned.assignment) if by == "assignment" else by
    whole = get_gradebook(prof, course, sort=sort, dir=direction)
    keys = {
        "name": lambda row: row["name"].casefold(),
        "section": lambda row: (row["section_name"].casefold(), row["name"].casefold()),
        "total": lambda row: -1 if row["percent"] is None else points(row["percent"]),
        "assignment": lambda row: (
            points(row["cells"][0]["score"] or 0) if row["cells"][0]["score"] is not None else -1
        ),
    }
    shown = [keys[by](row) for row in whole["items"]]
    assert shown == sorted(shown, reverse=direction == "desc")
    found, query = [], {"sort": sort, "dir": direction, "limit": 2}
    while True:
        page = get_gradebook(prof, course, **query)
        assert page["columns"] == whole["columns"]
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert found == whole["items"]


@pytest.mark.parametrize("by", ["name", "total"])
def test_grouped_summaries_match_the_individual_rows(world, course, prof, by):
    first, second, closed = (
        *world.assignment(course, SHORT, category="Exam"),
        *world.assignment(course, SHORT, category="Exam"),
        *world.assignment(course, SHORT, category="Exam", timeline_spec=CLOSED),
    )
    extended = world.section(course, "Mo")
    people = [
        world.enrol(course, f"Student {at}", section=extended if at % 3 == 0 else None)
        for at in range(8)
    ]
    for at, person in enumerate(people[:6]):  # equal grades, but in different assignments
        person.submit((first, second)[at % 2], {"first": "9"})
    excuse_student(world, first, people[6], prof)
    with world.session() as session:
        for owner in ({"section_id": extended}, {"student_id": people[7].id}):
            session.add(
                Extension(
                    course_id=course,
                    assignment_id=closed.assignment,
                    spec={"due": "2026-12-03 13:00"},
                    created_by=prof.id,
                    created_at=world.clock(),
                    **owner,
                )
            )
    world.clock.advance(hours=4)
    told = get_gradebook(prof, course, sort=by)
    columns = [[row["cells"][at] for row in told["items"]] for at in range(3)]
    for column, cells in zip(told["columns"], columns, strict=True):
        scores = [points(cell["score"]) for cell in cells if cell["score"] is not None]
        summary = column["summary"]
        assert summary["counted"] == len(scores)
        assert summary["mean"] == pytest.approx(float(sum(scores) / len(scores)))
        for flag in ("missing", "excused"):
            assert summary[flag] == sum(cell[flag] for cell in cells)
    assert [column["summary"]["counted"] for column in told["columns"]] == [3, 3, 4]
    assert columns[2][0]["missing"] is False
    percents = [points(row["percent"]) for row in told["items"] if row["percent"] is not None]
    assert told["total"]["counted"] == len(percents)
    assert told["total"]["mean"] == pytest.approx(float(sum(percents) / len(percents)), abs=1e-5)


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "shoe size"},
        {"sort": "00000000-0000-0000-0000-000000000001"},
        {"below": "101"},
        {"only_below": "perhaps"},
        {"dir": "up"},
        {"cursor": "nonsense"},
        {"text": "a\0b"},
    ],
)
def test_invalid_gradebook_filters_are_rejected(course, prof, query):
    answer = prof.get(f"/courses/{course}/gradebook", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_cursor_of_another_sort_order_is_rejected(world, course, prof):
    for name in ("A", "B"):
        world.enrol(course, name)
    following = get_gradebook(prof, course, limit=1)["next"]
    answer = prof.get(f"/courses/{course}/gradebook", params={"cursor": following, "dir": "desc"})
    assert answer.status_code == 422


def test_filters_narrow_rows_and_summaries(world, course, prof):
    [assigned] = world.assignment(course, SHORT, category="Exam")
    section = world.section(course, "Mo")
    one = world.enrol(course, "Ann 100%", section=section)
    two = world.enrol(course, "Bob_1")
    one.submit(assigned, {"first": "9"})
    two.submit(assigned, {"second": "18"})
    for query, names in (
        ({"section": str(section)}, ["Ann 100%"]),
        ({"text": "0%"}, ["Ann 100%"]),
        ({"text": "b_"}, ["Bob_1"]),
        ({"text": "_"}, ["Bob_1"]),
        ({"text": "EXAMPLE.EDU"}, ["Ann 100%", "Bob_1"]),
        ({"text": "nobody"}, []),
    ):
        told = get_gradebook(prof, course, **query)
        assert [row["name"] for row in told["items"]] == names
        assert told["columns"][0]["summary"]["counted"] == len(names)
    with world.session() as session:
        session.get_one(User, two.id).student_number = "s4711"
    assert [row["name"] for row in get_gradebook(prof, course, text="4711")["items"]] == ["Bob_1"]


def test_gradebook_query_count_does_not_grow_with_students_or_assignments(world, course, prof):
    statements = []
    event.listen(world.db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    counts = []
    for size in (1, 6):
        for at in range(size):
            [assigned] = world.assignment(course, SHORT, category="Exam")
            student = world.enrol(course, f"Student {size} {at}")
            student.submit(assigned, {"first": "9"})
            override_grade(world, assigned, student, prof, Fraction(at))
        get_gradebook(prof, course)
        statements.clear()
        get_gradebook(prof, course)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_excused_problem_is_excluded_from_possible_points(world, course, prof):
    first, second = world.assignment(course, SHORT, TEXT_PROBLEM, category="Exam")
    student = world.enrol(course)
    student.submit(first, {"first": "9", "second": "18"})
    assert get_cell(get_gradebook(prof, course), student)["possible"] == 16
    excuse_student(world, first, student, prof, problem=second.id)
    found = get_cell(get_gradebook(prof, course), student)
    assert (found["score"], found["possible"], found["excused"]) == (8, 8, False)
    assert get_gradebook(prof, course)["items"][0]["percent"] == 100


def test_gradebook_omits_unpublished_and_deleted_assignments(world, course, prof):
    world.assignment(course, SHORT, published=False)
    [gone] = world.assignment(course, SHORT)
    retitle_assignment(world, gone, "Gone", deleted_at=world.clock() - timedelta(hours=1))
    assert get_gradebook(prof, course)["columns"] == []
