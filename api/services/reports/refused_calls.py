"""System calls that a process which reads reports may not make, refused by a seccomp filter.

On Linux the kernel then refuses them to native code too. A process without privileges may install
such a filter, also inside a container.
"""

import ctypes
import errno
import os
import platform
import sys
from typing import Final

PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_SET_MODE_FILTER: Final = 1
SECCOMP_FILTER_FLAG_TSYNC: Final = 1
"""Flag that puts all threads of the process under the filter."""
SECCOMP_RET_ALLOW: Final = 0x7FFF0000
SECCOMP_RET_ERRNO: Final = 0x00050000
LOAD_WORD, RETURN = 0x20, 0x06
JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, JUMP_IF_ANY_BIT = 0x15, 0x35, 0x45
"""Instructions of the classic BPF machine, from `linux/bpf_common.h`."""
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET, ARGUMENT_BYTES = 0, 4, 16, 8
"""Offsets in `struct seccomp_data`; the low half of an argument comes first."""
X32_CALLS: Final = 0x40000000
"""The lowest number of the x32 system calls, a second way to call the kernel on x86-64."""
WRITE_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
"""Flags of which none may be set when a file is opened."""

ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}
REFUSED_CALLS: Final = {
    # the network
    "socket": {"x86_64": 41, "aarch64": 198},
    "socketpair": {"x86_64": 53, "aarch64": 199},
    "connect": {"x86_64": 42, "aarch64": 203},
    "bind": {"x86_64": 49, "aarch64": 200},
    "listen": {"x86_64": 50, "aarch64": 201},
    "accept": {"x86_64": 43, "aarch64": 202},
    "accept4": {"x86_64": 288, "aarch64": 242},
    "sendto": {"x86_64": 44, "aarch64": 206},
    "sendmsg": {"x86_64": 46, "aarch64": 211},
    "sendmmsg": {"x86_64": 307, "aarch64": 269},
    "io_uring_setup": {"x86_64": 425, "aarch64": 425},
    # other programs and processes
    "execve": {"x86_64": 59, "aarch64": 221},
    "execveat": {"x86_64": 322, "aarch64": 281},
    "kill": {"x86_64": 62, "aarch64": 129},
    "tkill": {"x86_64": 200, "aarch64": 130},
    "tgkill": {"x86_64": 234, "aarch64": 131},
    "pidfd_send_signal": {"x86_64": 424, "aarch64": 424},
    "rt_sigqueueinfo": {"x86_64": 129, "aarch64": 138},
    "rt_tgsigqueueinfo": {"x86_64": 297, "aarch64": 240},
    "setpriority": {"x86_64": 141, "aarch64": 140},
    "setrlimit": {"x86_64": 160, "aarch64": 164},
    "sched_setparam": {"x86_64": 142, "aarch64": 118},
    "sched_setscheduler": {"x86_64": 144, "aarch64": 119},
    "sched_setaffinity": {"x86_64": 203, "aarch64": 122},
    "sched_setattr": {"x86_64": 314, "aarch64": 274},
    "shmget": {"x86_64": 29, "aarch64": 194},
    "msgget": {"x86_64": 68, "aarch64": 186},
    "semget": {"x86_64": 64, "aarch64": 190},
    "pidfd_getfd": {"x86_64": 438, "aarch64": 438},
    "ptrace": {"x86_64": 101, "aarch64": 117},
    "process_vm_readv": {"x86_64": 310, "aarch64": 270},
    "process_vm_writev": {"x86_64": 311, "aarch64": 271},
    # files and folders: created, removed, renamed or changed
    "openat2": {"x86_64": 437, "aarch64": 437},  # a filter cannot read its flags
    "open_by_handle_at": {"x86_64": 304, "aarch64": 265},
    "truncate": {"x86_64": 76, "aarch64": 45},
    "ftruncate": {"x86_64": 77, "aarch64": 46},
    "fallocate": {"x86_64": 285, "aarch64": 47},
    "unlinkat": {"x86_64": 263, "aarch64": 35},
    "renameat": {"x86_64": 264, "aarch64": 38},
    "renameat2": {"x86_64": 316, "aarch64": 276},
    "mkdirat": {"x86_64": 258, "aarch64": 34},
    "linkat": {"x86_64": 265, "aarch64": 37},
    "symlinkat": {"x86_64": 266, "aarch64": 36},
    "mknodat": {"x86_64": 259, "aarch64": 33},
    "fchmod": {"x86_64": 91, "aarch64": 52},
    "fchmodat": {"x86_64": 268, "aarch64": 53},
    "fchmodat2": {"x86_64": 452, "aarch64": 452},
    "fchown": {"x86_64": 93, "aarch64": 55},
    "fchownat": {"x86_64": 260, "aarch64": 54},
    "utimensat": {"x86_64": 280, "aarch64": 88},
    "setxattr": {"x86_64": 188, "aarch64": 5},
    "lsetxattr": {"x86_64": 189, "aarch64": 6},
    "fsetxattr": {"x86_64": 190, "aarch64": 7},
    "setxattrat": {"x86_64": 463, "aarch64": 463},
    "removexattr": {"x86_64": 197, "aarch64": 14},
    "lremovexattr": {"x86_64": 198, "aarch64": 15},
    "fremovexattr": {"x86_64": 199, "aarch64": 16},
    "removexattrat": {"x86_64": 466, "aarch64": 466},
    "file_setattr": {"x86_64": 469, "aarch64": 469},
    "mq_open": {"x86_64": 240, "aarch64": 180},
    "mount": {"x86_64": 165, "aarch64": 40},
    "umount2": {"x86_64": 166, "aarch64": 39},
    # the same, as x86-64 alone has them
    "fork": {"x86_64": 57},
    "vfork": {"x86_64": 58},
    "creat": {"x86_64": 85},
    "unlink": {"x86_64": 87},
    "rmdir": {"x86_64": 84},
    "rename": {"x86_64": 82},
    "mkdir": {"x86_64": 83},
    "link": {"x86_64": 86},
    "symlink": {"x86_64": 88},
    "mknod": {"x86_64": 133},
    "chmod": {"x86_64": 90},
    "chown": {"x86_64": 92},
    "lchown": {"x86_64": 94},
    "utime": {"x86_64": 132},
    "utimes": {"x86_64": 235},
    "futimesat": {"x86_64": 261},
}
"""System calls that are always refused, by their numbers."""
OPENING_CALLS: Final = {
    "openat": ({"x86_64": 257, "aarch64": 56}, 2),
    "open": ({"x86_64": 2}, 1),
}
"""System calls that open a file, with the place of their flags: refused with `WRITE_FLAGS`."""


class _Instruction(ctypes.Structure):
    """Instruction of a BPF program: `struct sock_filter`."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jump_true", ctypes.c_ubyte),
        ("jump_false", ctypes.c_ubyte),
        ("operand", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    """BPF program: `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def install_call_filter() -> bool:
    """Make the kernel refuse the calls to all threads for good; return False where it cannot."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ARCHITECTURES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = _build_filter(machine)
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    result = libc.syscall(
        SECCOMP_CALL[machine],
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC,
        ctypes.byref(program),
    )
    return bool(result == 0)


def _build_filter(machine: str) -> list[_Instruction]:
    """Return the program: refuse calls of another architecture and listed ones, allow the rest."""
    refuse = _Instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EACCES)
    program = [
        _Instruction(LOAD_WORD, 0, 0, ARCHITECTURE_OFFSET),
        _Instruction(JUMP_IF_EQUAL, 1, 0, ARCHITECTURES[machine]),
        refuse,
        _Instruction(LOAD_WORD, 0, 0, NUMBER_OFFSET),
    ]
    # A jump of n skips n instructions: a call that is not the one tested goes on to the next test.
    for numbers in REFUSED_CALLS.values():
        if machine in numbers:
            program += [_Instruction(JUMP_IF_EQUAL, 0, 1, numbers[machine]), refuse]
    program += [_Instruction(JUMP_IF_AT_LEAST, 0, 1, X32_CALLS), refuse]
    for numbers, flags in OPENING_CALLS.values():
        if machine in numbers:
            program += [
                _Instruction(JUMP_IF_EQUAL, 0, 4, numbers[machine]),
                _Instruction(LOAD_WORD, 0, 0, ARGUMENTS_OFFSET + ARGUMENT_BYTES * flags),
                _Instruction(JUMP_IF_ANY_BIT, 0, 1, WRITE_FLAGS),
                refuse,
                _Instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW),
            ]
    return [*program, _Instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW)]
