"""Docker Compose stack of `make docker-test`: start, query and kill containers."""

import json
import os
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

__all__ = [
    "ADMIN",
    "API",
    "PATIENCE",
    "PROXY",
    "Stack",
    "Submission",
    "absent",
    "free_port",
]

ROOT = Path(__file__).parents[2]
FILES = ("docker-compose.yml", "tests/deploy/compose.test.yml")
API = "/api/v1"
ADMIN = "admin@example.edu"
NETWORK = "10.213.78"
"""Network prefix that a service running on this machine does not use."""
PROXY = f"{NETWORK}.2"
PATIENCE = 300
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def absent() -> str | None:
    """Return why there is no container engine, or None if one responds."""
    for asked in (["docker", "compose", "version"], ["docker", "info"]):
        try:
            done = subprocess.run(
                asked, capture_output=True, text=True, timeout=30, check=False, env=os.environ
            )
        except FileNotFoundError:
            return "there is no `docker` here"
        except subprocess.TimeoutExpired:
            return f"`{shlex.join(asked)}` does not answer"
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            return f"`{shlex.join(asked)}` failed: {said[-1] if said else 'it said nothing'}"
    return None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


@dataclass(frozen=True)
class Submission:
    """How to submit: the path of the URL, a token, and the answer."""

    path: str
    token: str
    answer: str = "9"

    def answering(self, answer: str) -> "Submission":
        """Return a copy with another *answer*."""
        return replace(self, answer=answer)


@dataclass
class Stack:
    """A Docker Compose project, isolated from all others on the machine.

    *settings* are what an operator writes into `.env`.
    """

    name: str
    port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)

    def compose(self, *arguments: str, into: Path | None = None, of: Path | None = None) -> str:
        """Run a Compose command, and return its output.

        The command reads its input from the file *of*. *into* is a file to which the
        output is written as well.
        """
        files = [word for name in FILES for word in ("-f", str(ROOT / name))]
        command = ["docker", "compose", "-p", self.name, *files, *arguments]
        ports = {
            "GRADER_PORT": str(self.port),
            "GRADER_TEST_HTTP_PORT": str(self.http_port),
            "GRADER_TEST_HTTPS_PORT": str(self.https_port),
        }
        environment = os.environ | ports | {"PROXY_NETWORK": NETWORK} | self.settings
        with (of or Path(os.devnull)).open("rb") as given:
            done = subprocess.run(
                command,
                stdin=given,
                capture_output=True,
                env=environment,
                check=False,
                timeout=2 * PATIENCE,
            )
        if done.returncode:
            told = done.stderr.decode(errors="replace")[-2000:]
            raise RuntimeError(f"{shlex.join(arguments)} failed ({done.returncode}): {told}")
        if into is not None:
            into.write_bytes(done.stdout)
        return done.stdout.decode(errors="replace")

    def up(self, *services: str) -> None:
        """Start *services*, by default all, and wait until they are healthy."""
        wait = ("--wait", "--wait-timeout", str(PATIENCE))
        try:
            self.compose("up", "-d", "--no-build", *wait, *services)
        except RuntimeError:
            sys.stdout.write(self.compose("logs", "--no-color", "--tail", "30"))
            raise

    def down(self) -> None:
        """Remove the containers, networks and volumes."""
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "60")

    def run(self, service: str, *command: str) -> str:
        """Return the output of a command in a running container."""
        return self.compose("exec", "-T", service, *command)

    def query(self, statement: str) -> list[str]:
        """Return the lines that psql prints for a statement."""
        told = self.run("db", "psql", "-U", "grader", "-d", "grader", "-Atc", statement)
        return told.splitlines()

    def kill(self, service: str) -> None:
        """Kill every process of a container as `kill -9` does, and wait for its restart."""
        before = self._state(service, "{{.State.StartedAt}}")
        with suppress(RuntimeError):  # the command dies with the container
            self.compose("exec", "-T", *KILL[service])
        until = time.monotonic() + PATIENCE
        while self._state(service, "{{.State.StartedAt}}") == before:
            if time.monotonic() > until:
                raise RuntimeError(f"{service} was not started again")
            time.sleep(0.2)

    def exit_code(self, service: str) -> int:
        return int(self._state(service, "{{.State.ExitCode}}"))

    def _state(self, service: str, form: str) -> str:
        [container] = self.compose("ps", "-aq", service).split()
        asked = ["docker", "inspect", "-f", form, container]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, env=os.environ)
        return done.stdout.strip()

    def course(self, students: int) -> list[Submission]:
        """Create a course, and return how each of its students submits the right answer.

        A student can submit at most a thousand times to one problem.
        """
        until = time.monotonic() + PATIENCE
        while self._refused("grader", "course", "apply", "/course"):
            if time.monotonic() > until:
                raise RuntimeError("the worker did not publish the problem of the course")
            time.sleep(1)
        self.run("api", "grader", "user", "add", ADMIN, "Ada Admin", "--admin")
        admin = self.token(ADMIN)
        [course] = self.called("/courses", admin)["items"]
        emails = [f"student{number}@example.edu" for number in range(students)]
        for email in emails:
            person = {"name": "Sam Student", "email": email}
            self.called(f"/courses/{course['id']}/people", admin, body=person)
        [assignment] = self.called(f"/courses/{course['id']}/assignments", admin)["items"]
        self.called(f"/assignments/{assignment['id']}/publish", admin, body={})
        where = f"{API}/assignments/{assignment['id']}/problems/kernel-cells/submissions"
        return [Submission(where, self.token(email)) for email in emails]

    def token(self, email: str) -> str:
        """Return a new token of the account."""
        return self.run("api", "grader", "token", "make", email).strip()

    def metrics_token(self) -> str:
        """Return the token of `/metrics`, from its file."""
        return self.run("api", "cat", "/secrets/metrics_token").strip()

    def _refused(self, *command: str) -> bool:
        try:
            self.run("api", *command)
        except RuntimeError:
            return True
        return False

    def called(self, path: str, token: str, *, body: Any = None) -> Any:
        """Return the body of an API response; raise `RuntimeError` unless it is 200 or 201."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        status, told = self.ask(API + path, headers=headers, body=sent)
        if status not in {200, 201}:
            raise RuntimeError(f"{path}: {status} {told}")
        return told

    def send(self, what: Submission, key: str | None = None) -> tuple[int, Any]:
        """Submit with an idempotency key, and return the status and body of the response."""
        headers = {
            "Authorization": f"Bearer {what.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key or str(uuid.uuid4()),
        }
        body = json.dumps({"answers": {"cells": what.answer}})
        return self.ask(what.path, headers=headers, body=body)

    def ask(
        self, path: str, *, headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> tuple[int, Any]:
        """Return the status and body of a response; the status is 0 without a response."""
        request = urllib.request.Request(  # the address is our own
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else body.encode(),
            headers=dict(headers or {}),
        )
        try:
            with OPENER.open(request, timeout=40) as answer:
                return answer.status, _content(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _content(error.read())
        except OSError:
            return 0, None


KILL = {
    "api": ("api", "python", "-c", "import os; os.kill(-1, 9)"),
    "db": ("--user=postgres", "db", "sh", "-c", "kill -9 -1"),
}
"""Commands that kill all processes of a container but the caller and the first.

Each runs as the processes' own user.
"""


def _content(told: bytes) -> Any:
    try:
        return json.loads(told)
    except ValueError:
        return told.decode(errors="replace")
