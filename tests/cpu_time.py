"""CPU time of a call, independent of other load on the machine and in the process."""

import gc
import time
from collections.abc import Callable

__all__ = ["cpu_seconds"]

SOON = 0.1


def cpu_seconds(act: Callable[[], object], *, all_threads: bool = False) -> float:
    """Return the CPU seconds that *act* takes; a slow run is repeated once.

    Garbage collection is disabled meanwhile: it may take a second in a process that has
    run thousands of tests.
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
