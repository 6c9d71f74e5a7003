"""Preparation before the service starts: schema, problems, and the demo course."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from logging import getLogger
from typing import Final
from uuid import UUID

from rich.progress import Progress

from api.auth.sessions import is_on_this_machine
from api.cli.output import console
from api.config.settings import Settings
from api.core.clock import Clock, system_clock
from api.core.worker_pool import WorkerPool
from api.db.engine import Database
from api.db.migrations import schema_state, upgrade
from api.db.wait_for_database import wait_for
from api.demo.course import find_demo, make_demo
from api.demo.logins import end_logins, fresh_logins
from api.demo.plan import Planned, planned, problems_of
from api.demo.welcome import Welcome, welcome
from api.services.problems.bank import publish_bank
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from api.state import passwords_of
from migrations.losses import LossError
from problems.catalogue import Catalogue

__all__ = ["NEWER", "OLDER", "StartError", "end_demo", "prepare"]

OLDER: Final = "The database does not have the schema of this version. Run: grader db upgrade"
NEWER: Final = (
    "The database was written by a newer version of Grader. Install that version, or set "
    "GRADER_DATABASE to another database."
)
WEAK: Final = (
    "PostgreSQL runs with {told}: what people were told is stored could be lost. Set it to on, in "
    "postgresql.conf or by ALTER SYSTEM, ALTER DATABASE or ALTER ROLE, and start again."
)
PUBLIC_DEMO: Final = (
    "GRADER_DEMO is set, and {name} says that others reach the service: {value}. A demo prints its "
    "passwords at the start. Leave GRADER_DEMO out, or serve the demo on this machine alone, with "
    "GRADER_PUBLIC_URL=http://127.0.0.1:PORT and without GRADER_HOSTS."
)
EMPTY: Final = "GRADER_BANK: %s holds no problem; courses have only what their staff upload"
WORKERS: Final = 4

DEMO_ENDED: Final = "GRADER_DEMO is off: the log-ins of %d accounts of the demo course have ended"

log = getLogger("api.starting")


class StartError(Exception):
    """The service cannot start; the message is for the operator."""


def prepare(
    settings: Settings, *, clock: Clock = system_clock, is_worker: bool = False
) -> Welcome | None:
    """Prepare the database for serving; return the welcome of the demo, if there is one.

    A worker leaves the demo to the service. Raises `StartError` if the database cannot be used.
    """
    makes_demo = settings.demo and not is_worker
    if makes_demo:
        _check_private(settings)
    catalogue = Catalogue.of(settings.bank)
    if not catalogue.ids:
        log.warning(EMPTY, settings.bank)
    db = Database(settings.database)
    try:
        wait_for(db, settings.database_wait)
        _check_durable(db)
        _check_schema(db, migrates=makes_demo or db.is_sqlite)
        if makes_demo:
            return _demo(db, catalogue, settings, now=clock())
        if not is_worker:
            end_demo(db, now=clock())
        return None
    finally:
        db.close()


def _check_private(settings: Settings) -> None:
    """Raise `StartError` if others could log in to the demo."""
    names = [("GRADER_PUBLIC_URL", settings.public_url, settings.public_url)]
    names += [("GRADER_HOSTS", host, f"http://{host}") for host in settings.hosts]
    for name, value, address in names:
        if not is_on_this_machine(address):
            raise StartError(PUBLIC_DEMO.format(name=name, value=value))


def end_demo(db: Database, *, now: datetime) -> None:
    """End the log-ins of a demo course from an earlier start."""
    with db.transaction() as session:
        course = find_demo(session)
        ended = 0 if course is None else end_logins(session, course.id, now=now)
    if ended:
        log.warning(DEMO_ENDED, ended)


def _check_durable(db: Database) -> None:
    """Raise `StartError` if the database may lose confirmed data."""
    unsafe = db.unsafe_settings()
    if unsafe:
        raise StartError(WEAK.format(told=" and ".join(f"{name} = off" for name in unsafe)))


def _check_schema(db: Database, *, migrates: bool) -> None:
    state = schema_state(db)
    if state == "newer":
        raise StartError(NEWER)
    if state != "current" and not migrates:
        raise StartError(OLDER)
    if state != "current":
        try:
            upgrade(db)
        except LossError as error:
            raise StartError(str(error)) from error


def _demo(
    db: Database, catalogue: Catalogue, settings: Settings, *, now: datetime
) -> Welcome | None:
    with db.reading() as session:
        found = find_demo(session)
        course_id = found.id if found is not None else None
    if course_id is None:
        course_id = _made(db, catalogue, settings, now=now)
    logins = fresh_logins(db, course_id, passwords=passwords_of(settings), now=now)
    return welcome(db, course_id, logins, now=now)


def _made(db: Database, catalogue: Catalogue, settings: Settings, *, now: datetime) -> UUID:
    """Publish the problems of the demo, create its course, and return the course id."""
    plan = planned(catalogue.ids)
    with _workers() as executor:
        _publish(db, catalogue, executor, plan=plan, seeds=settings.seeds, now=now)
        with _shown("Making the demo course") as progress:
            return make_demo(
                db,
                plan,
                executor,
                students=settings.demo_students,
                now=now,
                progress=lambda at, of: progress("", at, of),
            )


def _publish(
    db: Database,
    catalogue: Catalogue,
    executor: Executor,
    *,
    plan: Sequence[Planned],
    seeds: int,
    now: datetime,
) -> None:
    with _shown("Publishing the problems of the demo") as progress:
        report = publish_bank(
            db,
            catalogue,
            executor,
            seeds=seeds,
            now=now,
            only=problems_of(plan),
            progress=progress,
        )
    if report.failed:
        first = report.failed[0]
        raise StartError(f"{first.id} cannot be published: {'; '.join(first.errors[:3])}")


@contextmanager
def _workers() -> Iterator[WorkerPool]:
    count = min(os.cpu_count() or 1, WORKERS)
    pool = WorkerPool(count, deadline_seconds=OPERATOR_DEADLINE_SECONDS)
    try:
        yield pool
    finally:
        pool.kill()


@contextmanager
def _shown(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Print *title*; on a terminal also display a progress bar."""
    sys.stdout.write(f"{title} ...\n")
    sys.stdout.flush()
    err = console.ERR
    with Progress(console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=1)
        yield lambda _name, at, of: bar.update(task, completed=at / of)
