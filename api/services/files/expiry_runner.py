"""Expiry of uploaded files: a thread of the worker that deletes old documents and images."""

import logging
from typing import Final

from api.core.clock import Clock
from api.db.engine import Database
from api.services.attachments.storage import delete_old_pages
from api.services.outbox.polling_thread import PollingThread
from api.services.reports.uploads.storage import delete_old_documents

EXPIRY_INTERVAL_SECONDS: Final = 3_600.0
MAX_FILES_PER_TRANSACTION: Final = 5
PAUSE_SECONDS: Final = 1.0
"""Pause between two transactions, so that waiting submissions are stored."""

log = logging.getLogger("api.files")


class FileExpiryRunner:
    """Thread that deletes files older than *days*, a few at a time, when it starts and every hour.

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
        """Delete a few old files; return the seconds until the next run.

        SQLite overwrites what it deletes and has one writer, so submissions would wait for a
        transaction that deletes the files of a class.
        """
        now, limit = self._clock(), MAX_FILES_PER_TRANSACTION
        with self._db.transaction() as session:
            documents = delete_old_documents(session, days=self._days, now=now, limit=limit)
            attachments = delete_old_pages(session, days=self._days, now=now, limit=limit)
        return PAUSE_SECONDS if limit in {documents, attachments} else EXPIRY_INTERVAL_SECONDS
