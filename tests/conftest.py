"""What is so for all tests of a process: what is collected, and what is no garbage."""

import gc
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
FEWEST_FOR_GARBAGE: Final = 10_000
"""How many objects more there must be until garbage is looked for."""


SLOW: Final = HERE / "slow.txt"
"""The files and folders that `make quick` skips, with the processor time that each takes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--quick`."""
    help_text = "skip the files of tests/slow.txt, and PostgreSQL"
    parser.addoption("--quick", action="store_true", help=help_text)


def slow_paths() -> frozenset[Path]:
    """Return the paths that `--quick` skips."""
    lines = SLOW.read_text(encoding="utf-8").splitlines()
    return frozenset(HERE / line.split()[0] for line in lines if not line.startswith("#"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the modules that tests share, which have no tests; with `--quick` also slow files."""
    shared = collection_path.suffix == ".py" and collection_path.parent == HERE
    slow = config.getoption("quick") and collection_path in slow_paths()
    return True if shared or slow else None


def pytest_collection() -> None:
    """Look for no garbage until all is collected: what is made there stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave out what the modules have made when garbage is looked for: it takes time, often."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(FEWEST_FOR_GARBAGE)


collect_ignore = ["load"]  # run by `make load`, over a service of its own
