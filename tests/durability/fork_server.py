"""Fork server for services: forks a process that has imported everything.

Services start so fast that a test can kill dozens per minute. A child runs
`api.server.main.main`, as ``python -m api`` does, with the environment of the request.
The fork server can inject a bug into the child first (`injected_bugs.py`).
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
SERVER_PROGRAM = "from durability.fork_server import serve_forks; serve_forks()"
"""Passed with -c: processes that a child spawns would reload a main module with a file."""
MOUNT_SCRIPT = 'mount -t tmpfs -o size="$0"m tmpfs "$1" && shift && exec "$@"'
DISK_SIZE_MIB = 80
"""Size of the small disk; a service is ready only while 50 MiB are free."""
EXIT_TIMEOUT_SECONDS = 60


class ForkedProcess:
    """Process of a service, with the methods of `subprocess.Popen` that tests need.

    It is a child of the fork server, so its exit status is not available.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return 0 if the process has exited, else None."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has exited, and return 0."""
        timeout = timeout or EXIT_TIMEOUT_SECONDS
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("api", timeout)
            time.sleep(0.005)
        return 0


def find_mount_error() -> str:
    """Return why this machine cannot mount the small disk, or "" if it can."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return "unshare is not installed"
    command = [unshare, "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).stderr.decode().strip()


class ForkServer:
    """Process that forks services, with a small disk at *disk* in its mount namespace.

    *disk* is None if the disk cannot be mounted.
    """

    def __init__(self, disk: Path) -> None:
        can_mount = not find_mount_error()
        self.disk = disk if can_mount else None
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        mount_prefix = ["unshare", "-m", "sh", "-c", MOUNT_SCRIPT, str(DISK_SIZE_MIB), str(disk)]
        self._process = subprocess.Popen(
            [*(mount_prefix if can_mount else ()), sys.executable, "-c", SERVER_PROGRAM],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self._read_response()["ready"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def to_local_path(self, path: Path) -> Path:
        """Convert a path in the fork server's mount namespace to one in the tests' own."""
        return Path(f"/proc/{self._process.pid}/root{path}")

    def launch(self, environment: Mapping[str, str], log: Path, *, bug: str = "") -> ForkedProcess:
        """Start a service, as `api.durability_test.service.launch_service` does."""
        assert self._process.stdin is not None
        request = {"environment": dict(environment), "log": str(log), "bug": bug}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return ForkedProcess(self._read_response()["pid"])

    def build_launcher(self, bug: str) -> Callable[[Mapping[str, str], Path], ForkedProcess]:
        """Return a function that starts services with an injected bug."""
        return lambda environment, log: self.launch(environment, log, bug=bug)

    def _read_response(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def serve_forks() -> None:
    """Fork a service for each request on stdin; kill all services at end of file."""
    import api.server.main  # noqa: PLC0415  # the process of the tests starts no service

    assert api.server.main
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the children
    _write_response(ready=True)
    children = []
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run_service(request)
        children.append(pid)
        _write_response(pid=pid)
    for pid in children:  # no service outlives tests that were interrupted
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _write_response(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def _run_service(request: Mapping[str, Any]) -> None:
    """Run the service in this forked process, and exit."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(request["environment"])
    code = 1
    try:
        from api.server.main import main  # noqa: PLC0415
        from durability.injected_bugs import INJECTED_BUGS  # noqa: PLC0415

        INJECTED_BUGS[request["bug"]]()
        main()
        code = 0
    finally:
        os._exit(code)
