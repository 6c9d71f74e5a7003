"""The process that serves, and those that work for it and end with it however it ends."""

import gc
import multiprocessing
import os
from threading import Thread
from typing import Final

__all__ = ["collect_rarely", "end_with_parent", "work_quietly"]

RARELY: Final = (50_000, 20, 20)
"""The thresholds of the garbage collector; Python's own are 700, 10, 10."""


def collect_rarely() -> None:
    """Leave out of garbage collections what was made so far, and let them come less often.

    What a request makes goes with its last reference. To look for circles after every few rows, and
    through all modules and routes, took a tenth of the time of a page, and single pages far longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it is gone, even where that was killed.

    The workers of a pool would else wait for ever: each holds both ends of the queue of calls.
    """
    Thread(target=_wait_for_parent, name="end with parent", daemon=True).start()


def work_quietly(niceness: int) -> None:
    """Begin a worker of a pool: at a lower priority, and never longer than its parent."""
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(niceness)


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
