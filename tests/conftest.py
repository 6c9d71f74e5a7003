"""Pytest hooks and a fixture for all tests: collection, garbage collection and logging."""

import gc
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
FEWEST_FOR_GARBAGE: Final = 10_000
"""Threshold of the garbage collector: net allocations between two collections."""


SLOW: Final = HERE / "slow.txt"
"""The files and folders that `make quick` skips, with the CPU time of each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "skip the files of tests/slow.txt, and PostgreSQL"
    parser.addoption("--quick", action="store_true", help=help_text)


def slow_paths() -> frozenset[Path]:
    """Return the paths that `--quick` skips."""
    lines = SLOW.read_text(encoding="utf-8").splitlines()
    return frozenset(HERE / line.split()[0] for line in lines if not line.startswith("#"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the shared helper modules; with `--quick`, also ignore slow paths."""
    shared = collection_path.suffix == ".py" and collection_path.parent == HERE
    slow = config.getoption("quick") and collection_path in slow_paths()
    return True if shared or slow else None


def pytest_collection() -> None:
    """Disable garbage collection during test collection, whose objects stay alive."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Freeze the modules' objects, so that garbage collections do not scan them again."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(FEWEST_FOR_GARBAGE)


collect_ignore = ["load"]  # run by `make load`, over a service of its own


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Restore the handlers and levels of the log, which the commands of this process change."""
    root, levels = logging.getLogger(), {n: logging.getLogger(n).level for n in ("api", "uvicorn")}
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
