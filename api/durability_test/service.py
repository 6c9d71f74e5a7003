"""Service in a separate process, to kill and start again."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import api
from api.config.sources import ENV_PREFIX

PROCESS_TIMEOUT_SECONDS: Final = 60
"""Maximum seconds for a service to start or to end."""
UNLIMITED: Final = "1000000"
WORKER_COMMAND_MARKER: Final = b"spawn_main"
"""Text in the command line of Python's worker processes; other children manage memory."""


class ServiceStartError(Exception):
    """Error if a service does not start; the message holds its output."""


class ProcessHandle(Protocol):
    """Interface of a process, a part of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit status; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the exit status."""


Launcher: TypeAlias = Callable[[Mapping[str, str], Path], ProcessHandle]
"""Function that starts a service in its own session.

It takes the environment, and the file to which the output is appended.
"""


def launch_service(env: Mapping[str, str], log: Path) -> ProcessHandle:
    """Start ``python -m api``."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "api"],
            env=dict(env),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def build_environment(database: str, bank: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a service on *database* that does not limit the clients' rates.

    It inherits no settings of this process.
    """
    inherited = {name: one for name, one in os.environ.items() if not name.startswith(ENV_PREFIX)}
    defaults = {
        "database": database,
        "bank": str(bank),
        "host": "127.0.0.1",
        "seeds": "2",
        "worker": "apart",
        "regrade_workers": "0",
        "password_memory": "8",
        "submissions_per_minute": UNLIMITED,
        "stored_mebibytes_per_day": UNLIMITED,
        "requests_per_minute": UNLIMITED,
    }
    root = str(Path(api.__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    variables = {ENV_PREFIX + name.upper(): one for name, one in (defaults | settings).items()}
    return inherited | {"PYTHONPATH": path} | variables


class ServiceProcess:
    """Service at a fixed port, which it keeps over all starts."""

    def __init__(
        self, env: Mapping[str, str], folder: Path, *, launcher: Launcher = launch_service
    ) -> None:
        self.port = _find_free_port()
        self._env = {**env, f"{ENV_PREFIX}PORT": str(self.port)}
        self._log = folder / f"service-{self.port}.log"
        self._launcher = launcher
        self._process: ProcessHandle | None = None
        self.slowest_start_seconds = 0.0

    def start(self, **settings: str) -> None:
        """Start the service with extra *settings*, and return as soon as it responds.

        A service with a failpoint may end before that. Raises `ServiceStartError` if any other
        does not start.
        """
        started = time.monotonic()
        extra_env = {ENV_PREFIX + name.upper(): setting for name, setting in settings.items()}
        self._process = self._launcher({**self._env, **extra_env}, self._log)
        while not self.is_responding():
            has_ended = self._process.poll() is not None
            if has_ended and "failpoint" in settings:
                return
            if has_ended or time.monotonic() > started + PROCESS_TIMEOUT_SECONDS:
                raise ServiceStartError(
                    self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
                )
            time.sleep(0.01)
        self.slowest_start_seconds = max(self.slowest_start_seconds, time.monotonic() - started)

    def is_responding(self, path: str = "/healthz") -> bool:
        """Return whether *path* responds with status 200."""
        return self.fetch_status(path) == http.client.OK

    def fetch_status(self, path: str) -> int | None:
        """Return the status of *path*; None without a response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def wait_until_ended(self, timeout_seconds: float) -> bool:
        """Wait up to *timeout_seconds* for the process to exit; return whether it did."""
        until = time.monotonic() + timeout_seconds
        while self._running_process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        return self._running_process.poll() is not None

    def kill(self) -> None:
        """Kill the process group as ``kill -9`` does; do nothing if it is not running."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PROCESS_TIMEOUT_SECONDS)
        self._process = None
        until = time.monotonic() + PROCESS_TIMEOUT_SECONDS
        while self._is_listening() and time.monotonic() < until:  # its children end a bit later
            time.sleep(0.005)

    def _is_listening(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0

    def kill_serving_process(self, choose: Callable[[list[int]], int]) -> None:
        """Kill one of its serving processes, which it then replaces."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        serving = [
            int(one)
            for one in children
            if WORKER_COMMAND_MARKER in Path(f"/proc/{one}/cmdline").read_bytes()
        ]
        if serving:
            os.kill(choose(serving), signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._running_process.pid

    @property
    def _running_process(self) -> ProcessHandle:
        if self._process is None:
            raise RuntimeError("the service was not started")
        return self._process


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
