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
from api.config.settings import PREFIX

__all__ = ["Launch", "NotUpError", "Process", "Service", "environment", "launch"]

PATIENCE: Final = 60
"""How many seconds a service may take to start."""
OFTEN: Final = "1000000"
SPAWNED: Final = b"spawn_main"
"""What the command of a process names that Python started for work; others look after memory."""


class NotUpError(Exception):
    """Error if a service does not start; the message holds its output."""


class Process(Protocol):
    """Interface of a process, a part of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit status; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the exit status."""


Launch: TypeAlias = Callable[[Mapping[str, str], Path], Process]
"""Starts a service in a session of its own, with an environment, its output appended to a file."""


def launch(given: Mapping[str, str], log: Path) -> Process:
    """Start ``python -m api``."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "api"],
            env=dict(given),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def environment(database: str, bank: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a service on *database* that does not limit the clients' rates.

    It inherits no settings of this process.
    """
    inherited = {name: one for name, one in os.environ.items() if not name.startswith(PREFIX)}
    given = {
        "database": database,
        "bank": str(bank),
        "host": "127.0.0.1",
        "seeds": "2",
        "worker": "apart",
        "regrade_workers": "0",
        "password_memory": "8",
        "submissions_per_minute": OFTEN,
        "stored_mebibytes_per_day": OFTEN,
        "requests_per_minute": OFTEN,
    }
    root = str(Path(api.__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    named = {PREFIX + name.upper(): one for name, one in (given | settings).items()}
    return inherited | {"PYTHONPATH": path} | named


class Service:
    """Service at a fixed port, which it keeps over all starts."""

    def __init__(
        self, given: Mapping[str, str], folder: Path, *, launched: Launch = launch
    ) -> None:
        self.port = _free_port()
        self._given = {**given, f"{PREFIX}PORT": str(self.port)}
        self._log = folder / f"service-{self.port}.log"
        self._launch = launched
        self._process: Process | None = None
        self.slowest_start = 0.0

    def start(self, **settings: str) -> None:
        """Start the service with extra *settings*, and return as soon as it responds.

        A service with a failpoint may end before that. Raises `NotUpError` if any other does not
        start.
        """
        begun = time.monotonic()
        more = {PREFIX + name.upper(): one for name, one in settings.items()}
        self._process = self._launch({**self._given, **more}, self._log)
        while not self.answers():
            over = self._process.poll() is not None
            if over and "failpoint" in settings:
                return
            if over or time.monotonic() > begun + PATIENCE:
                raise NotUpError(self._log.read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(0.01)
        self.slowest_start = max(self.slowest_start, time.monotonic() - begun)

    def answers(self, path: str = "/healthz") -> bool:
        """Return whether *path* responds with status 200."""
        return self.status(path) == http.client.OK

    def status(self, path: str) -> int | None:
        """Return the status of *path*; None without a response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def ends(self, within: float) -> bool:
        """Wait up to *within* seconds for the process to end by itself; return whether it ended."""
        until = time.monotonic() + within
        while self._running.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        return self._running.poll() is not None

    def kill(self) -> None:
        """Kill the process group as ``kill -9`` does; do nothing if it is not running."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._process = None
        until = time.monotonic() + PATIENCE
        while self._is_listening() and time.monotonic() < until:  # its children end a bit later
            time.sleep(0.005)

    def _is_listening(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def kill_child(self, chosen: Callable[[list[int]], int]) -> None:
        """Kill one of its serving processes, which it then replaces."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        serving = [
            int(one) for one in children if SPAWNED in Path(f"/proc/{one}/cmdline").read_bytes()
        ]
        if serving:
            os.kill(chosen(serving), signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._running.pid

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the service was not started")
        return self._process


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
