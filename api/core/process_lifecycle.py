"""The process that serves, and those that work for it and end with it however it ends."""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final

__all__ = [
    "end_with_parent",
    "keep_what_there_is",
    "killed_after",
    "loaded",
    "start_loading",
    "work_quietly",
]

FORKSERVER: Final = "forkserver"
PR_SET_PDEATHSIG: Final = 1
"""The number by which Linux knows the option, in `linux/prctl.h`."""


def keep_what_there_is(*, sweep: bool = True) -> None:
    """Leave out of garbage collections what was made so far.

    With *sweep* garbage goes first, which would else stay for as long as the process does.

    To look for circles through all modules and routes took a tenth of the time of a page, and
    single pages far longer.
    """
    if sweep:
        gc.collect()
    gc.freeze()


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it is gone, even where that was killed.

    The workers of a pool would else wait for ever: each holds both ends of the queue of calls.

    On Linux the kernel kills it, which ends native code too. That happens when the *thread* that
    started this process ends, so start it in one that lives as long. Elsewhere a thread of this
    process waits for the end of the parent, and can end it between two steps of Python.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    Thread(target=_wait_for_parent, name="end with parent", daemon=True).start()


@contextmanager
def killed_after(seconds: float) -> Iterator[None]:
    """Let the system end this process where the block takes longer, even in native code.

    It does so though the parent is gone, or was stopped. There is no such timer on Windows.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def loaded(module: str) -> Any:
    """Return how processes start: from one that has loaded *module* once, where that goes."""
    if FORKSERVER not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context(FORKSERVER)
    context.set_forkserver_preload([module])
    return context


def start_loading(module: str) -> None:
    """Start the process that `loaded` processes start from, where there is one."""
    if loaded(module).get_start_method() == FORKSERVER:
        from multiprocessing import forkserver  # noqa: PLC0415  # not on Windows

        forkserver.ensure_running()


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
