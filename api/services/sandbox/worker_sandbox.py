"""Sandbox of a process that reads files of students: it can change and reach nothing outside.

On Linux the kernel refuses, to native code too, system calls of the network, of other programs and
of changed files (`call_filter`), and files other than those of the program (`readable_paths`).
Everywhere an audit hook makes Python refuse the network, programs and changed files.
"""

import errno
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from api.services.sandbox.call_filter import install_call_filter, supports_call_filter
from api.services.sandbox.readable_paths import limit_readable_paths, supports_path_restriction
from api.services.sandbox.refused_calls import WRITE_FLAGS

MEMORY_BYTES: Final = 1024**3
"""Address space that a process which reads reports may use beyond what it has at its start."""
MAPPED_PAGES_PATH: Final = Path("/proc/self/statm")
OOM_SCORE_PATH: Final = Path("/proc/self/oom_score_adj")
MAX_OOM_SCORE: Final = 1_000
"""Adjustment that makes the kernel end this process first when memory runs out."""
REFUSED_EVENTS: Final = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
    *("os.kill", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"),
    *("os.truncate", "os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr"),
    *("shutil.", "urllib.", "http.", "ftplib.", "smtplib."),
)
"""Starts of the names of refused audit events."""
MISSING_LAYERS: Final = (
    "without seccomp, only Python code is kept from the network, programs and changed files",
    "without Landlock, a file that exploits a parser can read the files of the service",
)
"""What is not enforced without each layer, in the order of `SandboxLayers`."""
LAYER_NAMES: Final = ("seccomp", "Landlock")
REFUSED_MESSAGE: Final = "a process that reads reports may not do this"


class SandboxLayers(NamedTuple):
    """What the kernel enforces in this process: it refuses system calls, it hides files."""

    refuses_calls: bool
    hides_files: bool


class SandboxError(Exception):
    """The kernel supports a layer of the sandbox, but this process did not get it."""


def detect_layers() -> SandboxLayers:
    """Return which layers the kernel supports; this process is not restricted."""
    return SandboxLayers(
        refuses_calls=supports_call_filter(), hides_files=supports_path_restriction()
    )


def describe_missing_layers(layers: SandboxLayers) -> str:
    """Return what is not enforced without the missing layers, "" if both are there."""
    return "; ".join(
        consequence for holds, consequence in zip(layers, MISSING_LAYERS, strict=True) if not holds
    )


def describe_layers() -> list[tuple[str, str]]:
    """Return the name of each layer, and what is not enforced if the kernel does not support it."""
    states = zip(LAYER_NAMES, detect_layers(), MISSING_LAYERS, strict=True)
    return [(name, "" if is_active else missing) for name, is_active, missing in states]


@cache
def enter_sandbox(readable: Path | None = None) -> SandboxLayers:
    """Put this process into the sandbox for good; return what the kernel enforces.

    It may read the folder or file *readable* beside the program. A second call does nothing.
    Raises `SandboxError` instead of reading a file without a layer that the kernel supports.
    """
    supported = detect_layers()
    limit_resources()
    layers = SandboxLayers(
        hides_files=limit_readable_paths([readable] if readable is not None else []),
        refuses_calls=install_call_filter(),
    )
    sys.addaudithook(_refuse_event)
    if layers != supported:
        raise SandboxError(f"the kernel supports {supported}, but this process has {layers}")
    return layers


def limit_resources() -> None:
    """Limit this process, if the system can; a report that needs more memory is refused.

    The process cannot enlarge a file. If memory runs out, the kernel ends it before the service.
    """
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    total = _measure_address_space(resource.getpagesize()) + MEMORY_BYTES
    limits = [limit for limit in (soft, hard, total) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), min(limits)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError):  # not on macOS
        OOM_SCORE_PATH.write_text(str(MAX_OOM_SCORE), encoding="ascii")


def _measure_address_space(page_bytes: int) -> int:
    """Return the address space of this process in bytes, 0 if the system does not report it.

    It grows with the number of cores, because libraries reserve some for each thread.
    """
    try:
        return int(MAPPED_PAGES_PATH.read_text(encoding="ascii").split()[0]) * page_bytes
    except OSError:
        return 0


def _refuse_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse an audit event of the network, of a program, or of a change of files."""
    if event.startswith(REFUSED_EVENTS) or (event == "open" and _opens_for_writing(arguments)):
        raise PermissionError(errno.EACCES, REFUSED_MESSAGE)


def _opens_for_writing(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0  # noqa: PLR2004  # path, mode, flags
    return isinstance(flags, int) and bool(flags & WRITE_FLAGS)
