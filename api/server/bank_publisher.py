"""The rest of the bank, published in a process of its own while the service serves.

It has a low priority, can be stopped at any time and goes on at the next start: each problem is
stored as soon as it is solved. On PostgreSQL one process at a time of all that serve does it.
"""

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from multiprocessing.util import Finalize
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from api.config.settings import Settings
from api.core.clock import system_clock
from api.core.process_lifecycle import work_quietly
from api.core.worker_pool import WorkerPool
from api.db.engine import Database
from api.db.wait_for_database import why_unusable
from api.services.problems.bank import BankReport, publish_bank
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from grader.display.text import counted
from problems.catalogue import Catalogue

__all__ = ["publish_in_background", "publish_until_complete"]

LOCK: Final = 4_242_000_002
"""The advisory lock under which one process at a time publishes into a PostgreSQL database."""
NICE: Final = 10
PAUSE: Final = 60.0
"""How many seconds lie between two tries."""


def publish_in_background(settings: Settings) -> SpawnProcess:
    """Start the process and return it; it ends with its parent, however that ends.

    Call this from the main thread: the kernel kills a process with the thread that started it.
    """
    # It starts workers, which Python forbids to a daemon.
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(settings,))
    process.start()
    # Python would else wait for it at the end of this process.
    Finalize(None, process.kill, exitpriority=0)
    return process


def _run(settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it goes to the parent as well
    work_quietly(NICE)
    publish_until_complete(settings)


def publish_until_complete(settings: Settings) -> None:
    """Return once this process, or another before it, has published the bank.

    Where the database fails, or another process publishes, it tries again every minute: the other
    one may die.
    """
    while not _published(settings):
        time.sleep(PAUSE)


def _published(settings: Settings) -> bool:
    db = Database(settings.database, pool=2)
    catalogue = Catalogue.of(settings.bank)
    try:
        with _alone(db) as alone:
            if alone:
                _publish(db, catalogue, seeds=settings.seeds)
            return alone
    except SQLAlchemyError as error:
        sys.stderr.write(f"The bank is not complete yet: {why_unusable(error)}\n")
        return False
    finally:
        db.close()


def _publish(db: Database, catalogue: Catalogue, *, seeds: int) -> None:
    pool = WorkerPool(1, deadline_seconds=OPERATOR_DEADLINE_SECONDS)
    try:
        _tell(publish_bank(db, catalogue, pool, seeds=seeds, now=system_clock()))
    finally:
        pool.kill()


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
