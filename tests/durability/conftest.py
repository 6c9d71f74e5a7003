"""Fixtures of the durability tests: fork server, PostgreSQL server, durability runs."""

import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from durability.cluster import Cluster, find_missing_program
from durability.durability_run import DurabilityRun
from durability.fork_server import ForkServer

DATABASE_NUMBERS = count(1)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Yield a fork server, which starts services quickly."""
    with tempfile.TemporaryDirectory(prefix="grader-disk-") as folder:
        disk = Path(folder)
        disk.chmod(0o755)  # the owner of the PostgreSQL server needs access too
        with ForkServer(disk) as fork_server:
            yield fork_server


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Yield a PostgreSQL server that tests may kill."""
    if message := find_missing_program():
        skip_or_fail = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        skip_or_fail(f"there is no PostgreSQL to kill: {message}")
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def create_run(
    request: pytest.FixtureRequest, tmp_path: Path, fork_server: ForkServer
) -> Iterator[Callable[..., DurabilityRun]]:
    """Yield a function that creates a durability run on SQLite or on a PostgreSQL server."""
    runs: list[DurabilityRun] = []

    def create(system: str, server: Cluster | None = None) -> DurabilityRun:
        url = f"sqlite:///{tmp_path / 'grader.db'}"
        if system == "postgresql":
            server = server or request.getfixturevalue("cluster")
            url = server.create_database(f"durability_{next(DATABASE_NUMBERS)}")
        runs.append(DurabilityRun(url, tmp_path, fork_server))
        return runs[-1]

    yield create
    for run in runs:
        run.close()
