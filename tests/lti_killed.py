"""Worker that dies around the sending of a score: ``python lti_killed.py JSON``.

*JSON* has the settings of the service, and ``at``: ``before`` or ``after`` the platform has the
score. Accepted scores are written to the file ``scores``, one a line.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx2

from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.db.engine import Database
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.delivery import PlatformPauses, deliver_next_score
from api.services.lti.tool import LtiTool

__all__ = ["KILLED"]

KILLED = 9
"""Exit code of the worker."""


def main(values: dict[str, Any]) -> None:
    """Send one score with the settings *values*."""
    moment, scores = values.pop("at"), Path(values.pop("scores"))

    def serve(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": "x", "expires_in": 60})
        if moment == "after":
            with scores.open("a") as file:
                file.write(request.content.decode() + "\n")
        os._exit(KILLED)

    settings = ServiceSettings(**values)
    tool = LtiTool.from_settings(settings)
    tool.http = PlatformHttp(httpx2.MockTransport(serve))
    deliver_next_score(Database(settings.database), tool, PlatformPauses(), system_clock)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
