"""Self-check of the sandbox: `python -m api.services.sandbox.self_check` says what holds here.

A worker enters the sandbox as one that reads reports does, and tries what it must not be able to
do, in native code. Exit 0: everything holds that the kernel supports; 1: something does not, or
was not tried.
"""

import ctypes
import json
import os
import sys
import time
from concurrent.futures import BrokenExecutor
from typing import Final

from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.services.sandbox.worker_sandbox import MEMORY_BYTES, detect_layers, enter_sandbox

ATTEMPT_SECONDS: Final = 20.0
LOOP_SECONDS: Final = 0.5
SCRATCH_PATH: Final = b"/tmp/grader-self-check"
AF_INET, SOCK_STREAM = 2, 1
MEMORY, NETWORK, PROGRAMS = "memory", "network", "programs"
WRITING, READING, TIME = "writing", "reading", "time"
ACTIONS: Final = (MEMORY, NETWORK, PROGRAMS, WRITING, READING)
REFUSED, NOT_REFUSED = "refused", "NOT REFUSED"
UNSUPPORTED: Final = "not supported by this kernel"
NOT_TRIED: Final = "not tried"


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


def check_sandbox() -> dict[str, str]:
    """Return by action whether the sandbox refuses it, or why it was not tried."""
    pool = WorkerPool(1, deadline_seconds=ATTEMPT_SECONDS, preload=__name__, json_results=True)
    try:
        states = _try_in_worker(pool)
    finally:
        pool.kill()
    supported = detect_layers()
    unsupported = [] if supported.hides_files else [READING]
    unsupported += [] if supported.refuses_calls else [NETWORK, PROGRAMS, WRITING]
    for name in unsupported:
        states[name] = UNSUPPORTED if states[name] == NOT_REFUSED else states[name]
    return states | {TIME: _try_endless_loop()}


def _try_in_worker(pool: WorkerPool) -> dict[str, str]:
    """Return the states of all actions but the endless loop."""
    try:
        refused = pool.submit(try_forbidden_actions, os.getpid()).result()
    except (RuntimeError, DeadlineExceeded) as error:  # also a worker that died
        return dict.fromkeys(ACTIONS, f"{NOT_TRIED}: {error}")
    states = {name: REFUSED if is_refused else NOT_REFUSED for name, is_refused in refused.items()}
    try:
        is_refused = pool.submit(try_to_start_program).result()
    except (BrokenExecutor, DeadlineExceeded):  # the program replaced the worker
        is_refused = False
    except RuntimeError as error:
        return states | {PROGRAMS: f"{NOT_TRIED}: {error}"}
    return states | {PROGRAMS: REFUSED if is_refused else NOT_REFUSED}


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


def _try_endless_loop() -> str:
    pool = WorkerPool(1, deadline_seconds=LOOP_SECONDS, preload=__name__, json_results=True)
    try:
        pool.submit(time.sleep, ATTEMPT_SECONDS).result(timeout=ATTEMPT_SECONDS)
    except DeadlineExceeded:
        return REFUSED
    except BrokenExecutor as error:  # no process could be started
        return f"{NOT_TRIED}: {error}"
    finally:
        pool.kill()
    return NOT_REFUSED


def main() -> int:
    """Print the states as JSON, and return the exit code."""
    states = check_sandbox()
    sys.stdout.write(f"{json.dumps(states)}\n")
    return 0 if {REFUSED, UNSUPPORTED}.issuperset(states.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
