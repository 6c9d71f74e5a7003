"""Worker that is killed at one point of the sending of a score: ``python lti_killed.py JSON``.

*JSON* has the settings of the service, and ``at``, one of `POINTS`. What the platform accepts is
written to the file ``log``, one line each: the path and the body.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx2

from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.db.engine import Database
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores import delivery, reconciliation
from api.services.lti.scores.delivery import PlatformPauses, deliver_next_score
from api.services.lti.tool import LtiTool

__all__ = ["KILLED", "POINTS"]

KILLED = -signal.SIGKILL
"""Return code of the worker."""
HOST = "https://moodle.example.edu"
POINTS = (
    "before the comparison is stored",
    "after the comparison",
    "before the claim is stored",
    "after the claim",
    "before the token arrives",
    "before the platform has the line item",
    "after the platform has the line item",
    "before the platform has the score",
    "after the platform has the score",
    "before the outcome is stored",
    "after the outcome",
)


def main(values: dict[str, Any]) -> None:
    """Compare the scores and send one, with the settings *values*."""
    point, log = values.pop("at"), Path(values.pop("log"))

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
        what = "score" if request.url.path.endswith("/scores") else "line item"
        reach(f"before the platform has the {what}")
        accept(request)
        reach(f"after the platform has the {what}")
        item = {"id": f"{HOST}/items/1?type_id=3"}
        return httpx2.Response(201, json=item if what == "line item" else None)

    def killing_before(function: Any, name: str) -> Any:
        def called(*arguments: Any, **options: Any) -> Any:
            result = function(*arguments, **options)
            reach(name)
            return result

        return called

    settings = ServiceSettings(**values)
    db = Database(settings.database)
    tool = LtiTool.from_settings(settings)
    tool.http = PlatformHttp(httpx2.MockTransport(serve))
    inside = {
        (reconciliation, "reconcile_item"): "before the comparison is stored",
        (delivery, "_claim_next"): "before the claim is stored",
    }
    for (module, function), name in inside.items():
        setattr(module, function, killing_before(getattr(module, function), name))
    after = {(delivery, "claim_score"): "after the claim"}
    for (module, function), name in after.items():
        setattr(module, function, killing_before(getattr(module, function), name))
    store = delivery.store_outcome

    def store_outcome(*arguments: Any, **options: Any) -> None:
        reach("before the outcome is stored")
        store(*arguments, **options)
        reach("after the outcome")

    delivery.store_outcome = store_outcome
    reconciliation.Reconciler().run(db, now=system_clock())
    reach("after the comparison")
    deliver_next_score(db, tool, PlatformPauses(), system_clock)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
