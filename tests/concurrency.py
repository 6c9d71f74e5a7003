"""Helpers that pause work at a point, so that a test can run something else meanwhile."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from typing import Any

from regrading import read_grades
from sqlalchemy import text
from world import Person, ProblemReference, World

from api.services.grades import GradeCause, recompute_student_grades

__all__ = ["TIMEOUT_SECONDS", "Breakpoint", "assert_grades_are_current", "wait_until_blocked"]

TIMEOUT_SECONDS = 30
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Breakpoint:
    """Breakpoint that blocks the first thread to reach it until `go` is called."""

    def __init__(self) -> None:
        self._reached, self._goes = Event(), Event()

    def after(self, own: Callable[..., Any]) -> Callable[..., Any]:
        """Return a wrapper of *own* that blocks after the call."""

        def stopped(*given: Any, **more: Any) -> Any:
            found = own(*given, **more)
            self.here()
            return found

        return stopped

    def here(self) -> None:
        """Block if no thread has been blocked before."""
        if not self._reached.is_set():
            self._reached.set()
            assert self._goes.wait(TIMEOUT_SECONDS)

    def wait(self) -> None:
        """Wait until a thread reaches the breakpoint."""
        assert self._reached.wait(TIMEOUT_SECONDS)

    def go(self) -> None:
        """Release the blocked thread."""
        self._goes.set()


def wait_until_blocked(world: World, work: Future[Any]) -> None:
    """Wait until *work* is done or waits for a database lock.

    SQLite cannot report waiting, and need not: the second writer waits for the file.
    """
    until = time.monotonic() + TIMEOUT_SECONDS
    while not (work.done() or world.db.is_sqlite or _is_waiting(world)):
        assert time.monotonic() < until, "nobody waits for anybody"
        time.sleep(0.01)


def _is_waiting(world: World) -> bool:
    with world.db.reading() as session:
        return bool(session.scalar(WAITING))


def assert_grades_are_current(world: World, problem: ProblemReference, *students: Person) -> None:
    """Assert that recomputing the students' grades changes nothing."""
    found = read_grades(world, problem)
    with world.session() as session:
        cause = GradeCause("settings", None, None, world.clock())
        recompute_student_grades(
            session, problem.assignment, [one.id for one in students], cause=cause
        )
    assert found == read_grades(world, problem)
