"""Preparation before the service starts: schema, problems, and the demo course."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from ipaddress import ip_address
from logging import getLogger
from typing import Final
from uuid import UUID

from rich.progress import Progress
from sqlalchemy import select

from api.auth.sessions import is_loopback_url
from api.cli.output.terminal import ERR
from api.config.settings import ServiceSettings
from api.core.clock import Clock, system_clock
from api.core.worker_pool import WorkerPool
from api.db.engine import Database
from api.db.migrations import schema_state, upgrade
from api.db.models import User
from api.db.wait_for_database import wait_for_database
from api.demo.course import find_demo_course, get_or_create_demo_course
from api.demo.logins import renew_logins, revoke_logins
from api.demo.plan import PlannedAssignment, collect_problem_ids, limit_plan
from api.demo.welcome import WelcomeMessage, load_welcome
from api.services.problems.bank import publish_bank
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from api.state import create_password_hasher
from migrations.losses import LossError
from problems.catalog import ProblemCatalog

SCHEMA_TOO_OLD_MESSAGE: Final = (
    "The database does not have the schema of this version. Run: grader db upgrade"
)
SCHEMA_TOO_NEW_MESSAGE: Final = (
    "A newer version of Grader wrote the database. Install that version, or set "
    "GRADER_DATABASE to another database."
)
UNSAFE_SETTINGS_MESSAGE: Final = (
    "PostgreSQL runs with {told}: confirmed submissions could be lost. Set it to "
    "on, in postgresql.conf or by ALTER SYSTEM, ALTER DATABASE or ALTER ROLE, "
    "and start again."
)
PUBLIC_DEMO_MESSAGE: Final = (
    "GRADER_DEMO is set, and {name} says that others can reach the service: "
    "{value}. A demo prints its passwords at the start. Remove GRADER_DEMO, or "
    "serve the demo on this machine only, with "
    "GRADER_PUBLIC_URL=http://127.0.0.1:PORT and without GRADER_HOSTS."
)
PUBLIC_DEMO_WARNING: Final = (
    "The demo listens on %s, which other machines may reach. It prints its "
    "passwords at the start. Set GRADER_HOST=127.0.0.1, or publish the port of a "
    "container at 127.0.0.1 only."
)
EMPTY_BANK_WARNING: Final = (
    "GRADER_BANK: %s contains no problem; courses have only the problems that their staff upload"
)
MAX_WORKERS: Final = 4

DEMO_ENDED_WARNING: Final = (
    "GRADER_DEMO is off: the logins of %d accounts of the demo course have ended"
)

NO_ACCOUNT_MESSAGE: Final = (
    "There is no account yet. Create the first administrator in another terminal: "
    'grader user add you@example.edu "Your Name" --admin%s. It prints a login link. To look '
    "around first, run grader serve --demo in an empty folder."
)

log = getLogger("api.starting")


class StartupError(Exception):
    """The service cannot start; the message is for the operator."""


def bootstrap(
    settings: ServiceSettings, *, clock: Clock = system_clock, is_worker: bool = False
) -> WelcomeMessage | None:
    """Prepare the database for serving; return the welcome of the demo, if there is one.

    A worker leaves the demo to the service. Raises `StartupError` if the database cannot be used.
    """
    makes_demo = settings.demo and not is_worker
    if makes_demo:
        _check_demo_is_local(settings)
    catalogue = ProblemCatalog.from_folder(settings.bank)
    if not catalogue.ids:
        log.warning(EMPTY_BANK_WARNING, settings.bank)
    db = Database(settings.database)
    try:
        wait_for_database(db, settings.database_wait)
        _check_durability(db)
        _check_or_upgrade_schema(db, migrates=makes_demo or db.is_sqlite)
        if makes_demo:
            return _prepare_demo(db, catalogue, settings, now=clock())
        if not is_worker:
            end_demo_logins(db, now=clock())
        return None
    finally:
        db.close()


def _check_demo_is_local(settings: ServiceSettings) -> None:
    """Raise `StartupError` if others could log in to the demo."""
    names = [("GRADER_PUBLIC_URL", settings.public_url, settings.public_url)]
    names += [("GRADER_HOSTS", host, f"http://{host}") for host in settings.hosts]
    for name, value, address in names:
        if not is_loopback_url(address):
            raise StartupError(PUBLIC_DEMO_MESSAGE.format(name=name, value=value))


def warn_if_demo_is_public(address: str) -> None:
    """Log a warning for a demo that listens on an IP *address* outside of this machine."""
    if not ip_address(address).is_loopback:
        log.warning(PUBLIC_DEMO_WARNING, address)


def end_demo_logins(db: Database, *, now: datetime) -> None:
    """End the logins of a demo course from an earlier start."""
    with db.transaction() as session:
        course = find_demo_course(session)
        ended = 0 if course is None else revoke_logins(session, course.id, now=now)
    if ended:
        log.warning(DEMO_ENDED_WARNING, ended)


def log_first_step(settings: ServiceSettings) -> None:
    """Log how the first account is made, if there is none."""
    db = Database(settings.database)
    try:
        with db.reading() as session:
            has_account = session.scalar(select(User.id).limit(1)) is not None
    finally:
        db.close()
    if has_account:
        return
    is_default = settings.database == ServiceSettings.model_fields["database"].default
    named = db.is_sqlite and not is_default  # the address of PostgreSQL may have a password
    log.info(NO_ACCOUNT_MESSAGE, f" --database {settings.database}" if named else "")


def _check_durability(db: Database) -> None:
    """Raise `StartupError` if the database may lose confirmed data."""
    unsafe = db.find_unsafe_settings()
    if unsafe:
        raise StartupError(
            UNSAFE_SETTINGS_MESSAGE.format(told=" and ".join(f"{name} = off" for name in unsafe))
        )


def _check_or_upgrade_schema(db: Database, *, migrates: bool) -> None:
    state = schema_state(db)
    if state == "newer":
        raise StartupError(SCHEMA_TOO_NEW_MESSAGE)
    if state != "current" and not migrates:
        raise StartupError(SCHEMA_TOO_OLD_MESSAGE)
    if state != "current":
        try:
            upgrade(db)
        except LossError as error:
            raise StartupError(str(error)) from error


def _prepare_demo(
    db: Database, catalogue: ProblemCatalog, settings: ServiceSettings, *, now: datetime
) -> WelcomeMessage | None:
    with db.reading() as session:
        course = find_demo_course(session)
        course_id = course.id if course is not None else None
    if course_id is None:
        course_id = _publish_and_create_demo(db, catalogue, settings, now=now)
    logins = renew_logins(db, course_id, passwords=create_password_hasher(settings), now=now)
    return load_welcome(db, course_id, logins, now=now)


def _publish_and_create_demo(
    db: Database, catalogue: ProblemCatalog, settings: ServiceSettings, *, now: datetime
) -> UUID:
    """Publish the problems of the demo, create its course, and return the course id."""
    plan = limit_plan(catalogue.ids)
    with _worker_pool() as executor:
        _publish_demo_problems(db, catalogue, executor, plan=plan, seeds=settings.seeds, now=now)
        with _show_progress("Creating the demo course") as progress:
            return get_or_create_demo_course(
                db,
                plan,
                executor,
                students=settings.demo_students,
                now=now,
                progress=lambda done, of: progress("", done, of),
            )


def _publish_demo_problems(
    db: Database,
    catalogue: ProblemCatalog,
    executor: Executor,
    *,
    plan: Sequence[PlannedAssignment],
    seeds: int,
    now: datetime,
) -> None:
    with _show_progress("Publishing the problems of the demo") as progress:
        report = publish_bank(
            db,
            catalogue,
            executor,
            seeds=seeds,
            now=now,
            only=collect_problem_ids(plan),
            progress=progress,
        )
    if report.failed:
        first = report.failed[0]
        raise StartupError(f"{first.id} cannot be published: {'; '.join(first.errors[:3])}")


@contextmanager
def _worker_pool() -> Iterator[WorkerPool]:
    count = min(os.cpu_count() or 1, MAX_WORKERS)
    pool = WorkerPool(count, deadline_seconds=OPERATOR_DEADLINE_SECONDS)
    try:
        yield pool
    finally:
        pool.kill()


@contextmanager
def _show_progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Print *title*; on a terminal also display a progress bar."""
    sys.stdout.write(f"{title} ...\n")
    sys.stdout.flush()
    with Progress(console=ERR, disable=not ERR.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=1)
        yield lambda _name, done, of: bar.update(task, completed=done / of)
