"""Tests of the write lock: processes take turns, and a faulty lock keeps nobody out.

Two locks on one file in a single process behave like those of two processes.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from api.db.sqlite_lock import LOCK_FILES, WriteLock

DIES = """
import os, sys
from pathlib import Path
from api.db.sqlite_lock import WriteLock
WriteLock(Path(sys.argv[1]), timeout_seconds=1).__enter__()
os._exit(9)
"""


@pytest.fixture
def path(tmp_path) -> Path:
    (tmp_path / "grader.db").touch(0o600)
    return tmp_path / "grader.db"


def test_repeated_writer_does_not_starve_a_waiting_writer(path):
    written, stop = [], threading.Event()

    def write_on() -> None:
        with closing(WriteLock(path, timeout_seconds=20)) as mine:
            while not stop.is_set():
                with mine:
                    written.append("on and on")
                    time.sleep(0.005)

    thread = threading.Thread(target=write_on)
    with closing(WriteLock(path, timeout_seconds=20)) as turn:
        thread.start()
        before: list[int] = []
        for _ in range(10):
            while not written:
                time.sleep(0.001)
            written.clear()
            with turn:
                before.append(len(written))
        stop.set()
    thread.join()
    assert max(before) <= 4  # it is seen within half a millisecond that another waits


@pytest.mark.parametrize("in_memory", [False, True])
def test_threads_of_one_process_hold_the_lock_one_at_a_time(path, in_memory):
    with closing(WriteLock(None if in_memory else path, timeout_seconds=20)) as turn:
        inside, most = 0, 0

        def write() -> None:
            nonlocal inside, most
            with turn:
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

        threads = [threading.Thread(target=write) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert most == 1


def test_lock_wait_that_times_out_proceeds_without_stealing_the_lock(path):
    with (
        closing(WriteLock(path, timeout_seconds=20)) as slow,
        closing(WriteLock(path, timeout_seconds=0.05)) as hasty,
        closing(WriteLock(path, timeout_seconds=0.05)) as third,
    ):
        with slow:
            with hasty:
                pass
            began = time.monotonic()
            with third:
                assert time.monotonic() - began >= 0.05
        began = time.monotonic()
        with hasty:
            assert time.monotonic() - began < 0.05


def test_lock_of_a_dead_process_is_released(path):
    ended = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)
    assert ended.returncode == 9
    with closing(WriteLock(path, timeout_seconds=20)) as turn:
        began = time.monotonic()
        with turn:
            assert time.monotonic() - began < 10


def test_writer_proceeds_if_no_lock_file_can_be_created(tmp_path):
    with closing(WriteLock(tmp_path / "none" / "grader.db", timeout_seconds=20)) as turn, turn:
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rights", [0o600, 0o660])
def test_lock_files_have_the_permissions_of_the_database(path, rights):
    path.chmod(rights)
    with closing(WriteLock(path, timeout_seconds=20)) as turn, turn:
        modes = {path.with_name(path.name + one).stat().st_mode & 0o777 for one in LOCK_FILES}
    assert modes == {rights}


def test_interrupted_waiter_does_not_block_other_writers(path, monkeypatch):
    def stopped(_seconds: float) -> None:
        raise KeyboardInterrupt

    with (
        closing(WriteLock(path, timeout_seconds=20)) as slow,
        closing(WriteLock(path, timeout_seconds=20)) as other,
    ):
        with slow:
            monkeypatch.setattr("api.db.sqlite_lock.time.sleep", stopped)
            with pytest.raises(KeyboardInterrupt), other:
                pass
            monkeypatch.undo()
        with closing(WriteLock(path, timeout_seconds=20)) as third:
            began = time.monotonic()
            with third:
                assert time.monotonic() - began < 10


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_lock_files_created_by_root_belong_to_the_database_owner(path):
    os.chown(path, 65_534, 65_534)
    with closing(WriteLock(path, timeout_seconds=20)) as turn, turn:
        owners = {path.with_name(path.name + one).stat().st_uid for one in LOCK_FILES}
    assert owners == {65_534}
