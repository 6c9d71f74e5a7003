"""PostgreSQL server for the tests alone, which they may stop, kill and restart."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg

from durability.fork_server import ForkServer

SERVER_USER = "postgres"
"""User that runs the server if the tests run as root; PostgreSQL refuses to run as root."""
INSTALL_FOLDER = "/usr/lib/postgresql"
START_TIMEOUT_SECONDS = 30


def find_missing_program() -> str:
    """Return a message that names a missing program, or "" if the server can run."""
    if _find_program("initdb") is None:
        return "initdb is not installed (Debian: apt install postgresql)"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "setpriv is not installed"
    return ""


def _find_program(name: str) -> str | None:
    folders = sorted(Path(INSTALL_FOLDER).glob("*/bin"), key=lambda path: float(path.parent.name))
    path = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    return shutil.which(name, path=path)


def build_server_command(*command: str) -> list[str]:
    """Return *command*, wrapped to run as the server's user."""
    if os.geteuid() != 0:
        return list(command)
    return [
        "setpriv",
        f"--reuid={SERVER_USER}",
        f"--regid={SERVER_USER}",
        "--init-groups",
        *command,
    ]


class Cluster:
    """A server in a temporary folder, or on the small disk of *fork_server*."""

    def __init__(self, fork_server: ForkServer | None = None) -> None:
        self._command_prefix: list[str] = []
        if fork_server is None or fork_server.disk is None:
            self._folder = self._local_folder = Path(tempfile.mkdtemp(prefix="grader-postgresql-"))
        else:
            self._folder = fork_server.disk / "postgresql"
            self._local_folder = fork_server.to_local_path(self._folder)
            self._local_folder.mkdir()
            self._command_prefix = ["nsenter", "-t", str(fork_server.pid), "-m"]
        if os.geteuid() == 0:
            shutil.chown(self._local_folder, SERVER_USER, SERVER_USER)
        self._data = self._folder / "data"
        self.port = find_free_port()

    def __enter__(self) -> Self:
        self._run(
            *("initdb", "-D", str(self._data), "-U", SERVER_USER, "-A", "trust"),
            *("--no-sync", "--wal-segsize=1"),
        )
        settings_path = self._local_folder / "data" / "postgresql.conf"
        with settings_path.open("a", encoding="utf-8") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nshared_buffers = 32MB\n"
                "unix_socket_directories = ''\nlog_min_messages = fatal\nmax_wal_size = 8MB\n"
            )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop", check=False)
        shutil.rmtree(self._local_folder, ignore_errors=True)

    def url(self, name: str = "postgres", *, port: int | None = None) -> str:
        """Return the URL of a database; *port* is the port of a proxy."""
        return f"postgresql://{SERVER_USER}@127.0.0.1:{port or self.port}/{name}"

    def create_database(self, name: str) -> str:
        """Create a database, and return its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url(name)

    def start(self) -> None:
        """Start the server unless it is running.

        It retries, because the previous server may not have exited yet.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        command = ["pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "start"]
        while not self._is_responding():
            self._run(*command, check=time.monotonic() > deadline)

    def _is_responding(self) -> bool:
        try:
            self._query("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def restart(self, mode: str) -> None:
        """Stop the server in a mode of pg_ctl, and start it again."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")
        self.start()

    def restart_fast(self) -> None:
        """Restart the server as an operator does, which drops all connections."""
        self.restart("fast")

    def restart_immediate(self) -> None:
        """Restart the server without a checkpoint; it recovers from its log."""
        self.restart("immediate")

    def kill_and_restart(self) -> None:
        """Kill the postmaster with SIGKILL, and start the server again."""
        pid_file = self._local_folder / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        self.start()

    def kill_backend(self) -> None:
        """Kill one backend with SIGKILL; the server drops all connections and recovers."""
        [pid] = self._query("SELECT min(pid) FROM pg_stat_activity WHERE usename = current_user")
        os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.2)
        self._wait_until_responding()

    def terminate_connections(self) -> None:
        """Terminate all other client connections."""
        self._query(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def _query(self, statement: str) -> tuple[object, ...]:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row

    def _wait_until_responding(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._is_responding():
            assert time.monotonic() < deadline, "PostgreSQL does not come back"
            time.sleep(0.05)

    def find_corruption(self, name: str) -> str:
        """Return the output of pg_amcheck for a database."""
        command = ["pg_amcheck", "-h", "127.0.0.1", "-p", str(self.port), "-U", SERVER_USER]
        completed = self._run(*command, "--install-missing", "-d", name, check=False)
        return completed.stdout + completed.stderr

    def _run(
        self, program: str, *arguments: str, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        path = _find_program(program)
        assert path is not None, f"{program} is not installed"
        with tempfile.TemporaryFile("w+") as file:  # the server would keep a pipe open
            completed = subprocess.run(
                [*self._command_prefix, *build_server_command(path, *arguments)],
                stdout=file,
                stderr=file,
                cwd="/",
                check=False,
            )
            file.seek(0)
            output = file.read()
        assert not (check and completed.returncode), f"{program} failed: {output}"
        return subprocess.CompletedProcess(completed.args, completed.returncode, output, "")


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
