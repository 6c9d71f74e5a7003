"""CPU time of a call, independent of the load and the speed of the machine."""

import gc
import time
from collections.abc import Callable

__all__ = ["cpu_seconds"]

SOON = 0.1
RUNS = 3
REFERENCE_SECONDS = 0.022
"""CPU seconds of `_run_reference_work` on the machine for which the tests set limits."""


def cpu_seconds(act: Callable[[], object], *, all_threads: bool = False) -> float:
    """Return the CPU seconds that *act* takes on the reference machine; repeat a slow run.

    A slow run is compared with reference work just before and after it, because the speed of a
    shared machine may halve from one minute to the next. The fastest of `RUNS` counts. Garbage
    collection is disabled meanwhile: it may take a second in a process that has run thousands of
    tests.
    """
    clock = time.process_time if all_threads else time.thread_time

    def measure(act: Callable[[], object]) -> float:
        gc.disable()
        try:
            start = clock()
            act()
            return clock() - start
        finally:
            gc.enable()

    seconds = measure(act)
    if seconds < SOON:
        return seconds
    scaled = []
    for _ in range(RUNS):
        before, seconds, after = map(measure, (_run_reference_work, act, _run_reference_work))
        scaled.append(seconds * REFERENCE_SECONDS / max(before, after, REFERENCE_SECONDS))
    return min(scaled)


def _run_reference_work() -> int:
    return sum(len(str(number)) for number in range(200_000))
