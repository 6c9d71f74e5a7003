"""Tests of the statistics from SQL aggregates against a loop over every row."""

import random
from dataclasses import asdict, replace
from typing import Any

import pytest
from analytics_course import POWERS, ROOTS, AnalyticsCourse, assert_ok
from statistics_oracle import StatisticsOracle
from student_setup import extend
from world import World

from api.core.ids import new_id
from api.db.models import Excuse

DUE = {"due": "2026-11-03 12:00"}
POINTS = {"square": 2.0, "cube": 3.0, "next": 1.0}
TYPED = {
    "square": ("100", "100", "100", "20", "200", "7", "?"),
    "cube": ("1000", "1000", "7", "30", "8", "?"),
    "next": ("101", "8", "201", "102", "7"),
}
STUDENTS = 26
MEASURED = pytest.mark.parametrize("attempt", ["first", "best"])


@pytest.fixture(scope="module")
def here(shared_database_url):
    """Yield a class and its rows; tests only read them."""
    world = World(shared_database_url)
    yield answered_by_chance(world)
    world.close()


def answered_by_chance(world):
    """Return a class with random answers, some repeated and some missing, and its rows.

    One student is excused from a problem, and another has more time.
    """
    group, chance = AnalyticsCourse(world, STUDENTS), random.Random(7)  # noqa: S311  (the same class each time)
    assigned = world.assignment(group.course, POWERS, ROOTS, timeline_spec=DUE)
    for student in group.students:
        for problem in assigned:
            assert_ok(student.get(problem.path))
            world.clock.advance(seconds=chance.randrange(1, 400))
            for _ in range(chance.choice((0, 1, 1, 2, 3))):
                parts = chance.sample([*TYPED], chance.randint(1, 3))
                told = {part: chance.choice(TYPED[part]) for part in parts}
                assert_ok(student.submit(problem, told))
    excused, slow = group.students[3], group.students[4]
    with world.session() as session:
        at = {"created_by": group.staff.id, "created_at": world.clock()}
        about = {"problem_id": assigned[0].id, "student_id": excused.id}
        session.add(Excuse(id=new_id(), assignment_id=assigned[0].assignment, **about, **at))
    extend(world, group.course, {"due": "2026-12-01 12:00"}, student_id=slow.id)
    world.clock.advance(days=2)
    over = {one.id for one in group.students} - {slow.id}
    return group, assigned, StatisticsOracle(world, assigned, POINTS, over)


def same(told: Any, value: Any) -> None:
    """Assert that *told* equals *value*, with numbers compared to a relative 1e-5."""
    if isinstance(told, dict):
        for name, one in told.items():
            same(one, value[name] if isinstance(value, dict) else getattr(value, name))
    elif isinstance(told, list):
        assert len(told) == len(value)
        for one, other in zip(told, value, strict=True):
            same(one, other)
    elif told is None or value is None:
        assert told is value
    else:
        assert told == pytest.approx(value, rel=1e-5, abs=1e-9)


@MEASURED
def test_assignment_statistics_match_the_oracle(here, attempt):
    group, assigned, rows = here
    told = group.of(assigned[0], attempt=attempt)
    right = replace(rows, best=attempt == "best").figures()
    parts = [part for one in told["problems"] for part in one["parts"]]
    same([part["item"] for part in parts], [*right["parts"]])
    same([one["item"] for one in told["problems"]], [*right["problems"]])
    same(told["scores"], right["scores"])
    same(told["reliability"], right["reliability"])
    same([part["gain"] for part in parts], right["gains"])
    same([one["time"] for one in told["problems"]], right["times"])
    for part, attempts in zip(parts, right["attempts"], strict=True):
        found = {one["attempt"]: one["count"] for one in part["attempts"]["by_attempt"]}
        assert found | {None: part["attempts"]["never"]} == {None: 0} | dict(attempts)
    assert any(part["item"]["efficiency"] != 100 for part in parts)
    assert not told["blank_is_zero"]


@MEASURED
@pytest.mark.parametrize("problem", [0, 1])
def test_wrong_answer_groups_match_the_oracle(here, problem, attempt):
    group, assigned, rows = here
    rows = replace(rows, best=attempt == "best")
    for number, part in enumerate(group.of_problem(assigned[problem], attempt=attempt)["parts"]):
        expected = rows.groups(len(POINTS) * problem + number)
        found = {
            one["value"]: (one["count"], one["in_top"], one["mean_total"])
            for one in part["wrong"]["groups"]
        }
        assert found.keys() == expected.keys()
        for value, one in found.items():
            assert one == pytest.approx(expected[value], rel=1e-5)


def test_oracle_data_covers_blanks_zeros_full_marks_and_repeated_attempts(here):
    _, _, rows = here
    points = [one for row in rows.table for one in row]
    assert {None, 0.0, 3.0} <= {*points}
    assert any(len(rows.groups(at)) > 2 for at in range(len(rows.places)))
    assert asdict(rows.figures()["reliability"])["n"] < len(rows.students)
    assert replace(rows, best=True).table != rows.table
