"""Folders that a process which reads reports may read: Python, its packages, libraries and fonts.

Landlock (Linux 5.13 and later) refuses all other files to the thread that enters the sandbox and to
those that it starts, in native code too: the database, the secrets, and the memory and environment
of other processes. A process without privileges may restrict itself, also inside a container.
"""

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Final

from api.services.sandbox.privileges import forbid_new_privileges

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls of Landlock, with the same numbers on every architecture."""
CREATE_RULESET_VERSION: Final = 1
RULE_PATH_BENEATH: Final = 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
HANDLED_ACCESS: Final = (1 << 13) - 1
"""All rights of the first version of Landlock; those that no rule grants are refused."""
OWN_PACKAGES: Final = ("grader", "problems", "api")
PACKAGE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})
SYSTEM_PATHS: Final = (
    *("/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime"),
    "/sys/devices/system/cpu",
)


class _RulesetAttributes(ctypes.Structure):
    """Rights that a ruleset handles: `struct landlock_ruleset_attr`."""

    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _PathRule(ctypes.Structure):
    """Rights beneath a path: `struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def supports_path_restriction() -> bool:
    """Return whether the kernel can hide files from this process."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION) >= 1)


def limit_readable_paths(extra: Iterable[Path] = ()) -> bool:
    """Hide all files except those of the program and *extra* for good; return False on failure."""
    if not supports_path_restriction():
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = _RulesetAttributes(HANDLED_ACCESS)
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for path in (*_list_program_paths(), *extra):
            with suppress(OSError):  # not every system has all of them
                _add_rule(libc, ruleset, path)
        return forbid_new_privileges() and bool(libc.syscall(RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _list_program_paths() -> Iterator[Path]:
    """Yield the paths of Python, of installed packages, of this program and of the system."""
    yield from (Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix))
    yield from (Path(str(files(package))) for package in OWN_PACKAGES)
    # A checkout is on the path too, and may contain a database.
    yield from (Path(entry) for entry in sys.path if Path(entry).name in PACKAGE_FOLDERS)
    yield from map(Path, SYSTEM_PATHS)


def _add_rule(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    """Allow reading beneath a *path*."""
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        access = READ_FILE | READ_FOLDER if path.is_dir() else READ_FILE
        rule = _PathRule(access, folder)
        libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(folder)
