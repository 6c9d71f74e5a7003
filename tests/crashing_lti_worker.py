"""Workers that die at one point of sending a score: ``python crashing_lti_worker.py``.

Each line of stdin starts one, in a fork, so that the service is imported once for all of them. It
is JSON with the settings of the service, and ``at``, one of `POINTS`. What the platform accepts is
written to the file ``log``, one line each: the path and the body. Each line of stdout is the return
code of a worker.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.db.engine import Database
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores import claims, reconciliation, runner
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.tool import LtiTool

__all__ = ["KILLED", "POINTS", "report_transactions"]

KILLED = -signal.SIGKILL
"""Return code of the worker."""
HOST = "https://moodle.example.edu"
POINTS = {
    "before the comparison is stored": 0,
    "after the comparison": 0,
    "before the claims are stored": 0,
    "after the claims": 0,
    "before the token arrives": 0,
    "before the platform has the line item": 0,
    "after the platform has the line item": 0,
    "before the platform has score 1": 0,
    "after the platform has score 1": 1,
    "before the platform has score 2": 1,
    "after the platform has score 2": 2,
    "before the results are stored": 3,
    "after the results": 3,
}
"""Points at which the worker is killed, with the number of scores that the platform has then."""


def report_transactions(reach: Callable[[str], None]) -> None:
    """Make the service call *reach* with the name of each point before or after a commit."""

    def reaching_after(function: Any, name: str) -> Any:
        def called(*arguments: Any, **options: Any) -> Any:
            result = function(*arguments, **options)
            reach(name)
            return result

        return called

    for owner, function, name in (
        (reconciliation, "reconcile_item", "before the comparison is stored"),
        (reconciliation.Reconciler, "run", "after the comparison"),
        (claims, "_claim_due", "before the claims are stored"),
        (runner, "claim_scores", "after the claims"),
    ):
        setattr(owner, function, reaching_after(getattr(owner, function), name))
    store = claims.store_results

    def store_results(db: Database, results: Any) -> None:
        if results:
            reach("before the results are stored")
        store(db, results)
        if results:
            reach("after the results")

    runner.store_results = store_results  # type: ignore[attr-defined]


def main(values: dict[str, Any]) -> None:
    """Compare the scores and send them one by one, with the settings *values*."""
    point, log, numbers = values.pop("at"), Path(values.pop("log")), count(1)

    def reach(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def accept(request: httpx2.Request) -> None:
        with log.open("a") as file:
            file.write(f"{request.url.path} {request.content.decode()}\n")

    def serve(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            reach("before the token arrives")
            return httpx2.Response(200, json={"access_token": "x", "expires_in": 60})
        if request.method == "GET":
            return httpx2.Response(200, json=[])
        is_score = request.url.path.endswith("/scores")
        what = f"score {next(numbers)}" if is_score else "the line item"
        reach(f"before the platform has {what}")
        accept(request)
        reach(f"after the platform has {what}")
        item = {"id": f"{HOST}/items/1?type_id=3"}
        return httpx2.Response(201, json=None if is_score else item)

    settings = ServiceSettings(**values)
    db = Database(settings.database)
    tool = LtiTool.from_settings(settings)
    tool.http = PlatformHttp(httpx2.MockTransport(serve))
    report_transactions(reach)
    passed = [0.0]  # seconds that pass in sleep alone, so that a busy machine changes nothing
    ScoreRunner(
        db,
        system_clock,
        tool,
        threads=1,
        max_rate=1000,
        monotonic=lambda: passed[0],
        sleep=lambda seconds: passed.__setitem__(0, passed[0] + seconds),
    ).run_until_idle()


def run_forked(values: dict[str, Any]) -> int:
    """Return the return code of a worker with the settings *values*."""
    worker = os.fork()
    if worker == 0:
        try:
            main(values)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{run_forked(json.loads(line))}\n")
        sys.stdout.flush()
