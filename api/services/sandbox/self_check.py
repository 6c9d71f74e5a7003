"""Self-check of the sandbox: `python -m api.services.sandbox.self_check` says what holds here.

A worker enters the sandbox as one that reads reports does, and tries what it must not be able to
do, in native code. Exit 0: everything holds that the kernel supports; 1: something does not.
"""

import ctypes
import json
import os
import sys
import time
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from typing import Final

from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.services.sandbox.worker_sandbox import MEMORY_BYTES, detect_layers, enter_sandbox

ATTEMPT_SECONDS: Final = 20.0
LOOP_SECONDS: Final = 0.5
SCRATCH_PATH: Final = b"/tmp/grader-self-check"
AF_INET, SOCK_STREAM = 2, 1
MEMORY, NETWORK, PROGRAMS = "memory", "network", "programs"
WRITING, READING, TIME = "writing", "reading", "time"
STATES: Final = {True: "refused", False: "NOT REFUSED", None: "not supported by this kernel"}


def try_forbidden_actions(parent: int) -> dict[str, bool]:
    """Enter the sandbox and return by action whether it is refused; called in a worker process.

    `try_to_start_program` follows, because a program that starts replaces the worker.
    """
    enter_sandbox()
    libc = ctypes.CDLL(None, use_errno=True)
    environment = os.fsencode(f"/proc/{parent}/environ")
    return {
        NETWORK: libc.socket(AF_INET, SOCK_STREAM, 0) < 0,
        WRITING: _is_writing_refused(libc),
        READING: libc.open(environment, os.O_RDONLY) < 0,
        MEMORY: _is_memory_limited(),
    }


def try_to_start_program() -> bool:
    """Enter the sandbox and return whether it refuses another program; called in a worker."""
    enter_sandbox()
    return bool(ctypes.CDLL(None).execve(os.fsencode(sys.executable), None, None) < 0)


def check_sandbox() -> dict[str, bool | None]:
    """Return by action whether the sandbox refuses it, None if the kernel has no such layer."""
    supported = detect_layers()
    pool = WorkerPool(1, deadline_seconds=ATTEMPT_SECONDS, preload=__name__, json_results=True)
    refused: dict[str, bool] = {}
    try:
        with suppress(BrokenExecutor, DeadlineExceeded, RuntimeError):
            refused |= pool.submit(try_forbidden_actions, os.getpid()).result()
            refused[PROGRAMS] = pool.submit(try_to_start_program).result()
    finally:
        pool.kill()
    results: dict[str, bool | None] = {
        name: bool(refused.get(name)) for name in (MEMORY, NETWORK, PROGRAMS, WRITING, READING)
    }
    if not supported.hides_files and not results[READING]:
        results[READING] = None
    if not supported.refuses_calls:
        results |= {name: results[name] or None for name in (NETWORK, PROGRAMS, WRITING)}
    return results | {TIME: _is_time_limited()}


def _is_writing_refused(libc: ctypes.CDLL) -> bool:
    if libc.open(SCRATCH_PATH, os.O_WRONLY | os.O_CREAT, 0o600) < 0:
        return True
    libc.unlink(SCRATCH_PATH)
    return False


def _is_memory_limited() -> bool:
    try:
        bytearray(MEMORY_BYTES + MEMORY_BYTES // 8)
    except MemoryError:
        return True
    return False


def _is_time_limited() -> bool:
    pool = WorkerPool(1, deadline_seconds=LOOP_SECONDS, preload=__name__, json_results=True)
    try:
        pool.submit(time.sleep, ATTEMPT_SECONDS).result(timeout=ATTEMPT_SECONDS)
    except DeadlineExceeded:
        return True
    except BrokenExecutor:  # no process could be started
        return False
    finally:
        pool.kill()
    return False


def main() -> int:
    """Print the results as JSON, and return the exit code."""
    results = check_sandbox()
    sys.stdout.write(f"{json.dumps({name: STATES[held] for name, held in results.items()})}\n")
    return 1 if False in results.values() else 0


if __name__ == "__main__":
    sys.exit(main())
