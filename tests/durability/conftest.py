"""Fixtures of the durability tests: a launcher of services, a server, and worlds."""

import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from durability.cluster import Cluster, missing
from durability.nursery import Nursery
from durability.trying import Tried

NUMBERS = count(1)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Yield a launcher that starts services quickly."""
    with tempfile.TemporaryDirectory(prefix="grader-disk-") as folder:
        disk = Path(folder)
        disk.chmod(0o755)  # PostgreSQL's owner comes there too
        with Nursery(disk) as nursery:
            yield nursery


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Yield a PostgreSQL server that tests may kill."""
    if lacking := missing():
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent(f"there is no PostgreSQL to kill: {lacking}")
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def tried(
    request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery
) -> Iterator[Callable[..., Tried]]:
    """Yield a function that creates a database with the scene, on a system or server."""
    made: list[Tried] = []

    def make(system: str, server: Cluster | None = None) -> Tried:
        url = f"sqlite:///{tmp_path / 'grader.db'}"
        if system == "postgresql":
            server = server or request.getfixturevalue("cluster")
            url = server.new_database(f"tried_{next(NUMBERS)}")
        made.append(Tried(url, tmp_path, nursery))
        return made[-1]

    yield make
    for one in made:
        one.close()
