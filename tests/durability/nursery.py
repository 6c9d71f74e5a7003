"""Fork server for services, which has imported everything: tens of kills per minute.

A child runs `api.server.main.main`, as ``python -m api`` does, with the settings of the
environment that it gets. A bug may be planted in it first (`planted.py`).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PROGRAM = "from durability.nursery import breed; breed()"
"""Passed with -c: processes that a child spawns would reload a main module with a file."""
MOUNTED = 'mount -t tmpfs -o size="$0"m tmpfs "$1" && shift && exec "$@"'
MEBIBYTES = 80
"""The size of the disk; a service is ready only while 50 MiB are free."""


class Child:
    """A service that another process started, with the `subprocess.Popen` methods needed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return 0 once the process has ended, or None before."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended, and return 0."""
        until = time.monotonic() + (timeout or 60)
        while self.poll() is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("api", timeout or 60)
            time.sleep(0.005)
        return 0


def cannot_mount() -> str:
    """Return why a nursery cannot mount its own disk here, or "" if it can."""
    found = shutil.which("unshare")
    if found is None:
        return "unshare is not installed"
    command = [found, "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).stderr.decode().strip()


class Nursery:
    """Process that starts services, with a small disk at *disk* that only they see.

    *disk* is None if it cannot be mounted.
    """

    def __init__(self, disk: Path) -> None:
        mounts = not cannot_mount()
        self.disk = disk if mounts else None
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        around = ["unshare", "-m", "sh", "-c", MOUNTED, str(MEBIBYTES), str(disk)]
        self._process = subprocess.Popen(
            [*(around if mounts else ()), sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self._answer()["ready"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def seen_from_here(self, path: Path) -> Path:
        """Return where this process finds the nursery's *path*."""
        return Path(f"/proc/{self._process.pid}/root{path}")

    def launch(self, given: Mapping[str, str], log: Path, *, plant: str = "") -> Child:
        """Start a service, as `api.durability_test.service.launch_service` does."""
        assert self._process.stdin is not None
        asked = {"environment": dict(given), "log": str(log), "plant": plant}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Child(self._answer()["pid"])

    def planted(self, plant: str) -> Callable[[Mapping[str, str], Path], Child]:
        """Return a function that starts services with a planted bug."""
        return lambda given, log: self.launch(given, log, plant=plant)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def breed() -> None:
    """Start a service for each line on stdin; kill them all at its end."""
    import api.server.main  # noqa: PLC0415  # the tests' own process starts none

    assert api.server.main
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to fetch the children
    _say(ready=True)
    children = []
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(asked)
        children.append(pid)
        _say(pid=pid)
    for pid in children:  # nothing is left where the tests were cut short
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _say(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _become(asked: Mapping[str, Any]) -> None:
    """Run the service in this forked process, and never return."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(asked["environment"])
    code = 1
    try:
        from api.server.main import main  # noqa: PLC0415
        from durability.planted import PLANTS  # noqa: PLC0415

        PLANTS[asked["plant"]]()
        main()
        code = 0
    finally:
        os._exit(code)
