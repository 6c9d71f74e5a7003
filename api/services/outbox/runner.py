"""Outbox runner: a thread of the worker that delivers messages."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Self

from api.config.settings import ServiceSettings
from api.core.clock import Clock
from api.db.engine import Database
from api.services.outbox.delivery import Progress, deliver_next
from api.services.outbox.occasions.reminders import add_reminders
from api.services.outbox.polling_thread import PollingThread
from api.services.outbox.queue import Outbox
from api.services.outbox.smtp import DeliverySettings, SmtpTransport

POLL_SECONDS: Final = 2.0
"""Seconds between two checks for messages that are due."""
REMINDER_INTERVAL: Final = timedelta(minutes=10)
"""Time between two searches for reminders and digests that are due."""
UNREACHABLE_PAUSE_SECONDS: Final = 30.0
"""Seconds without a try after the SMTP server could not be used."""
MISCONFIGURED_PAUSE_SECONDS: Final = 600.0
"""Seconds without a try after the server refused the login or the sender.

An operator has to change the settings and restart the service. Servers block clients that keep
trying.
"""
PAUSE_SECONDS: Final[Mapping[Progress, float]] = MappingProxyType(
    {
        "idle": POLL_SECONDS,
        "handled": POLL_SECONDS,
        "unreachable": UNREACHABLE_PAUSE_SECONDS,
        "misconfigured": MISCONFIGURED_PAUSE_SECONDS,
    }
)
"""Seconds until the next check, by the outcome of the last delivery."""

log = logging.getLogger("api.outbox")


class OutboxRunner:
    """Thread that delivers the messages of a database; without e-mail it never starts.

    It sends at most as many e-mails per second as the settings allow: each takes three commits, and
    a backlog must not slow down submissions. It calls *after_message* after every message, which
    may block. *sleep* replaces real time in tests.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        mail: DeliverySettings | None,
        *,
        after_message: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._db, self._clock, self._mail, self._after_message = db, clock, mail, after_message
        self._reminders_due_at: datetime | None = None
        self._thread = PollingThread("outbox", self.run_once, poll_seconds=POLL_SECONDS, log=log)
        self._sleep = sleep or self._thread.wait

    @classmethod
    def from_settings(
        cls,
        db: Database,
        clock: Clock,
        settings: ServiceSettings,
        *,
        after_message: Callable[[], None] = lambda: None,
    ) -> Self:
        """Return the runner of a service with these *settings*."""
        return cls(db, clock, DeliverySettings.from_settings(settings), after_message=after_message)

    def start(self) -> None:
        """Start the thread, if e-mail is set up; it runs until `close`."""
        if self._mail is not None:
            self._thread.start()

    def close(self) -> None:
        """Stop after the current message."""
        self._thread.close()

    def run_until_idle(self) -> bool:
        """Try every message that is due; return False if the SMTP server cannot be used."""
        return self._deliver(pause_seconds=0) in {"idle", "handled"}

    def _deliver(self, pause_seconds: float) -> Progress:
        """Try every message that is due, with pauses; return the outcome of the last one."""
        progress: Progress = "idle"
        if self._mail is None:
            return progress
        transport = SmtpTransport(self._mail)
        try:
            while not self._thread.is_stopped:
                progress = deliver_next(self._db, transport, self._mail, self._clock)
                if progress != "handled":
                    break
                self._after_message()
                self._sleep(pause_seconds)
        finally:
            transport.close()
        return progress

    def run_once(self) -> float:
        """Add reminders and deliver what is due; return the seconds until the next check."""
        now = self._clock()
        if self._reminders_due_at is None or now >= self._reminders_due_at:
            self._reminders_due_at = now + REMINDER_INTERVAL
            add_reminders(self._db, Outbox(self._mail is not None), now=now)
        pause_seconds = 0 if self._mail is None else 1 / self._mail.per_second
        return PAUSE_SECONDS[self._deliver(pause_seconds)]
