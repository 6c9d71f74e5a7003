"""Workers that send scores to a platform with random faults: ``python faulty_lti_worker.py``.

Each line of stdin is a list of JSON objects, one for each of the workers that run at the same
time, in forks. An object has the ``settings`` of the service, the ``time`` at which the first
worker begins, the ``seed`` of its faults ("" for none), the number of its ``rounds``, the ``log``
of the platform, and ``at``, one of the `POINTS` of `crashing_lti_worker`. The worker is killed
when it reaches this point for the time number ``visit``. Each line of stdout lists the return
codes.

The log is the memory of the platform: a line of JSON for each line item, score, and fault. A worker
that is killed adds a line too. The others wait for the lock as long as it takes: the test kills
them if it gives up.
"""

import json
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any

import httpx2
from crashing_lti_worker import HOST, report_transactions

from api.config.settings import ServiceSettings
from api.db.engine import Database
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.tool import LtiTool

__all__ = ["BEGUN", "FAULTS", "REFUSED", "read_log"]

REFUSED = "403"
FAULTS = (
    *("500", "429 with seconds", "429 with a date", "403 as Canvas", "time-out", "lost reply"),
    REFUSED,
)
"""Faults of the platform; it refuses scores only, not line items."""
LONGEST_RUN = 9
"""Requests without a fault, at most."""
BEGUN = "begun"
"""File beside the log that tells the other workers that the first one holds the lock."""


def read_log(log: Path) -> list[dict[str, Any]]:
    """Return what the platform has noted, in order."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


class VirtualTime:
    """Time that passes only while a worker sleeps; the *file* hands it on to the next worker."""

    def __init__(self, start: datetime, file: Path) -> None:
        self.start, self.file, self.seconds = start, file, 0.0

    def load(self) -> None:
        self.seconds = float(self.file.read_text()) if self.file.exists() else 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        part = self.file.with_suffix(f".{os.getpid()}")  # the worker may be killed in between
        part.write_text(str(self.seconds))
        part.replace(self.file)

    def clock(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


class FaultyPlatform:
    """Platform that answers some requests with a fault, and remembers the others in *log*."""

    def __init__(
        self, log: Path, faults: Random | None, now: VirtualTime, reach: Callable[[str], None]
    ) -> None:
        self.log, self.faults, self.now, self.reach = log, faults, now, reach
        self.left = 0 if faults is None else faults.randint(1, LONGEST_RUN)

    def note(self, **values: Any) -> None:
        with self.log.open("a") as file:
            file.write(f"{json.dumps(values)}\n")

    def serve(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request, or fail."""
        path = request.url.path
        if path == "/token":
            self.reach("before the token arrives")
            return httpx2.Response(200, json={"access_token": "x", "expires_in": 60})
        fault = self.choose_fault(is_score=path.endswith("/scores"))
        values = json.loads(request.content) if request.content else {}
        if fault:
            self.note(fault=fault, **self.describe(path, values))
        if fault == "time-out":
            raise httpx2.ReadTimeout("slow")
        if fault not in {"", "lost reply"}:
            return self.refuse(fault)
        is_score = path.endswith("/scores")
        reply = self.take_score(path, values) if is_score else self.serve_items(values)
        if fault == "lost reply":
            raise httpx2.ReadTimeout("lost")
        return reply

    def choose_fault(self, *, is_score: bool) -> str:
        """Return the fault of the next request, "" for none: one of those that were rarest."""
        if self.faults is None:
            return ""
        self.left -= 1
        if self.left > 0:
            return ""
        self.left = self.faults.randint(1, LONGEST_RUN)
        counts = Counter(note.get("fault") for note in read_log(self.log))
        kinds = self.faults.sample(
            FAULTS if is_score else FAULTS[:-1], len(FAULTS) - (not is_score)
        )
        return min(kinds, key=lambda kind: counts[kind])

    def refuse(self, fault: str) -> httpx2.Response:
        """Return the reply of a fault, with a time to wait if it has one."""
        assert self.faults is not None
        seconds = self.faults.randint(1, 90)
        until = self.now.clock().replace(microsecond=0) + timedelta(seconds=seconds)
        headers = {
            "429 with seconds": {"Retry-After": str(seconds)},
            "429 with a date": {"Retry-After": format_datetime(until, usegmt=True)},
        }.get(fault, {})
        text = "403 Forbidden (Rate Limit Exceeded)" if fault == "403 as Canvas" else "a fault"
        return httpx2.Response(int(fault[:3]), headers=headers, text=text)

    def serve_items(self, values: dict[str, Any]) -> httpx2.Response:
        """List the line items, or create another one."""
        items = [one["item"] for one in read_log(self.log) if "item" in one]
        if not values:
            return httpx2.Response(200, json=items)
        item = values | {"id": f"{HOST}/items/{len(items) + 1}?type_id=3"}
        self.reach("before the platform has the line item")
        self.note(item=item)
        self.reach("after the platform has the line item")
        return httpx2.Response(201, json=item)

    def take_score(self, path: str, values: dict[str, Any]) -> httpx2.Response:
        self.reach("before the platform has score 1")
        self.note(score=values["scoreGiven"], at=values["timestamp"], **self.describe(path, values))
        self.reach("after the platform has score 1")
        return httpx2.Response(200)

    @staticmethod
    def describe(path: str, values: dict[str, Any]) -> dict[str, Any]:
        """Return the student and the number of the line item of a score."""
        if "userId" not in values:
            return {}
        return {"student": values["userId"], "column": path.split("/")[2]}


def main(values: dict[str, Any]) -> None:
    """Compare the scores and send them, some rounds long."""
    log, point, visits = Path(values["log"]), values["at"], values["visit"]
    begun = log.with_name(BEGUN)

    def reach(name: str) -> None:
        nonlocal visits
        if point:
            begun.touch()
        if name == point:
            visits -= 1
            if not visits:
                platform.note(killed=name)
                os.kill(os.getpid(), SIGKILL)

    settings = ServiceSettings(**values["settings"])
    report_transactions(reach)
    faults = Random(values["seed"]) if values["seed"] else None  # noqa: S311  # no secret
    db, tool = Database(settings.database), LtiTool.from_settings(settings)
    now = VirtualTime(datetime.fromisoformat(values["time"]), log.with_name("seconds"))
    platform = FaultyPlatform(log, faults, now, reach)
    tool.http = PlatformHttp(httpx2.MockTransport(platform.serve))
    worker = ScoreRunner(db, now.clock, tool, threads=1, monotonic=now.monotonic, sleep=now.sleep)
    lock = worker._sender_lock  # noqa: SLF001  # to wait for it, and not try again and again
    while not ((point or begun.exists()) and lock.acquire()):
        time.sleep(0.01)
    now.load()
    for _ in range(values["rounds"]):
        worker.run_until_idle()
        now.sleep(faults.randint(1, 240) if faults else 3600)


def start_fork(values: dict[str, Any]) -> int:
    """Start a worker, and return the id of its process."""
    worker = os.fork()
    if worker == 0:
        try:
            main(values)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return worker


if __name__ == "__main__":
    for line in sys.stdin:
        workers = [start_fork(values) for values in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in workers]
        sys.stdout.write(f"{json.dumps(codes)}\n")
        sys.stdout.flush()
