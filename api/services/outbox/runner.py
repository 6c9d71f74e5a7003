"""Outbox runner: a thread of the worker that delivers messages."""

import logging
import threading
from collections.abc import Callable
from typing import Final, Self

from sqlalchemy.exc import SQLAlchemyError

from api.config.settings import ServiceSettings
from api.core.clock import Clock
from api.db.engine import Database
from api.services.outbox.delivery import deliver_next
from api.services.outbox.smtp import DeliverySettings, SmtpTransport

POLL_SECONDS: Final = 2.0
"""Seconds between two checks for messages that are due."""
UNREACHABLE_PAUSE_SECONDS: Final = 30.0
"""Seconds without a try after the SMTP server could not be used."""
STOP_SECONDS: Final = 4.0
"""Seconds that a stop waits for the current message; an unfinished one is sent again later."""

log = logging.getLogger("api.outbox")


class OutboxRunner:
    """Thread that delivers the messages of a database; without e-mail it never starts.

    It calls *after_message* after every message, which may block.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        mail: DeliverySettings | None,
        *,
        after_message: Callable[[], None] = lambda: None,
    ) -> None:
        self._db, self._clock, self._mail, self._after_message = db, clock, mail, after_message
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run_until_stopped, name="outbox", daemon=True)

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
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def run_until_idle(self) -> bool:
        """Try every message that is due; return False if the SMTP server cannot be used."""
        if self._mail is None:
            return True
        transport = SmtpTransport(self._mail)
        try:
            while not self._stop.is_set():
                progress = deliver_next(self._db, transport, self._mail, self._clock)
                if progress != "handled":
                    return progress == "idle"
                self._after_message()
        finally:
            transport.close()
        return True

    def _run_until_stopped(self) -> None:
        while not self._stop.is_set():
            is_reachable = True
            try:
                is_reachable = self.run_until_idle()
            except SQLAlchemyError as error:
                log.warning("the outbox waits: %s", type(error).__name__)
            except Exception:
                log.exception("the outbox failed")
            self._stop.wait(POLL_SECONDS if is_reachable else UNREACHABLE_PAUSE_SECONDS)
