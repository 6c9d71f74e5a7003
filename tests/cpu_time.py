"""The processor time of an act, whatever else the machine and the process are doing."""

import gc
import time
from collections.abc import Callable

__all__ = ["cpu_seconds"]

SOON = 0.1


def cpu_seconds(act: Callable[[], object], *, all_threads: bool = False) -> float:
    """Return the seconds of processor time of *act*; a slow one has a second try.

    Garbage waits until it is over: looking for it may take a second in a process that has run
    thousands of tests.
    """
    clock = time.process_time if all_threads else time.thread_time

    def once() -> float:
        gc.disable()
        try:
            start = clock()
            act()
            return clock() - start
        finally:
            gc.enable()

    first = once()
    return first if first < SOON else min(first, once())
