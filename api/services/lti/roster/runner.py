"""Roster runner: a thread of the worker that compares the rosters that are due."""

import logging
from typing import Final

from api.core.clock import Clock
from api.db.engine import Database
from api.services.lti.roster.synchronization import synchronize_next_roster
from api.services.lti.tool import LtiTool
from api.services.outbox.polling_thread import PollingThread

POLL_SECONDS: Final = 5.0

log = logging.getLogger("api.lti")


class RosterRunner:
    """Thread that keeps the people of connected courses current."""

    def __init__(self, db: Database, clock: Clock, tool: LtiTool) -> None:
        self._db, self._clock, self._tool = db, clock, tool
        self._thread = PollingThread(
            "rosters", self._synchronize, poll_seconds=POLL_SECONDS, log=log
        )

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current roster."""
        self._thread.close()

    def run_until_idle(self) -> None:
        """Compare every roster that is due."""
        while not self._thread.is_stopped:
            if not synchronize_next_roster(self._db, self._tool, self._clock):
                return

    def _synchronize(self) -> float:
        self.run_until_idle()
        return POLL_SECONDS
