"""Helpers that pause work at a point, so that a test can run something else meanwhile."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from typing import Any

from regrading import marks
from sqlalchemy import text
from world import Person, Posing, World

from api.services.grades import GradeCause, recompute_student_grades

__all__ = ["PATIENCE", "Stop", "assert_nothing_left_out", "until_it_waits"]

PATIENCE = 30
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Stop:
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
            assert self._goes.wait(PATIENCE)

    def wait(self) -> None:
        """Wait until a thread reaches the breakpoint."""
        assert self._reached.wait(PATIENCE)

    def go(self) -> None:
        """Release the blocked thread."""
        self._goes.set()


def until_it_waits(world: World, work: Future[Any]) -> None:
    """Wait until *work* is done or waits for a database lock.

    SQLite cannot report waiting, and need not: the second writer waits for the file.
    """
    until = time.monotonic() + PATIENCE
    while not (work.done() or world.db.is_sqlite or _is_waiting(world)):
        assert time.monotonic() < until, "nobody waits for anybody"
        time.sleep(0.01)


def _is_waiting(world: World) -> bool:
    with world.db.reading() as session:
        return bool(session.scalar(WAITING))


def assert_nothing_left_out(world: World, problem: Posing, *students: Person) -> None:
    """Assert that recomputing the students' grades changes nothing."""
    found = marks(world, problem)
    with world.session() as session:
        cause = GradeCause("settings", None, None, world.clock())
        recompute_student_grades(
            session, problem.assignment, [one.id for one in students], cause=cause
        )
    assert found == marks(world, problem)
