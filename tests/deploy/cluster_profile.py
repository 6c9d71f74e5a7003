"""Checks that the profile `cluster` gives the same results as one machine.

It checks batches and regrades. The profile is part of docker-compose.yml.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.saying import check
from deploy.stack import ADMIN, API, PATIENCE, Stack, Submission

__all__ = ["tried"]

SCHEDULER = "tcp://scheduler:8786"
OTHER_KEY = {"parts": {"cells": {"key": "K*K + 1"}}}
"""A problem version whose key makes 10 right and 9 wrong."""
DIFFERENT = 600
"""How many different answers are graded; below 500, a regrade uses no other process."""
HELD = 5
"""How many seconds to check that a regrade waits for the cluster."""


def tried(stack: Stack, what: Submission, folder: Path) -> None:
    """Grade a file and regrade answers with and without the cluster, and compare."""
    hand_in(stack, what)
    judged = judgements(stack)
    here = Regrading(stack, what)
    here.until("ready")
    alone = here.applied()
    check(alone != judged, "a regrade changes what it should")
    here.undone()
    check(judgements(stack) == judged, "and is undone")

    stack.settings |= {"COMPOSE_PROFILES": "cluster", "GRADER_REGRADE_CLUSTER": SCHEDULER}
    stack.up()
    check_batch(stack, folder)
    stack.compose("stop", "dask")
    there = Regrading(stack, what)
    time.sleep(HELD)
    check(there.status == "judging", "a regrade waits for the workers of the cluster")
    stack.compose("start", "dask")
    there.until("ready")
    together = there.applied()
    check(together == alone, f"the cluster regrades {len(together)} answers as the worker does")


def hand_in(stack: Stack, what: Submission) -> None:
    """Submit `DIFFERENT` answers that all differ."""
    with ThreadPoolExecutor(4) as clients:
        answered = [what.answering(str(number)) for number in range(DIFFERENT)]
        seen = {status for status, _ in clients.map(stack.send, answered)}
    check(seen == {201}, f"{DIFFERENT} different answers handed in: {seen}")


def check_batch(stack: Stack, folder: Path) -> None:
    """Grade a file in one process and on the cluster, and compare the output files."""
    rows = [f"student {n},conv-output-shape,stride_2,{n}x{n}x16" for n in range(DIFFERENT)]
    (folder / "answers.csv").write_text("\n".join(["student,problem,part,answer", *rows, ""]))
    for name, more in (("alone", ("--workers", "1")), ("cluster", ("--cluster", SCHEDULER))):
        words = ("batch", "/files/answers.csv", "-o", f"/files/{name}.csv", *more)
        user = ("--user", str(os.getuid()), "-v", f"{folder}:/files")
        stack.compose("run", "--rm", "-T", *user, "scheduler", "grader", *words)
    alone, together = ((folder / f"{name}.csv").read_bytes() for name in ("alone", "cluster"))
    right = together.count(b",correct,")
    check(right == 1 and alone == together, f"a batch on the cluster is the same: {right} correct")


def judgements(stack: Stack) -> list[str]:
    """Return the stored results of all answers, one line each."""
    return stack.query("SELECT id, status, credit, mistakes FROM answers ORDER BY id")


class Regrading:
    """A regrade of the problem of *what* with another key, started on construction."""

    def __init__(self, stack: Stack, what: Submission) -> None:
        self.stack, self.token = stack, stack.token(ADMIN)
        problem = what.path.removeprefix(API).removesuffix("/submissions")
        made = stack.called(f"{problem}/regrades", self.token, body={"version": OTHER_KEY})
        self.path = f"/regrades/{made['id']}"

    @property
    def status(self) -> str:
        """The status that the API reports."""
        return str(self.stack.called(self.path, self.token)["status"])

    def until(self, status: str) -> None:
        """Wait until the regrade has the status *status*."""
        began = time.monotonic()
        while (found := self.status) != status:
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"a regrade is {found}, not {status}")
            time.sleep(0.5)

    def applied(self) -> list[str]:
        """Apply the regrade, and return the stored results."""
        self.stack.called(f"{self.path}/apply", self.token, body={"never_lower": False})
        self.until("applied")
        return judgements(self.stack)

    def undone(self) -> None:
        self.stack.called(f"{self.path}/undo", self.token, body={})
        self.until("undone")
