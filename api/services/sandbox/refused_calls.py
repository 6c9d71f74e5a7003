"""System calls that a process which reads files of students may not make, with their numbers.

They reach other processes, the network, files, or interfaces of the kernel that no parser needs.
"""

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

FIRST_UNKNOWN_CALL: Final = 451
"""First system call that this list does not judge: those after Linux 5.17, and the x32 calls.

The kernel answers as an older kernel does (ENOSYS), for which every program is prepared.
"""
WRITE_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
"""Flags of which none may be set when a file is opened."""
CLONE_THREAD: Final = 0x0001_0000
CLONE_NEW_NAMESPACES: Final = 0x7E02_0080
"""Flags of `clone` for namespaces, from CLONE_NEWTIME to CLONE_NEWNET."""
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15
"""Commands of `fcntl` that make the kernel send a signal to a process."""
FIOSETOWN, SIOCSPGRP = 0x8901, 0x8902
"""Requests of `ioctl` that do the same."""
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
"""Requests of `ioctl` that type into a terminal."""
PR_SET_PDEATHSIG: Final = 1
"""Option of `prctl` with which a process would survive its parent."""

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
    # other programs: started, signaled, inspected or slowed down
    "execve": {"x86_64": 59, "aarch64": 221},
    "execveat": {"x86_64": 322, "aarch64": 281},
    "kill": {"x86_64": 62, "aarch64": 129},
    "tkill": {"x86_64": 200, "aarch64": 130},
    "tgkill": {"x86_64": 234, "aarch64": 131},
    "rt_sigqueueinfo": {"x86_64": 129, "aarch64": 138},
    "rt_tgsigqueueinfo": {"x86_64": 297, "aarch64": 240},
    "pidfd_open": {"x86_64": 434, "aarch64": 434},
    "pidfd_send_signal": {"x86_64": 424, "aarch64": 424},
    "pidfd_getfd": {"x86_64": 438, "aarch64": 438},
    "ptrace": {"x86_64": 101, "aarch64": 117},
    "process_vm_readv": {"x86_64": 310, "aarch64": 270},
    "process_vm_writev": {"x86_64": 311, "aarch64": 271},
    "process_madvise": {"x86_64": 440, "aarch64": 440},
    "process_mrelease": {"x86_64": 448, "aarch64": 448},
    "kcmp": {"x86_64": 312, "aarch64": 272},
    "get_robust_list": {"x86_64": 274, "aarch64": 100},
    "migrate_pages": {"x86_64": 256, "aarch64": 238},
    "move_pages": {"x86_64": 279, "aarch64": 239},
    "setpriority": {"x86_64": 141, "aarch64": 140},
    "ioprio_set": {"x86_64": 251, "aarch64": 30},
    "setrlimit": {"x86_64": 160, "aarch64": 164},
    "sched_setparam": {"x86_64": 142, "aarch64": 118},
    "sched_setscheduler": {"x86_64": 144, "aarch64": 119},
    "sched_setaffinity": {"x86_64": 203, "aarch64": 122},
    "sched_setattr": {"x86_64": 314, "aarch64": 274},
    "unshare": {"x86_64": 272, "aarch64": 97},
    "setns": {"x86_64": 308, "aarch64": 268},
    # memory and messages that processes share
    "shmget": {"x86_64": 29, "aarch64": 194},
    "shmat": {"x86_64": 30, "aarch64": 196},
    "shmctl": {"x86_64": 31, "aarch64": 195},
    "semget": {"x86_64": 64, "aarch64": 190},
    "semop": {"x86_64": 65, "aarch64": 193},
    "semtimedop": {"x86_64": 220, "aarch64": 192},
    "semctl": {"x86_64": 66, "aarch64": 191},
    "msgget": {"x86_64": 68, "aarch64": 186},
    "msgsnd": {"x86_64": 69, "aarch64": 189},
    "msgrcv": {"x86_64": 70, "aarch64": 188},
    "msgctl": {"x86_64": 71, "aarch64": 187},
    "mq_open": {"x86_64": 240, "aarch64": 180},
    "mq_unlink": {"x86_64": 241, "aarch64": 181},
    # interfaces of the kernel that attacks often use and no parser needs
    "io_uring_setup": {"x86_64": 425, "aarch64": 425},
    "io_uring_enter": {"x86_64": 426, "aarch64": 426},
    "io_uring_register": {"x86_64": 427, "aarch64": 427},
    "bpf": {"x86_64": 321, "aarch64": 280},
    "perf_event_open": {"x86_64": 298, "aarch64": 241},
    "userfaultfd": {"x86_64": 323, "aarch64": 282},
    "add_key": {"x86_64": 248, "aarch64": 217},
    "request_key": {"x86_64": 249, "aarch64": 218},
    "keyctl": {"x86_64": 250, "aarch64": 219},
    "modify_ldt": {"x86_64": 154},
    "uselib": {"x86_64": 134},
    # files and folders: created, removed, renamed, changed or watched
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
    "fchown": {"x86_64": 93, "aarch64": 55},
    "fchownat": {"x86_64": 260, "aarch64": 54},
    "utimensat": {"x86_64": 280, "aarch64": 88},
    "setxattr": {"x86_64": 188, "aarch64": 5},
    "lsetxattr": {"x86_64": 189, "aarch64": 6},
    "fsetxattr": {"x86_64": 190, "aarch64": 7},
    "removexattr": {"x86_64": 197, "aarch64": 14},
    "lremovexattr": {"x86_64": 198, "aarch64": 15},
    "fremovexattr": {"x86_64": 199, "aarch64": 16},
    "inotify_init": {"x86_64": 253},
    "inotify_init1": {"x86_64": 294, "aarch64": 26},
    "fanotify_init": {"x86_64": 300, "aarch64": 262},
    "fanotify_mark": {"x86_64": 301, "aarch64": 263},
    # mounts
    "mount": {"x86_64": 165, "aarch64": 40},
    "umount2": {"x86_64": 166, "aarch64": 39},
    "pivot_root": {"x86_64": 155, "aarch64": 41},
    "chroot": {"x86_64": 161, "aarch64": 51},
    "open_tree": {"x86_64": 428, "aarch64": 428},
    "move_mount": {"x86_64": 429, "aarch64": 429},
    "fsopen": {"x86_64": 430, "aarch64": 430},
    "fsconfig": {"x86_64": 431, "aarch64": 431},
    "fsmount": {"x86_64": 432, "aarch64": 432},
    "fspick": {"x86_64": 433, "aarch64": 433},
    "mount_setattr": {"x86_64": 442, "aarch64": 442},
    # the system, which the administrator may change
    "reboot": {"x86_64": 169, "aarch64": 142},
    "kexec_load": {"x86_64": 246, "aarch64": 104},
    "kexec_file_load": {"x86_64": 320, "aarch64": 294},
    "init_module": {"x86_64": 175, "aarch64": 105},
    "finit_module": {"x86_64": 313, "aarch64": 273},
    "delete_module": {"x86_64": 176, "aarch64": 106},
    "swapon": {"x86_64": 167, "aarch64": 224},
    "swapoff": {"x86_64": 168, "aarch64": 225},
    "sethostname": {"x86_64": 170, "aarch64": 161},
    "setdomainname": {"x86_64": 171, "aarch64": 162},
    "settimeofday": {"x86_64": 164, "aarch64": 170},
    "clock_settime": {"x86_64": 227, "aarch64": 112},
    "adjtimex": {"x86_64": 159, "aarch64": 171},
    "clock_adjtime": {"x86_64": 305, "aarch64": 266},
    "quotactl": {"x86_64": 179, "aarch64": 60},
    "quotactl_fd": {"x86_64": 443, "aarch64": 443},
    "acct": {"x86_64": 163, "aarch64": 89},
    "syslog": {"x86_64": 103, "aarch64": 116},
    "vhangup": {"x86_64": 153, "aarch64": 58},
    "iopl": {"x86_64": 172},
    "ioperm": {"x86_64": 173},
    # older forms that only x86-64 has
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
MISSING_CALLS: Final = {
    # its flags are in memory, which a filter cannot read; the C library then calls clone
    "clone3": {"x86_64": 435, "aarch64": 435},
}
"""System calls that do not exist in the sandbox."""


class Comparison(Enum):
    """How a filter compares an argument."""

    EQUAL = "equal"
    ANY_BIT = "any bit"


class ArgumentRule(NamedTuple):
    """Rule for one argument of a system call, of which the kernel reads the low 32 bits.

    The call is refused if the argument matches one of *refused*, and unless it matches *required*.
    """

    numbers: Mapping[str, int]
    argument: int
    comparison: Comparison
    refused: tuple[int, ...] = ()
    required: int | None = None


RULES: Final = {
    "openat": ArgumentRule(
        {"x86_64": 257, "aarch64": 56}, 2, Comparison.ANY_BIT, refused=(WRITE_FLAGS,)
    ),
    "open": ArgumentRule({"x86_64": 2}, 1, Comparison.ANY_BIT, refused=(WRITE_FLAGS,)),
    "clone": ArgumentRule(
        {"x86_64": 56, "aarch64": 220},
        0,
        Comparison.ANY_BIT,
        refused=(CLONE_NEW_NAMESPACES,),
        required=CLONE_THREAD,
    ),
    "prlimit64": ArgumentRule(  # 0 is the calling process
        {"x86_64": 302, "aarch64": 261}, 0, Comparison.EQUAL, required=0
    ),
    "fcntl": ArgumentRule(
        {"x86_64": 72, "aarch64": 25},
        1,
        Comparison.EQUAL,
        refused=(F_SETOWN, F_SETSIG, F_SETOWN_EX),
    ),
    "ioctl": ArgumentRule(
        {"x86_64": 16, "aarch64": 29},
        1,
        Comparison.EQUAL,
        refused=(FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX),
    ),
    "prctl": ArgumentRule(
        {"x86_64": 157, "aarch64": 167}, 0, Comparison.EQUAL, refused=(PR_SET_PDEATHSIG,)
    ),
}
"""System calls that are refused with some arguments."""
