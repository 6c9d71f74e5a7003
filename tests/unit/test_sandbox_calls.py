"""Tests of the filter of system calls: raw calls in a child, and the program on each machine."""

import errno
import json
import platform
import re
import resource
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from api.services.sandbox.call_filter import (
    ARCHITECTURE_OFFSET,
    ARCHITECTURES,
    ARGUMENT_BYTES,
    ARGUMENTS_OFFSET,
    JUMP_IF_ANY_BIT,
    JUMP_IF_AT_LEAST,
    JUMP_IF_EQUAL,
    LOAD_WORD,
    NUMBER_OFFSET,
    RETURN,
    SECCOMP_RET_ALLOW,
    SECCOMP_RET_ERRNO,
    build_filter,
)
from api.services.sandbox.refused_calls import (
    FIRST_UNKNOWN_CALL,
    MISSING_CALLS,
    REFUSED_CALLS,
    RULES,
)

PROBE = """
import ctypes, json, os, signal, sys, threading
from api.services.sandbox.worker_sandbox import enter_sandbox
numbers, victim, place = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
libc, results = ctypes.CDLL(None, use_errno=True), {}
reading, writing = os.pipe()
limits = (ctypes.c_uint64 * 2)(99, 99)
mask, byte = ctypes.c_uint64(1), ctypes.create_string_buffer(1)
vector = (ctypes.c_uint64 * 2)(ctypes.addressof(byte), 1)
if place == "inside":
    enter_sandbox()

def call(label, name, *arguments):
    ctypes.set_errno(0)
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = libc.syscall(ctypes.c_long(numbers[name]), *wide)
    if label == "fork" and result == 0:
        os._exit(0)  # the child
    results[label] = ctypes.get_errno() if result < 0 else 0

call("limits of another process", "prlimit64", victim, 7, limits, None)
call("own limits", "prlimit64", 0, 7, None, limits)
call("fork", "clone", signal.SIGCHLD, 0, 0, 0, 0)
call("clone3", "clone3", None, 0)
call("unknown", "unknown", -1, None, None, 0)
call("cores of another process", "sched_setaffinity", victim, 8, ctypes.byref(mask))
call("reading memory", "process_vm_readv", victim, vector, 1, vector, 1, 0)
call("writing memory", "process_vm_writev", victim, vector, 1, vector, 1, 0)
call("tracing", "ptrace", 0x4206, victim, 0, 0)
call("handle of a process", "pidfd_open", victim, 0)
call("file of another process", "pidfd_getfd", -1, 0, 0)
call("signal over a handle", "pidfd_send_signal", -1, 0, None, 0)
call("signal", "tgkill", victim, victim, 0)
call("advice", "process_madvise", -1, vector, 1, 0, 0)
call("disk priority", "ioprio_set", 1, victim, 0)
call("comparison", "kcmp", victim, victim, 1, 0, 0)
call("pages", "move_pages", victim, 0, None, None, None, 0)
call("keys", "keyctl", 0, -3, 0)
call("page faults", "userfaultfd", -1)
call("counters", "perf_event_open", None, 0, -1, -1, 0)
call("programs of the kernel", "bpf", -1, None, 0)
call("ring", "io_uring_setup", 0, None)
call("mount", "mount", None, None, None, 0, None)
call("file system", "fsopen", None, 0)
call("new namespace", "unshare", 0)
call("other namespace", "setns", -1, 0)
call("shared memory", "shmat", -1, 0, 0)
call("watching", "inotify_init1", 0)
call("signals of a file", "fcntl", reading, 8, victim)
call("kind of signal", "fcntl", reading, 10, signal.SIGKILL)
call("flags of a file", "fcntl", reading, 1)
call("typing into a terminal", "ioctl", reading, 0x5412, byte)
call("surviving the parent", "prctl", 1, 0, 0, 0, 0)
call("name", "prctl", 16, ctypes.create_string_buffer(16), 0, 0, 0)
thread = threading.Thread(target=results.__setitem__, args=("thread", 0))
thread.start()
thread.join()
print(json.dumps(results))
"""
VICTIM = "import sys; print(flush=True); sys.stdin.read()"
MISSING = ("clone3", "unknown")
PERMITTED = ("own limits", "flags of a file", "name", "thread")
ALLOWED = 0
MACHINES = sorted(ARCHITECTURES)
TABLES = REFUSED_CALLS | MISSING_CALLS | {name: rule.numbers for name, rule in RULES.items()}
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.fixture
def victim():
    """Another process of the same user, which waits."""
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


def call_raw(victim: int, place: str) -> dict[str, int]:
    machine = platform.machine()
    numbers = {name: table[machine] for name, table in TABLES.items() if machine in table}
    numbers["unknown"] = FIRST_UNKNOWN_CALL
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(numbers), str(victim), place],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ARCHITECTURES,
    reason="the filter is for Linux on x86-64 and AArch64",
)
def test_native_code_cannot_affect_or_start_processes(victim):
    limits = resource.prlimit(victim, resource.RLIMIT_NOFILE)
    inside = call_raw(victim, "inside")
    expected = dict.fromkeys(inside, errno.EACCES)
    expected |= dict.fromkeys(MISSING, errno.ENOSYS) | dict.fromkeys(PERMITTED, 0)
    assert inside == expected
    assert resource.prlimit(victim, resource.RLIMIT_NOFILE) == limits
    # The probe proves something only if the kernel itself does not answer so.
    outside = call_raw(victim, "outside")
    assert errno.EACCES not in outside.values()
    assert not any(outside[name] for name in ("limits of another process", "fork", *PERMITTED))
    assert resource.prlimit(victim, resource.RLIMIT_NOFILE) == (99, 99)


build_cached_filter = cache(build_filter)


def run_filter(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Return the errno with which the program of a machine answers a call, 0 if it is allowed."""
    words = {
        NUMBER_OFFSET: number,
        ARCHITECTURE_OFFSET: ARCHITECTURES[machine] if architecture is None else architecture,
    }
    for place in range(6):
        value = arguments[place] if place < len(arguments) else 0
        words[ARGUMENTS_OFFSET + ARGUMENT_BYTES * place] = value & 0xFFFF_FFFF
    tests = {
        JUMP_IF_EQUAL: lambda word, operand: word == operand,
        JUMP_IF_AT_LEAST: lambda word, operand: word >= operand,
        JUMP_IF_ANY_BIT: lambda word, operand: bool(word & operand),
    }
    program, position, word = build_cached_filter(machine), 0, 0
    while True:
        step = program[position]
        position += 1
        if step.code == RETURN:
            return 0 if step.operand == SECCOMP_RET_ALLOW else step.operand & ~SECCOMP_RET_ERRNO
        if step.code == LOAD_WORD:
            word = words[step.operand]
        elif tests[step.code](word, step.operand):
            position += step.jump_true
        else:
            position += step.jump_false


ARGUMENT_CASES = [
    ("openat", (-100, 0, 0), ALLOWED),
    ("openat", (-100, 0, 0o100), errno.EACCES),
    ("openat", (-100, 0, 2), errno.EACCES),
    ("clone", (17,), errno.EACCES),
    ("clone", (0x4100 | 17,), errno.EACCES),  # vfork, as a C library starts programs
    ("clone", (0x3D0F00,), ALLOWED),  # a thread of glibc
    ("clone", (0x7D0F00,), ALLOWED),  # a thread of musl
    ("clone", (0x3D0F00 | 0x4000_0000,), errno.EACCES),
    ("clone3", (), errno.ENOSYS),
    ("prlimit64", (0,), ALLOWED),
    ("prlimit64", (1,), errno.EACCES),
    ("prlimit64", (-1,), errno.EACCES),
    ("fcntl", (3, 4), ALLOWED),
    ("fcntl", (3, 15), errno.EACCES),
    ("ioctl", (0, 0x5401), ALLOWED),
    ("ioctl", (0, 0x5412), errno.EACCES),
    ("ioctl", (0, 0x541C), errno.EACCES),
    ("prctl", (1,), errno.EACCES),
    ("prctl", (15,), ALLOWED),
]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("name", "arguments", "expected"), ARGUMENT_CASES)
def test_call_filter_checks_arguments_on_each_machine(machine, name, arguments, expected):
    assert run_filter(machine, TABLES[name][machine], *arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_call_filter_refuses_exactly_the_listed_calls_on_each_machine(machine):
    refused = {table[machine] for table in REFUSED_CALLS.values() if machine in table}
    decided = {table[machine] for table in TABLES.values() if machine in table} - refused
    for number in set(range(FIRST_UNKNOWN_CALL)) - decided:
        assert run_filter(machine, number) == (errno.EACCES if number in refused else ALLOWED)
    for number in (FIRST_UNKNOWN_CALL, 0x4000_0000 + 59, 0xFFFF_FFFF):
        assert run_filter(machine, number) == errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_are_refused(machine):
    (other,) = set(ARCHITECTURES) - {machine}
    for architecture in (ARCHITECTURES[other], 0x4000_0003, 0x4000_0028):  # i386, 32-bit ARM
        assert run_filter(machine, 39, architecture=architecture) == errno.EACCES


@pytest.mark.parametrize("machine", MACHINES)
def test_call_numbers_match_the_linux_headers(machine):
    if not HEADERS[machine].exists():
        pytest.skip("no headers of Linux")
    pattern = r"#define __NR(?:3264)?_(\w+)\s+(\d+)"
    known = {
        name: int(number) for name, number in re.findall(pattern, HEADERS[machine].read_text())
    }
    numbers = {name: table[machine] for name, table in TABLES.items() if machine in table}
    assert numbers == {name: known[name] for name in numbers}
    missing = {name for name in TABLES if name in known and name not in numbers}
    assert not missing
