"""PostgreSQL server of the tests' own, which they may stop, kill and restart."""

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

from durability.nursery import Nursery

OWNER = "postgres"
"""The user who runs the server if the tests run as root, which PostgreSQL refuses."""
INSTALLED = "/usr/lib/postgresql"
PATIENCE = 30


def missing() -> str:
    """Return why a server cannot run here, or "" if it can."""
    if _program("initdb") is None:
        return "initdb is not installed (Debian: apt install postgresql)"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "setpriv is not installed"
    return ""


def _program(name: str) -> str | None:
    folders = sorted(Path(INSTALLED).glob("*/bin"), key=lambda one: float(one.parent.name))
    path = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    return shutil.which(name, path=path)


def as_owner(*command: str) -> list[str]:
    """Return *command*, wrapped to run as the server's owner."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups", *command]


class Cluster:
    """A server in a temporary folder, or on the small disk of *nursery*."""

    def __init__(self, nursery: Nursery | None = None) -> None:
        self._around: list[str] = []
        if nursery is None or nursery.disk is None:
            self._folder = self._seen = Path(tempfile.mkdtemp(prefix="grader-postgresql-"))
        else:
            self._folder = nursery.disk / "postgresql"
            self._seen = nursery.seen_from_here(self._folder)
            self._seen.mkdir()
            self._around = ["nsenter", "-t", str(nursery.pid), "-m"]
        if os.geteuid() == 0:
            shutil.chown(self._seen, OWNER, OWNER)
        self._data = self._folder / "data"
        self.port = free_port()

    def __enter__(self) -> Self:
        self._run(
            *("initdb", "-D", str(self._data), "-U", OWNER, "-A", "trust"),
            *("--no-sync", "--wal-segsize=1"),
        )
        with (self._seen / "data" / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nshared_buffers = 32MB\n"
                "unix_socket_directories = ''\nlog_min_messages = fatal\nmax_wal_size = 8MB\n"
            )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop", check=False)
        shutil.rmtree(self._seen, ignore_errors=True)

    def url(self, name: str = "postgres", *, port: int | None = None) -> str:
        """Return the URL of a database; *port* is that of a proxy in between."""
        return f"postgresql://{OWNER}@127.0.0.1:{port or self.port}/{name}"

    def new_database(self, name: str) -> str:
        """Create a database, and return its URL."""
        with psycopg.connect(self.url(), autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url(name)

    def start(self) -> None:
        """Start the server unless it is running.

        It retries, since it may have to wait until the previous one is gone.
        """
        until = time.monotonic() + PATIENCE
        command = ["pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "start"]
        while not self._answers():
            self._run(*command, check=time.monotonic() > until)

    def _answers(self) -> bool:
        try:
            self._ask("SELECT 1")
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

    def kill(self) -> None:
        """Kill the postmaster with -9, and start the server again."""
        os.kill(
            int((self._seen / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL
        )
        self.start()

    def kill_backend(self) -> None:
        """Kill one backend with -9; the server drops all connections and recovers."""
        [pid] = self._ask("SELECT min(pid) FROM pg_stat_activity WHERE usename = current_user")
        os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.2)
        self._wait()

    def terminate(self) -> None:
        """Terminate all other client connections."""
        self._ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def _ask(self, query: str) -> tuple[object, ...]:
        with psycopg.connect(self.url(), autocommit=True) as server:
            found = server.execute(query).fetchone()  # type: ignore[arg-type]
        assert found is not None
        return found

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < until, "PostgreSQL does not come back"
            time.sleep(0.05)

    def damage(self, name: str) -> str:
        """Return the output of pg_amcheck for a database."""
        command = ["pg_amcheck", "-h", "127.0.0.1", "-p", str(self.port), "-U", OWNER]
        done = self._run(*command, "--install-missing", "-d", name, check=False)
        return done.stdout + done.stderr

    def _run(
        self, program: str, *given: str, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        found = _program(program)
        assert found is not None, f"{program} is not installed"
        with tempfile.TemporaryFile("w+") as out:  # a pipe would stay open in the server
            done = subprocess.run(
                [*self._around, *as_owner(found, *given)],
                stdout=out,
                stderr=out,
                cwd="/",
                check=False,
            )
            out.seek(0)
            told = out.read()
        assert not (check and done.returncode), f"{program} failed: {told}"
        return subprocess.CompletedProcess(done.args, done.returncode, told, "")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
