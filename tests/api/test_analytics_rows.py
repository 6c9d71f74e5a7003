"""Tests that statistics are aggregated in SQL: 500 students read as many rows as 50."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from analytics_course import (
    POWERS,
    RIGHT,
    ROOTS,
    WRITTEN,
    WRONG,
    AnalyticsCourse,
    assert_ok,
    find_part,
)
from sqlalchemy import select
from sqlalchemy.engine.cursor import CursorFetchStrategy
from student_copies import copy_students

from api.db.models import User

DUE = {"due": "2026-11-03 12:00"}
SEARCH = ("512", "768", "640", "704", "672", "688")


@contextmanager
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Yield a list that records how many rows each database fetch returns."""
    found: list[int] = []

    def counted(name: str, fetch: Callable[..., Any]) -> Callable[..., Any]:
        def count(*given: Any, **more: Any) -> Any:
            rows = fetch(*given, **more)
            found.append(int(rows is not None) if name == "fetchone" else len(rows))
            return rows

        return count

    with monkeypatch.context() as patched:
        for name in ("fetchone", "fetchmany", "fetchall"):
            own = counted(name, getattr(CursorFetchStrategy, name))
            patched.setattr(CursorFetchStrategy, name, own)
        yield found


def busy(world) -> tuple[AnalyticsCourse, list[Any]]:
    """Return a class of 10 with every kind of answer; one problem has individual variants."""
    group = AnalyticsCourse(world, 10)
    shared = world.assignment(group.course, POWERS, WRITTEN, timeline_spec=DUE)
    [own] = world.assignment(group.course, ROOTS, variants="each", by_attempt=["1", "0.5"])
    numbers = group.draw(own, *[0, 1, 2, 3, 0, 1, 2, 3, 0, 1])
    group.hand_in(shared[0], *[RIGHT] * 3, *[RIGHT | {"square": "20"}] * 3, *[WRONG] * 3)
    group.hand_in(shared[0], *[{"square": "200"}] * 3, None, *[RIGHT] * 4)
    group.hand_in(shared[1], *[RIGHT | {"why": "So."}] * 6)
    group.hand_in(own, *[{"square": str(2 * n), "cube": str(n**3)} for n in numbers])
    group.hand_in(own, *[{"cube": str(n**3)} for n in numbers[1:]])
    for value in SEARCH:
        assert_ok(group.students[-1].submit(own, {"next": value}))
    world.clock.advance(days=2)
    return group, [*shared, own]


def test_analytics_read_as_many_rows_for_500_students_as_for_50(world, monkeypatch):
    monkeypatch.setattr(
        "api.services.analytics.timed_cache.MIN_COMPUTE_SECONDS", 3600
    )  # nothing is kept
    group, assigned = busy(world)
    ask: dict[str, Callable[[], Any]] = {
        "course": group.of_course,
        "attention": lambda: assert_ok(group.staff.get(f"/courses/{group.course}/attention")),
        "assignment": lambda: group.of(assigned[0]),
        "by best": lambda: group.of(assigned[0], attempt="best"),
        "problem": lambda: group.of_problem(assigned[0]),
        "numbers for each": lambda: group.of_problem(assigned[2]),
    }
    students, found = [one.id for one in group.students], []
    for times, size in ((4, 50), (45, 500)):
        copy_students(world, students, times=times)
        assert group.of(assigned[0])["students"] == size
        rows = {}
        for name, call in ask.items():
            with fetched(monkeypatch) as counts:
                call()
            rows[name] = sum(counts)
        found.append(rows)
    small, large = found
    # Of searches the answers of 50 students are listed, and those are read.
    searched = large.pop("numbers for each") - small.pop("numbers for each")
    assert large == small
    assert searched <= 100 * len(SEARCH) * 2
    assert max(large.values()) < 400


def test_row_counter_counts_fetched_rows(world, monkeypatch):
    group = AnalyticsCourse(world, 7)
    with fetched(monkeypatch) as counts, world.db.reading() as session:
        assert len(session.scalars(select(User.id)).all()) == len(group.students) + 1
    assert sum(counts) == len(group.students) + 1


def test_only_the_largest_wrong_answer_groups_are_read(world, monkeypatch):
    monkeypatch.setattr("api.services.analytics.wrong_answers.MAX_GROUPS", 3)
    group = AnalyticsCourse(world, 9)
    [assigned] = world.assignment(group.course, POWERS)
    typed = ("7", "7", "8", "9", "11", "12", "13", "100", "20")
    group.hand_in(assigned, *[{"square": one} for one in typed])
    wrong = find_part(group.of_problem(assigned), "square")["wrong"]
    assert (wrong["n"], wrong["right"], wrong["wrong"]) == (9, 1, 8)
    shown = [(one["shown"], one["count"]) for one in wrong["groups"]]
    assert (shown[0], shown[-1], len(shown)) == (("7", 2), ("20", 1), 4)
    assert wrong["left_off"] == 3
    assert wrong["groups"][0]["share_of_wrong"] == 0.25
