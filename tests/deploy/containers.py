"""Container test of `make docker-test`: kills the stack under load, and loses nothing.

It builds the image, starts docker-compose.yml and submits over HTTP while API and
database are killed with -9. It looks for every receipt, stops the services in order,
backs up, restores into an empty stack and looks again. Then it adds the profiles for
the cluster and the proxy. Without a container engine it reports that and exits with 0.
`GRADER_TEST_IMAGE=1` uses the existing image; the variables of docker-compose.yml apply
here too.
"""

import json
import os
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy import cluster_profile, https_profile
from deploy.saying import check, say
from deploy.stack import Stack, Submission, absent

CLIENTS = 4
CALM = float(os.environ.get("GRADER_DOCKER_SECONDS", "4"))
"""How many seconds to submit before, between and after the kills."""
PACE = CALM / 150
"""How many seconds a client pauses after a receipt, since it may have at most a thousand."""
TMP_KIBIBYTES = 128 * 1024
FINE = {0, 201, 429, 503}
"""Statuses that a client may see while the service is killed; 0 is a broken connection."""


@dataclass
class Ledger:
    """Receipts that the clients got, by idempotency key."""

    receipts: dict[str, tuple[Submission, Any]] = field(default_factory=dict)
    seen: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hand_in(self, stack: Stack, what: Submission, stop: threading.Event) -> None:
        """Submit repeatedly until *stop*; retry a failed request with the same key."""
        key = str(uuid.uuid4())
        while not stop.is_set():
            status, told = stack.send(what, key)
            with self.lock:
                self.seen[status] += 1
                if status == 201:
                    self.receipts[key] = what, told
            if status == 201:
                key = str(uuid.uuid4())
            time.sleep(PACE if status == 201 else 0.2)


def wait_ready(stack: Stack) -> float:
    """Wait until the service is ready, and return the seconds that took."""
    began = time.monotonic()
    while stack.ask("/readyz")[0] != 200:
        if time.monotonic() - began > 120:
            raise SystemExit("docker-test: the service did not come back in 120 s")
        time.sleep(0.2)
    return time.monotonic() - began


def killed_under_load(stack: Stack, students: list[Submission]) -> Ledger:
    """Return the receipts that *students* got while API and database were killed.

    Each of the two is killed once.
    """
    ledger, stop = Ledger(), threading.Event()
    clients = [
        threading.Thread(target=ledger.hand_in, args=(stack, what, stop)) for what in students
    ]
    for one in clients:
        one.start()
    try:
        for service in ("api", "db"):
            time.sleep(CALM)
            stack.kill(service)
            say(f"{service} killed; ready again after {wait_ready(stack):.1f} s")
        time.sleep(CALM)
        check_stopped(stack, "api")
    finally:
        stop.set()
        for one in clients:
            one.join()
    return ledger


def check_stopped(stack: Stack, *services: str) -> None:
    """Stop *services* one after another, and check their exit codes."""
    for service in services:
        began = time.monotonic()
        stack.compose("stop", service)
        code, took = stack.exit_code(service), time.monotonic() - began
        check(code == 0, f"{service} stopped with {code} in {took:.1f} s")


def check_stored(stack: Stack, ledger: Ledger) -> None:
    """Check that every receipt has its row, and that no key has two."""
    rows = Counter(stack.query("SELECT id FROM submissions"))
    wanted = {str(told["id"]) for _, told in ledger.receipts.values()}
    lost = wanted - set(rows)
    check(not lost, f"{len(wanted)} receipts, {len(lost)} lost")
    keys = Counter(stack.query("SELECT key FROM submissions"))
    twice = [key for key in ledger.receipts if keys[key] > 1]
    check(not twice, f"{len(keys)} keys, {len(twice)} stored twice")


def check_replays(stack: Stack, ledger: Ledger) -> None:
    """Send some requests again with their keys, and compare the responses."""
    for key in list(ledger.receipts)[:: max(1, len(ledger.receipts) // 20)]:
        what, receipt = ledger.receipts[key]
        status, told = stack.send(what, key)
        if (status, told) != (201, receipt):
            check(holds=False, words=f"a replay is the same: {status} {json.dumps(told)[:300]}")
    say("replays give the stored receipts")


def check_tmp_size(stack: Stack) -> None:
    """Check that `/tmp` in the running container has the size of the compose file."""
    last_line = stack.run("api", "df", "-k", "/tmp").splitlines()[-1]  # noqa: S108
    kibibytes = int(last_line.split()[1])
    check(kibibytes == TMP_KIBIBYTES, f"the tmpfs has {kibibytes} KiB")


def check_sandbox(stack: Stack) -> None:
    """Check that a process that reads uploaded files is restricted without privileges."""
    check(stack.run("api", "id", "-u").strip() != "0", "the service does not run as root")
    results = json.loads(stack.run("api", "python", "-m", "api.services.sandbox.self_check"))
    say("sandbox: " + ", ".join(f"{name} {state}" for name, state in results.items()))
    limits = {name: state for name, state in results.items() if name != "reading"}
    check(set(limits.values()) == {"refused"}, "memory, time and network are limited")
    check(results["reading"] != "NOT REFUSED", "files are hidden if the kernel can hide them")


def check_metrics(stack: Stack) -> None:
    """Check that the metrics require their token."""
    check(stack.ask("/metrics")[0] == 401, "figures are told to nobody without the token")
    token = {"Authorization": f"Bearer {stack.metrics_token()}"}
    status, told = stack.ask("/metrics", headers=token)
    check(status == 200 and "grader_requests_total" in told, "figures are told with it")


def tried(first: Stack, second: Stack, folder: Path) -> None:
    """Run all checks: *first* is killed and backed up, *second* restored from the backup."""
    first.up()
    say("up: " + ", ".join(first.compose("ps", "--services").split()))
    check_metrics(first)
    check_tmp_size(first)
    check_sandbox(first)
    last, *students = first.course(CLIENTS + 1)
    say("a course is made")
    ledger = killed_under_load(first, students)
    seen = ", ".join(f"{status}: {count}" for status, count in sorted(ledger.seen.items()))
    check(set(ledger.seen) <= FINE, f"answers seen: {seen}")
    check_stored(first, ledger)
    dump = folder / "grader.dump"
    first.compose(*DUMP, into=dump)
    say(f"backed up: {dump.stat().st_size:,} bytes")
    check_stopped(first, "worker", "db")
    first.down()
    second.up("db")
    second.compose(*RESTORE, of=dump)
    second.up()
    check_stored(second, ledger)
    check_replays(second, ledger)
    cluster_profile.tried(second, last, folder)
    reason = https_profile.absent(second)
    if reason is None:
        https_profile.tried(second)
    else:
        say(f"the profile tls is skipped: {reason}")


DUMP = ("exec", "-T", "db", "pg_dump", "-U", "grader", "-Fc", "grader")
RESTORE = (
    *("exec", "-T", "db", "pg_restore", "-U", "grader", "-d", "grader"),
    *("--no-owner", "--single-transaction", "--exit-on-error"),
)


def main() -> None:
    """Test the containers, and remove them all afterwards."""
    reason = absent()
    if reason is not None:
        sys.stdout.write(f"docker-test: skipped: {reason}\n")
        return
    name = f"grader-test-{uuid.uuid4().hex[:8]}"
    stacks = Stack(name), Stack(f"{name}-restored")
    if not os.environ.get("GRADER_TEST_IMAGE"):
        stacks[0].compose("build")
        say("built")
    try:
        with tempfile.TemporaryDirectory() as folder:
            tried(*stacks, Path(folder))
    finally:
        for stack in stacks:
            stack.down()
    say("passed; all taken down")


if __name__ == "__main__":
    main()
