"""Publication of the rest of the bank, in a separate process while the service runs.

The process has a low priority. It can be stopped at any time and continues at the next start,
because each problem is stored as soon as it is solved. Only one process at a time publishes; on
PostgreSQL, this includes the processes of other machines.
"""

import multiprocessing
import signal
import sys
import time
from multiprocessing.context import SpawnProcess
from multiprocessing.util import Finalize
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.core.process_lifecycle import initialize_worker
from api.core.worker_pool import WorkerPool
from api.db.engine import Database
from api.db.process_lock import LockName, ProcessLock
from api.db.wait_for_database import explain_database_error
from api.services.problems.bank import BankReport, publish_bank
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from grader.display.text import pluralize
from problems.catalog import ProblemCatalog

PUBLISH_LOCK: Final = LockName(4_242_000_002, "-bank")
"""Lock of the process that publishes the bank."""
NICENESS: Final = 10
RETRY_SECONDS: Final = 60.0
"""Seconds between two attempts to publish."""


def publish_in_background(settings: ServiceSettings) -> SpawnProcess:
    """Start the publishing process and return it; it never outlives its parent.

    Call this from the main thread: the kernel kills a process with the thread that started it.
    """
    # Not a daemon: it starts workers, which Python forbids daemons to do.
    process = multiprocessing.get_context("spawn").Process(target=_run_publisher, args=(settings,))
    process.start()
    # Otherwise Python would wait for it when this process exits.
    Finalize(None, process.kill, exitpriority=0)
    return process


def _run_publisher(settings: ServiceSettings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it as well
    initialize_worker(NICENESS)
    publish_until_complete(settings)


def publish_until_complete(settings: ServiceSettings) -> None:
    """Return once this process, or another one before it, has published the bank.

    It retries every minute if the database fails or another process is publishing, because that
    process may die.
    """
    while not _try_publish(settings):
        time.sleep(RETRY_SECONDS)


def _try_publish(settings: ServiceSettings) -> bool:
    db = Database(settings.database, pool=2)
    catalogue = ProblemCatalog.from_folder(settings.bank)
    lock = ProcessLock(db, PUBLISH_LOCK)
    try:
        has_lock = lock.acquire()
        if has_lock:
            _publish_with_worker_pool(db, catalogue, seeds=settings.seeds)
    except SQLAlchemyError as error:
        sys.stderr.write(f"The bank is incomplete: {explain_database_error(error)}\n")
        return False
    else:
        return has_lock
    finally:
        lock.release()
        db.close()


def _publish_with_worker_pool(db: Database, catalogue: ProblemCatalog, *, seeds: int) -> None:
    pool = WorkerPool(1, deadline_seconds=OPERATOR_DEADLINE_SECONDS)
    try:
        _print_report(publish_bank(db, catalogue, pool, seeds=seeds, now=system_clock()))
    finally:
        pool.kill()


def _print_report(report: BankReport) -> None:
    for failed in report.failed:
        sys.stderr.write(f"{failed.id} was not published: {'; '.join(failed.errors[:3])}\n")
    if report.published:
        problems = pluralize(len(report.published), "problem")
        sys.stdout.write(f"The bank is complete: {problems} published.\n")
        sys.stdout.flush()
