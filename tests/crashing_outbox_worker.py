"""Outbox worker that is killed at one point of sending a message.

Run with ``python crashing_outbox_worker.py JSON``; *JSON* has the settings of the service, and
``at``, one of `POINTS`.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.db.engine import Database
from api.services.outbox import delivery
from api.services.outbox.smtp import DeliverySettings, SmtpTransport

__all__ = ["AFTER_REPLY", "KILLED", "POINTS"]

KILLED = -signal.SIGKILL
"""Return code of the worker."""
AFTER_REPLY = "after the reply"
POINTS = {
    "before the claim is stored": (0, ("waiting", 0, 0)),
    "after the claim": (0, ("waiting", 1, 0)),
    "after the composition": (0, ("waiting", 1, 1)),
    AFTER_REPLY: (1, ("waiting", 1, 1)),
    "after the outcome": (1, ("sent", 1, 1)),
}
"""Points at which the worker is killed, with the number of messages that the server has then.

With them, the status of the message, its tries, and its tries of unknown outcome.
"""


def main(values: dict[str, Any]) -> None:
    """Deliver one message with the settings *values*."""
    point = values.pop("at")

    def die_after(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            result = function(*arguments, **options)
            if name == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    settings = ServiceSettings(**values)
    mail = DeliverySettings.from_settings(settings)
    assert mail is not None
    transport, db = SmtpTransport(mail), Database(settings.database)
    for owner, function, name in (
        (delivery, "_claim", "before the claim is stored"),
        (delivery, "_compose", "after the composition"),
        (transport, "send", AFTER_REPLY),
        (delivery, "_store_outcome", "after the outcome"),
    ):
        setattr(owner, function, die_after(name, getattr(owner, function)))
    if point == "after the claim":
        delivery._compose = die_after(point, lambda *_: None)  # noqa: SLF001  # as it begins
    delivery.deliver_next(db, transport, mail, system_clock)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
