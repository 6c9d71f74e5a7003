"""Score runner: a thread of the worker that compares scores and sends those that changed."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from api.core.clock import Clock
from api.db.engine import Database
from api.services.lti.scores.delivery import PlatformPauses, deliver_next_score
from api.services.lti.scores.reconciliation import Reconciler
from api.services.lti.tool import LtiTool

POLL_SECONDS: Final = 5.0
"""Seconds between two comparisons."""
STOP_SECONDS: Final = 4.0
"""Seconds that a stop waits for the current score; an unfinished one is sent again later."""

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
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run_until_stopped, name="scores", daemon=True)

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current score."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def run_until_idle(self) -> None:
        """Compare all scores, and try to send every one that is due."""
        self._reconciler.run(self._db, now=self._clock())
        while not self._stop.is_set():
            if deliver_next_score(self._db, self._tool, self._pauses, self._clock) == "idle":
                return
            self._after_score()

    def _run_until_stopped(self) -> None:
        while not self._stop.is_set():
            try:
                self.run_until_idle()
            except SQLAlchemyError as error:
                log.warning("the scores wait: %s", type(error).__name__)
            except Exception:
                log.exception("sending scores failed")
            self._stop.wait(POLL_SECONDS)
