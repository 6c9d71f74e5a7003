"""Tests that frequent queries find their rows by an index, on either database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from actors import Person, ProblemReference
from query_plans import find_class_scans, find_full_scans, find_lookups, record_statements
from regrading import OTHER_KEY
from world import World

ANSWERS = {"cells": "8", "doubled": "16", "why": "Fewer."}


@dataclass
class Class:
    """Class in which some students have submitted, and one has not."""

    world: World
    assigned: ProblemReference
    course: str
    ada: Person
    bob: Person
    staff: Person


def of_class(world: World) -> Class:
    course = world.course()
    [assigned] = world.assignment(course)
    staff = world.enrol(course, "Iris", role="instructor")
    people = [world.enrol(course, f"Student {number}") for number in range(4)]
    for person in people[1:]:
        person.get(assigned.path)
        assert person.submit(assigned, ANSWERS).status_code == 201
    return Class(world, assigned, str(course), people[1], people[0], staff)


@pytest.fixture(scope="module")
def here(shared_database_url: str) -> Iterator[Class]:
    world = World(shared_database_url)
    yield of_class(world)
    world.close()


def submit(one: Class, **more: Any) -> Any:
    return one.ada.submit(one.assigned, ANSWERS | {"cells": str(len(more))}, **more)


def submit_cold(one: Class) -> Any:
    return one.bob.submit(one.assigned, ANSWERS)


def gone_over(one: Class) -> Any:
    """Regrade the problem: dry run, apply, undo."""
    run = one.staff.post(f"{one.assigned.path}/regrades", {"version": OTHER_KEY}).json()
    one.world.service.regrades.run_until_idle()
    for act in ("apply", "undo"):
        one.staff.post(f"/regrades/{run['id']}/{act}", {})
        one.world.service.regrades.run_until_idle()
    return one.staff.get(f"/regrades/{run['id']}")


def marked(one: Class) -> Any:
    part = f"/assignments/{one.assigned.assignment}/review/{one.assigned.slug}/why"
    taken = one.staff.post(f"{part}/next", {})
    at, held = taken.json()["item"]["answer"], {"If-Match": taken.headers["ETag"]}
    return one.staff.put(f"/answers/{at}/mark", {"credit": "1"}, headers=held)


def replayed(one: Class) -> Any:
    return [one.ada.submit(one.assigned, {"cells": "7"}, key="again") for _ in "ab"][1]


OF_ONE: dict[str, Callable[[Class], Any]] = {
    "submit": submit,
    "submit, by who comes first": submit_cold,
    "submit again": replayed,
    "draft": lambda one: one.ada.put(f"{one.assigned.path}/draft", {"answers": {"cells": "9"}}),
    "problem": lambda one: one.ada.get(one.assigned.path),
    "submissions": lambda one: one.ada.get(f"{one.assigned.path}/submissions"),
    "my assignments": lambda one: one.ada.get("/me/assignments"),
    "my grades": lambda one: one.ada.get(f"/courses/{one.course}/grades"),
}
"""Requests that students make."""
OF_ALL: dict[str, Callable[[Class], Any]] = {
    "gradebook": lambda one: one.staff.get(f"/courses/{one.course}/gradebook"),
    "attention": lambda one: one.staff.get(f"/courses/{one.course}/attention"),
    "course": lambda one: one.staff.get(f"/courses/{one.course}/analytics"),
    "assignment": lambda one: one.staff.get(f"/assignments/{one.assigned.assignment}/analytics"),
    "items": lambda one: one.staff.get(f"{one.assigned.path}/analytics"),
    "review": lambda one: one.staff.get(f"/assignments/{one.assigned.assignment}/review"),
    "mark": marked,
    "audit": lambda one: one.staff.get(f"/courses/{one.course}/audit"),
    "regrade": gone_over,
}
"""Requests that staff make about a whole class."""


@pytest.mark.parametrize("call", [*OF_ONE, *OF_ALL])
def test_request_scans_no_growing_table(here: Class, call: str) -> None:
    engine = here.world.db.engine
    with record_statements(engine) as statements:
        answer = (OF_ONE | OF_ALL)[call](here)
    assert answer.status_code < 300, answer.text
    found = find_lookups(engine, statements)
    assert found
    assert not find_full_scans(found)
    # Of a handful of rows PostgreSQL takes any index; SQLite reckons with a large table.
    assert not (here.world.db.is_sqlite and call in OF_ONE and find_class_scans(found))


def test_regrade_chunk_counts_only_submissions_of_its_students(here: Class) -> None:
    engine = here.world.db.engine
    with record_statements(engine) as statements:
        gone_over(here)
    counts = {text: given for text, given in statements.items() if "count(submissions.id)" in text}
    of_chunks = {text: given for text, given in counts.items() if "regrade_students" in text}
    found = [one for one in find_lookups(engine, of_chunks) if one.table == "submissions"]
    assert found
    # Of a handful of rows PostgreSQL takes any index; SQLite reckons with a large table.
    if here.world.db.is_sqlite:
        assert all("student_id" in one.columns for one in found)


@pytest.mark.parametrize(
    ("statement", "by"),
    [
        ("SELECT id FROM answers WHERE shown = '9'", set()),
        ("SELECT id FROM answers AS answers_1 WHERE shown = '9'", set()),
        (
            "SELECT shown FROM answers WHERE submission_id = '00000000000000000000000000000000'",
            {"submission_id"},
        ),
        ("UPDATE standings SET waiting = waiting WHERE score = '1'", set()),
    ],
)
def test_lookup_report_names_the_columns_a_statement_searches_by(
    here: Class, statement: str, by: set[str]
) -> None:
    [found] = find_lookups(here.world.db.engine, {statement: ()})
    assert found.table in {"answers", "standings"}
    assert by <= found.columns or not by
    assert bool(find_full_scans([found])) is not bool(by)
