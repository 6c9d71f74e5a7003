"""Sandbox of a process that reads reports: limited memory, no network, no other programs.

Two layers refuse system calls. On Linux a seccomp filter makes the kernel refuse them, for native
code too; a process without privileges may install it, also inside a container. Everywhere an audit
hook makes Python refuse them.
"""

import ctypes
import errno
import os
import platform
import sys
from functools import cache
from typing import Any, Final

MEMORY_BYTES: Final = 2 * 1024**3
"""Address space of a process that reads reports."""

PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_SET_MODE_FILTER: Final = 1
SECCOMP_FILTER_FLAG_TSYNC: Final = 1
"""Flag that puts all threads of the process under the filter."""
SECCOMP_RET_ALLOW: Final = 0x7FFF0000
SECCOMP_RET_ERRNO: Final = 0x00050000
LOAD_WORD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
"""Instructions of the classic BPF machine, from `linux/bpf_common.h`."""
NUMBER_OFFSET, ARCHITECTURE_OFFSET = 0, 4
"""Offsets in `struct seccomp_data`."""
X32_CALLS: Final = 0x40000000
"""The lowest number of the x32 system calls, a second way to call the kernel on x86-64."""

ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}
REFUSED_CALLS: Final = {
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
    "execve": {"x86_64": 59, "aarch64": 221},
    "execveat": {"x86_64": 322, "aarch64": 281},
    "kill": {"x86_64": 62, "aarch64": 129},
    "tkill": {"x86_64": 200, "aarch64": 130},
    "tgkill": {"x86_64": 234, "aarch64": 131},
    "pidfd_send_signal": {"x86_64": 424, "aarch64": 424},
    "pidfd_getfd": {"x86_64": 438, "aarch64": 438},
    "ptrace": {"x86_64": 101, "aarch64": 117},
    "process_vm_readv": {"x86_64": 310, "aarch64": 270},
    "process_vm_writev": {"x86_64": 311, "aarch64": 271},
}
"""System calls of the network, of other programs and of other processes, by their numbers."""
REFUSED_EVENTS: Final = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
    *("os.kill", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"),
    *("shutil.", "urllib.", "http.", "ftplib.", "smtplib."),
)
"""Starts of the names of refused audit events."""
WRITE_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED_MESSAGE: Final = "a process that reads reports may not do this"


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


@cache
def enter_sandbox() -> bool:
    """Put this process into the sandbox for good; return whether the kernel enforces it.

    Memory is limited too. A second call does nothing.
    """
    limit_memory()
    is_enforced = _install_seccomp_filter()
    sys.addaudithook(_refuse_event)
    return is_enforced


def limit_memory() -> None:
    """Limit the memory of this process, if the system can; a report that needs more is refused."""
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (soft, hard, MEMORY_BYTES) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _install_seccomp_filter() -> bool:
    """Make the kernel refuse `REFUSED_CALLS`; return False where it cannot."""
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
    calls = [numbers[machine] for numbers in REFUSED_CALLS.values()]
    refuse = _Instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EACCES)
    return [
        _Instruction(LOAD_WORD, 0, 0, ARCHITECTURE_OFFSET),
        _Instruction(JUMP_IF_EQUAL, 1, 0, ARCHITECTURES[machine]),
        refuse,
        _Instruction(LOAD_WORD, 0, 0, NUMBER_OFFSET),
        _Instruction(JUMP_IF_AT_LEAST, len(calls) + 1, 0, X32_CALLS),
        *(
            _Instruction(JUMP_IF_EQUAL, len(calls) - index, 0, call)
            for index, call in enumerate(calls)
        ),
        _Instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW),
        refuse,
    ]


def _refuse_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse an audit event of the network, of a program, or of a change of files."""
    if event.startswith(REFUSED_EVENTS) or (event == "open" and _opens_for_writing(arguments)):
        raise PermissionError(errno.EACCES, REFUSED_MESSAGE)


def _opens_for_writing(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0  # noqa: PLR2004  # path, mode, flags
    return isinstance(flags, int) and bool(flags & WRITE_FLAGS)
