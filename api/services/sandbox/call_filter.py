"""Seccomp filter of system calls: on Linux the kernel refuses them to native code too.

A process without privileges may install such a filter, also inside a container.
"""

import ctypes
import errno
import platform
import sys
from typing import Final

from api.services.sandbox.privileges import forbid_new_privileges
from api.services.sandbox.refused_calls import (
    FIRST_UNKNOWN_CALL,
    MISSING_CALLS,
    REFUSED_CALLS,
    RULES,
    ArgumentRule,
    Comparison,
)

SECCOMP_SET_MODE_FILTER: Final = 1
SECCOMP_GET_ACTION_AVAIL: Final = 2
SECCOMP_FILTER_FLAG_TSYNC: Final = 1
"""Flag that puts all threads of the process under the filter."""
SECCOMP_RET_ALLOW: Final = 0x7FFF0000
SECCOMP_RET_ERRNO: Final = 0x00050000
LOAD_WORD, RETURN = 0x20, 0x06
JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, JUMP_IF_ANY_BIT = 0x15, 0x35, 0x45
"""Instructions of the classic BPF machine, from `linux/bpf_common.h`."""
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET, ARGUMENT_BYTES = 0, 4, 16, 8
"""Offsets in `struct seccomp_data`; the low half of an argument comes first."""
ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}
JUMPS: Final = {Comparison.EQUAL: JUMP_IF_EQUAL, Comparison.ANY_BIT: JUMP_IF_ANY_BIT}


class Instruction(ctypes.Structure):
    """Instruction of a BPF program: `struct sock_filter`."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jump_true", ctypes.c_ubyte),
        ("jump_false", ctypes.c_ubyte),
        ("operand", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    """BPF program: `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(Instruction)))


ALLOW: Final = Instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW)
REFUSE: Final = Instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EACCES)
MISSING: Final = Instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.ENOSYS)


def supports_call_filter() -> bool:
    """Return whether the kernel can refuse calls to this process."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ARCHITECTURES:
        return False
    action = ctypes.c_uint32(SECCOMP_RET_ERRNO)
    result = ctypes.CDLL(None, use_errno=True).syscall(
        SECCOMP_CALL[machine], SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action)
    )
    return bool(result == 0)


def install_call_filter() -> bool:
    """Make the kernel refuse the calls to all threads for good; return False where it cannot."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ARCHITECTURES or not forbid_new_privileges():
        return False
    instructions = build_filter(machine)
    program = _Program(len(instructions), (Instruction * len(instructions))(*instructions))
    result = ctypes.CDLL(None, use_errno=True).syscall(
        SECCOMP_CALL[machine],
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC,
        ctypes.byref(program),
    )
    return bool(result == 0)


def build_filter(machine: str) -> list[Instruction]:
    """Return the program: refuse calls of another architecture and listed ones, allow the rest."""
    # A jump of n skips n instructions: a call that is not the one tested goes on to the next test.
    program = [
        Instruction(LOAD_WORD, 0, 0, ARCHITECTURE_OFFSET),
        Instruction(JUMP_IF_EQUAL, 1, 0, ARCHITECTURES[machine]),
        REFUSE,
        Instruction(LOAD_WORD, 0, 0, NUMBER_OFFSET),
        Instruction(JUMP_IF_AT_LEAST, 0, 1, FIRST_UNKNOWN_CALL),
        MISSING,
    ]
    for calls, answer in ((REFUSED_CALLS, REFUSE), (MISSING_CALLS, MISSING)):
        for numbers in calls.values():
            if machine in numbers:
                program += [Instruction(JUMP_IF_EQUAL, 0, 1, numbers[machine]), answer]
    for rule in RULES.values():
        if machine in rule.numbers:
            checks = _build_argument_checks(rule)
            program += [
                Instruction(JUMP_IF_EQUAL, 0, len(checks), rule.numbers[machine]),
                *checks,
            ]
    return [*program, ALLOW]


def _build_argument_checks(rule: ArgumentRule) -> list[Instruction]:
    """Return the instructions that refuse or allow a call by its argument."""
    jump = JUMPS[rule.comparison]
    checks = [Instruction(LOAD_WORD, 0, 0, ARGUMENTS_OFFSET + ARGUMENT_BYTES * rule.argument)]
    for value in rule.refused:
        checks += [Instruction(jump, 0, 1, value), REFUSE]
    if rule.required is not None:
        checks += [Instruction(jump, 1, 0, rule.required), REFUSE]
    return [*checks, ALLOW]
