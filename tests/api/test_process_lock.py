"""Tests of locks that one process at a time holds."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.db.engine import Database
from api.db.process_lock import LockName, ProcessLock

ROOT = Path(__file__).parents[2]
NAME = LockName(4_242_000_999, "-test")
HOLDER = f"""
import sys, time
from api.db.engine import Database
from api.db.process_lock import LockName, ProcessLock
lock = ProcessLock(Database(sys.argv[1]), {NAME!r})
print(lock.acquire(), flush=True)
time.sleep(60)
"""
"""Process that holds the lock until it is killed."""


@pytest.fixture
def db(database_url):
    db = Database(database_url)
    yield db
    db.close()


def wait_for(lock):
    """Return whether the lock becomes free within ten seconds."""
    until = time.monotonic() + 10
    while not lock.acquire():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_process_lock_has_one_holder_at_a_time(db):
    first, second, other = (
        ProcessLock(db, name) for name in (NAME, NAME, LockName(4_242_000_998, "-other"))
    )
    assert (first.acquire(), first.acquire()) == (True, True)
    assert not second.acquire()
    assert other.acquire()
    first.release()
    assert wait_for(second)
    assert not first.acquire()
    second.release()
    second.release()
    other.release()


def test_process_lock_uses_no_pool_connection(db):
    lock = ProcessLock(db, NAME)
    assert lock.acquire()
    assert db.engine.pool.checkedout() == 0
    lock.release()


def test_killed_process_releases_its_lock(db, database_url):
    lock = ProcessLock(db, NAME)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        cwd=ROOT,
    ) as holder:
        assert holder.stdout.readline() == "True\n"
        assert not lock.acquire()
        os.kill(holder.pid, signal.SIGKILL)
    assert wait_for(lock)
    lock.release()


def test_terminated_database_session_loses_its_lock(db):
    if db.is_sqlite:
        return  # its lock is that of an open file
    first, second = ProcessLock(db, NAME), ProcessLock(db, NAME)
    assert first.acquire()
    with db.transaction() as session:
        locks = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        session.execute(text(f"{locks} AND objid = :number"), {"number": NAME.number})
    assert wait_for(second)
    with pytest.raises(SQLAlchemyError):
        first.acquire()
    assert not first.acquire()
    second.release()
