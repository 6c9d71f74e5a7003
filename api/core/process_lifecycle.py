"""Lifecycle of the serving process and of its helper processes, which never outlive it."""

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

FORKSERVER: Final = "forkserver"
PR_SET_PDEATHSIG: Final = 1
"""The number of the prctl option, from `linux/prctl.h`."""


def freeze_gc(*, sweep: bool = True) -> None:
    """Exclude all objects that exist now from future garbage collections.

    With *sweep* existing garbage is collected first; otherwise it would stay until the process
    ends.

    Without this, searching all modules and routes for reference cycles took a tenth of the time of
    an average page, and much longer for single pages.
    """
    if sweep:
        gc.collect()
    gc.freeze()


def end_with_parent() -> None:
    """Make this process end when its parent ends, even if the parent is killed.

    Otherwise the workers of a pool would wait forever: each holds both ends of the call queue.

    On Linux the kernel kills this process, which also ends native code. The trigger is the end of
    the *thread* that started this process, so start it from a thread that lives long enough.
    Elsewhere a thread of this process waits for the parent to end; it can only act between two
    bytecodes.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    Thread(target=_exit_with_parent, name="end with parent", daemon=True).start()


@contextmanager
def kill_self_after(seconds: float) -> Iterator[None]:
    """Kill this process if the block takes longer than *seconds*, even in native code.

    The timer belongs to the operating system, so it works after the parent ended or was stopped.
    Windows has no such timer; there the block has no limit.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def get_multiprocessing_context(module: str) -> Any:
    """Return a multiprocessing context with *module* preloaded in its fork server.

    Platforms without a fork server get the "spawn" context, where every process loads the module.
    """
    if FORKSERVER not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context(FORKSERVER)
    context.set_forkserver_preload([module])
    return context


def start_fork_server(module: str) -> None:
    """Start the fork server of `get_multiprocessing_context` early, if the platform has one."""
    if get_multiprocessing_context(module).get_start_method() == FORKSERVER:
        from multiprocessing import forkserver  # noqa: PLC0415  # not on Windows

        forkserver.ensure_running()


def initialize_worker(niceness: int) -> None:
    """Initialize a pool worker: lower its priority by *niceness* and end it with its parent."""
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(niceness)


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
