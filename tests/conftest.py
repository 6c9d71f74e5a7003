"""What is so for all tests of a process: what is collected, and what is no garbage."""

import gc
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
FEWEST_FOR_GARBAGE: Final = 10_000
"""How many objects more there must be until garbage is looked for."""


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what tests share: no example stands there, and it would be imported twice."""
    shared = collection_path.suffix == ".py" and collection_path.parent == HERE
    return True if shared else None


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
