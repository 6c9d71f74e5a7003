"""Score runner: a thread of the worker that compares scores and sends those that changed."""

import logging
from collections.abc import Callable
from typing import Final

from api.core.clock import Clock
from api.db.engine import Database
from api.services.lti.scores.delivery import PlatformPauses, deliver_next_score
from api.services.lti.scores.reconciliation import Reconciler
from api.services.lti.tool import LtiTool
from api.services.outbox.polling_thread import PollingThread

POLL_SECONDS: Final = 5.0
"""Seconds between two comparisons."""

log = logging.getLogger("api.lti")


class ScoreRunner:
    """Thread that keeps the scores at platforms current.

    It calls *after_score* after every score, which may block.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        tool: LtiTool,
        *,
        after_score: Callable[[], None] = lambda: None,
    ) -> None:
        self._db, self._clock, self._tool, self._after_score = db, clock, tool, after_score
        self._pauses, self._reconciler = PlatformPauses(), Reconciler()
        self._thread = PollingThread(
            "scores", self._send_scores, poll_seconds=POLL_SECONDS, log=log
        )

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current score."""
        self._thread.close()

    def run_until_idle(self) -> None:
        """Compare all scores, and try to send every one that is due."""
        self._reconciler.run(self._db, now=self._clock())
        while not self._thread.is_stopped:
            if deliver_next_score(self._db, self._tool, self._pauses, self._clock) == "idle":
                return
            self._after_score()

    def _send_scores(self) -> float:
        """Send what changed, and return the seconds until the next comparison."""
        self.run_until_idle()
        return POLL_SECONDS
