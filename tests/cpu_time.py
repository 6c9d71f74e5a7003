"""CPU time of a call, independent of the load and the speed of the machine."""

import gc
import time
from collections.abc import Callable

__all__ = ["cpu_seconds"]

SOON = 0.1
REFERENCE_SECONDS = 0.022
"""CPU seconds of `_run_reference_work` on the machine for which the tests set limits."""


def cpu_seconds(act: Callable[[], object], *, all_threads: bool = False) -> float:
    """Return the CPU seconds that *act* takes on the reference machine; repeat a slow run once.

    A slow run is divided by the time of reference work just before and after it, because the speed
    of a shared machine may halve from one minute to the next. Garbage collection is disabled
    meanwhile: it may take a second in a process that has run thousands of tests.
    """
    clock = time.process_time if all_threads else time.thread_time

    def once(act: Callable[[], object]) -> float:
        gc.disable()
        try:
            start = clock()
            act()
            return clock() - start
        finally:
            gc.enable()

    first = once(act)
    if first < SOON:
        return first
    before = once(_run_reference_work)
    seconds = min(first, once(act))
    slowest = max(before, once(_run_reference_work), REFERENCE_SECONDS)
    return seconds * REFERENCE_SECONDS / slowest


def _run_reference_work() -> int:
    return sum(len(str(number)) for number in range(200_000))
