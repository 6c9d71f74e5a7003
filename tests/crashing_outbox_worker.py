"""Outbox worker that dies between SMTP's 250 and the commit.

Run with ``python crashing_outbox_worker.py JSON``; *JSON* has the settings of the service.
"""

import json
import os
import sys
from email.message import EmailMessage
from typing import Any

from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.db.engine import Database
from api.services.outbox.delivery import deliver_next
from api.services.outbox.smtp import DeliverySettings, SmtpTransport

__all__ = ["KILLED"]

KILLED = 9
"""Exit code of the worker."""


class DyingTransport(SmtpTransport):
    """Transport that ends the process once the server has accepted a message."""

    def send(self, message: EmailMessage) -> None:
        super().send(message)
        os._exit(KILLED)


def main(values: dict[str, Any]) -> None:
    """Deliver one message with the settings *values*."""
    settings = ServiceSettings(**values)
    mail = DeliverySettings.from_settings(settings)
    assert mail is not None
    deliver_next(Database(settings.database), DyingTransport(mail), mail, system_clock)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
