"""Expiry of uploaded files: a thread of the worker that deletes old documents and images."""

import logging
from typing import Final

from api.core.clock import Clock
from api.db.engine import Database
from api.services.attachments.storage import delete_old_pages
from api.services.outbox.polling_thread import PollingThread
from api.services.reports.uploads.storage import delete_old_documents

EXPIRY_INTERVAL_SECONDS: Final = 3_600.0

log = logging.getLogger("api.files")


class FileExpiryRunner:
    """Thread that deletes documents and images older than *days* at its start and every hour.

    Their digests, passages and answers stay.
    """

    def __init__(self, db: Database, clock: Clock, *, days: int) -> None:
        self._db, self._clock, self._days = db, clock, days
        self._thread = PollingThread(
            "expiry", self.run_once, poll_seconds=EXPIRY_INTERVAL_SECONDS, log=log
        )

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current deletion."""
        self._thread.close()

    def run_once(self) -> float:
        """Delete what is old; return the seconds until the next time."""
        now = self._clock()
        with self._db.transaction() as session:
            delete_old_documents(session, days=self._days, now=now)
            delete_old_pages(session, days=self._days, now=now)
        return EXPIRY_INTERVAL_SECONDS
