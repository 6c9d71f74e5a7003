"""Durability test for operators: scratch database, service, clients and kills."""

from contextlib import closing
from typing import Final

from api.core.clock import system_clock
from api.core.errors import FileError
from api.db.engine import Database
from api.durability_test.killing import Report, kill_under_load
from api.durability_test.scene import make_scene, write_bank
from api.durability_test.scratch import scratch
from api.durability_test.service import NotUpError, Service, environment

__all__ = ["try_durability"]

STUDENTS: Final = 200
STUDENTS_PER_SECOND: Final = 4


def try_durability(url: str, *, seconds: float, seed: int) -> Report:
    """Kill a service on a scratch database beside that of *url*, and return the report.

    Raises `FileError` if no such database is possible or no service starts on it.
    """
    students = STUDENTS + int(seconds * STUDENTS_PER_SECOND)
    with scratch(url) as (made, folder), closing(Database(made)) as db:
        scene = make_scene(db, students=students, now=system_clock())
        service = Service(environment(made, write_bank(folder / "bank")), folder)
        try:
            return kill_under_load(db, scene, [service], seconds=seconds, seed=seed)
        except NotUpError as error:
            raise FileError(f"the service does not start: {error}") from error
