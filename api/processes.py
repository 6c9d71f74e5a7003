"""Processes that work for the one that serves, and end with it however it ends."""

import multiprocessing
import os
from threading import Thread

__all__ = ["end_with_parent", "work_quietly"]


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
