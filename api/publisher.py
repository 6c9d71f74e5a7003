"""The rest of the bank, published in a process of its own while the service serves.

It has a low priority, can be stopped at any time and goes on at the next start: each problem is
stored as soon as it is solved. On PostgreSQL one process of all that serve does it.
"""

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from api.clock import system_clock
from api.db import Database
from api.processes import work_quietly
from api.services.bank import BankReport, publish_bank
from api.settings import Settings
from grader.show import counted
from problems.catalogue import Catalogue

__all__ = ["publish_in_background"]

LOCK: Final = 4_242_000_002
"""The advisory lock under which one process at a time publishes into a PostgreSQL database."""
NICE: Final = 10


def publish_in_background(settings: Settings) -> SpawnProcess:
    """Start the process and return it; it ends with its parent, however that ends."""
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(settings,), daemon=True
    )
    process.start()
    return process


def _run(settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it goes to the parent as well
    work_quietly(NICE)
    try:
        _publish(settings)
    except SQLAlchemyError as error:
        sys.stderr.write(f"The bank is not complete yet: {type(error).__name__}\n")
        sys.exit(1)


def _publish(settings: Settings) -> None:
    db = Database(settings.database, pool=2)
    catalogue = Catalogue.of(settings.bank)
    with _alone(db) as alone, ThreadPoolExecutor(1) as executor:
        if alone:
            now = system_clock()
            _tell(publish_bank(db, catalogue, executor, seeds=settings.seeds, now=now))
    db.close()


@contextmanager
def _alone(db: Database) -> Iterator[bool]:
    """Yield whether no other process publishes into the database meanwhile."""
    if db.is_sqlite:
        yield True  # the file is served by one process; two would store nothing twice
        return
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        got = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LOCK})").scalar_one()
        yield bool(got)
        if got:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")


def _tell(report: BankReport) -> None:
    for failed in report.failed:
        sys.stderr.write(f"{failed.id} was not published: {'; '.join(failed.errors[:3])}\n")
    if report.published:
        told = counted(len(report.published), "problem")
        sys.stdout.write(f"The bank is complete: {told} published.\n")
        sys.stdout.flush()
