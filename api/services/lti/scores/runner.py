"""Score runner: a thread of the worker that compares scores and sends those that changed.

The runner claims the scores one by one, at the pace of their platforms, and some threads send
them: a platform that takes half a second for each score still gets as many as it accepts.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final
from uuid import UUID

from api.core.clock import Clock
from api.db.engine import Database
from api.services.lti.scores.delivery import (
    SendOutcome,
    claim_score,
    is_score_due,
    send_claimed_score,
)
from api.services.lti.scores.pacing import PlatformPace, PlatformPauses
from api.services.lti.scores.reconciliation import Reconciler
from api.services.lti.tool import LtiTool
from api.services.outbox.polling_thread import PollingThread

POLL_SECONDS: Final = 5.0
"""Seconds between two comparisons."""
SEND_THREADS: Final = 6
"""Scores under way at a time; fewer than the requests that `OutboundHttp` allows."""
CLAIM_AHEAD_SECONDS: Final = 0.06
"""Time before a score may leave at which it is claimed, because a claim takes a while."""
DEFAULT_RATE: Final = 10.0

log = logging.getLogger("api.lti")


class ScoreRunner:
    """Thread that keeps the scores at platforms current.

    Each platform gets at most *max_rate* scores per second. The runner calls *after_score* after
    every score, which may block. *threads*, *monotonic* (seconds) and *sleep* replace real
    threads and time in tests.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        tool: LtiTool,
        *,
        max_rate: float = DEFAULT_RATE,
        after_score: Callable[[], None] = lambda: None,
        threads: int = SEND_THREADS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._db, self._clock, self._tool, self._after_score = db, clock, tool, after_score
        self._threads, self._monotonic, self._sleep = threads, monotonic, sleep
        self._pauses, self._reconciler = PlatformPauses(), Reconciler()
        self._pace = PlatformPace(max_rate, threads)
        self._in_flight: dict[Future[SendOutcome], UUID] = {}
        self._thread = PollingThread("scores", self.run_once, poll_seconds=POLL_SECONDS, log=log)

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the scores that are under way."""
        self._thread.close()

    def run_once(self) -> float:
        """Send what changed, and return the seconds until the next comparison."""
        self.run_until_idle()
        resumed_at = self._pauses.find_next_end(self._clock())
        if resumed_at is None:
            return POLL_SECONDS
        return min(POLL_SECONDS, (resumed_at - self._clock()).total_seconds())

    def run_until_idle(self) -> None:
        """Compare all scores, and try to send every one that is due."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix="scores") as pool:
            compared_at = float("-inf")
            while not self._thread.is_stopped:
                # A long queue must not delay the comparison of the scores behind it.
                if self._monotonic() - compared_at >= POLL_SECONDS:
                    compared_at = self._monotonic()
                    self._reconciler.run(self._db, now=self._clock())
                if not self._send_next(pool):
                    break
            self._wait_for_sends(all_of_them=True)

    def _send_next(self, pool: ThreadPoolExecutor) -> bool:
        """Send the next score as soon as the pace allows; return False if none is due."""
        self._collect_sends()
        paused = self._pauses.list_paused(self._clock())
        now = self._monotonic() + CLAIM_AHEAD_SECONDS
        blocked = self._pace.list_blocked(now)
        excluded = [*paused, *blocked]
        if len(self._in_flight) < self._threads and is_score_due(
            self._db, excluded, now=self._clock()
        ):
            delivery = claim_score(self._db, excluded, now=self._clock())
            if delivery is not None:
                platform_id = delivery.platform.id
                self._sleep(self._pace.compute_delay(platform_id, self._monotonic()))
                self._pace.begin(platform_id, self._monotonic())
                future = pool.submit(
                    send_claimed_score, self._db, self._tool, delivery, self._pauses, self._clock
                )
                self._in_flight[future] = platform_id
            return True
        if not self._in_flight and not (
            blocked and is_score_due(self._db, paused, now=self._clock())
        ):
            return False
        delay = self._pace.compute_shortest_delay(now)
        if delay > 0:
            self._sleep(delay)
        else:
            self._wait_for_sends()
        return True

    def _wait_for_sends(self, *, all_of_them: bool = False) -> None:
        """Wait for one of the sends under way, or for all of them, and raise their errors."""
        while self._in_flight:
            wait(self._in_flight, return_when=FIRST_COMPLETED)
            self._collect_sends()
            if not all_of_them:
                return

    def _collect_sends(self) -> None:
        """Count the sends that have ended; only this thread changes the pace."""
        for future in [future for future in self._in_flight if future.done()]:
            platform_id = self._in_flight.pop(future)
            outcome = future.result() if future.exception() is None else "unreachable"
            self._pace.end(platform_id, accepted=outcome in {"accepted", "refused"})
            if outcome == "limited":
                self._pace.slow_down(platform_id)
            future.result()
            self._after_score()
