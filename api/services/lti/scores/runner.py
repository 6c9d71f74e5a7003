"""Score runner: a thread of the worker that compares scores and sends those that changed.

One thread claims the scores of two seconds in one transaction, and stores the results of a second
in another one. Meanwhile, other threads send scores at the rate of each platform: a platform that
takes half a second per score still gets as many as it accepts, and a slow database delays no score.
A platform leaves two threads to the others. A course whose line items hang occupies one thread.

One worker at a time compares and sends scores, because each knows only its own rate, its own pauses
and the line items that it creates itself. Another takes over when it ends or dies.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

from api.core.clock import Clock
from api.db.engine import Database
from api.db.process_lock import LockName, ProcessLock
from api.services.lti.scores.claims import (
    ClaimExclusions,
    DeliveryResult,
    ScoreDelivery,
    claim_scores,
    claim_unresolved_scores,
    is_score_due,
    release_claim,
    store_results,
)
from api.services.lti.scores.delivery import SentScore, send_claimed_score
from api.services.lti.scores.pacing import PlatformPace, PlatformPauses
from api.services.lti.scores.queue import ClaimedScores
from api.services.lti.scores.reconciliation import Reconciler
from api.services.lti.scores.searches import FailedLineItem, LineItemSearches
from api.services.lti.tool import LtiTool
from api.services.outbox.polling_thread import PollingThread

POLL_SECONDS: Final = 5.0
"""Seconds between two comparisons."""
SEND_THREADS: Final = 8
"""Maximum number of concurrent sends; fewer than the requests that `PlatformHttp` allows."""
EXCHANGE_SECONDS: Final = 1.0
"""Seconds between two exchanges with the database (store results, claim scores) during sends."""
BATCH_SECONDS: Final = 2.0
"""Size of a batch in seconds of the rate; longer than the time between two exchanges."""
DEFAULT_RATE: Final = 10.0
SENDER_LOCK: Final = LockName(4_242_000_004, "-scores")
"""Lock of the worker that sends scores; it keeps the lock while it has nothing to send."""

log = logging.getLogger("api.lti")

_Exchange: TypeAlias = Future[list[ScoreDelivery] | None]
"""Running transactions that store results and claim scores; None if no score was due."""


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
        self._pace = PlatformPace(max_rate)
        self._batch_size = max(1, round(max_rate * BATCH_SECONDS))
        self._queue = ClaimedScores()
        self._in_flight: dict[Future[SentScore], ScoreDelivery] = {}
        self._searches = LineItemSearches()
        self._exchange: _Exchange | None = None
        self._claims_all = True
        self._results: list[DeliveryResult] = []
        self._storing: list[DeliveryResult] = []
        self._compared_at = float("-inf")
        self._exchanged_at = float("-inf")
        self._sender_lock = ProcessLock(db, SENDER_LOCK)
        self._thread = PollingThread("scores", self.run_once, poll_seconds=POLL_SECONDS, log=log)

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop once the running sends have ended."""
        if self._thread.close():  # otherwise the end of the process releases the lock
            self._sender_lock.release()

    def run_once(self) -> float:
        """Send what changed, and return the seconds until the next comparison."""
        self.run_until_idle()
        resumed_at = self._pauses.find_next_end(self._clock())
        if resumed_at is None:
            return POLL_SECONDS
        return min(POLL_SECONDS, (resumed_at - self._clock()).total_seconds())

    def run_until_idle(self) -> None:
        """Compare all scores and try to send those that are due, unless another worker sends."""
        if not self._sender_lock.acquire():
            return
        self._compared_at = float("-inf")
        with ThreadPoolExecutor(self._threads + 1, thread_name_prefix="scores") as pool:
            try:
                while not self._thread.is_stopped and self._send_or_wait(pool):
                    pass
            finally:
                self._finish()

    def _finish(self) -> None:
        """Wait for running sends and transactions, store all results, and release unsent scores."""
        if self._exchange is not None:
            wait([self._exchange])
            self._collect_exchange()
        wait(self._in_flight)
        self._collect_sends()
        self._release(self._queue.pop_all())
        store_results(self._db, [*self._storing, *self._results])
        self._storing, self._results = [], []

    def _send_or_wait(self, pool: ThreadPoolExecutor) -> bool:
        """Send the next score as soon as the pace allows; return False if none is due."""
        self._collect_sends()
        self._collect_exchange()
        is_idle = not self._queue and not self._in_flight
        if self._exchange is None and (
            is_idle or self._monotonic() - self._exchanged_at >= EXCHANGE_SECONDS
        ):
            self._exchange = self._begin_exchange(pool)
        if is_idle and self._exchange is not None:
            wait([self._exchange])
            # The exchange may have excluded scores that no longer wait; ask for all of them.
            return self._collect_exchange() or not self._claims_all
        delay = self._send_next(pool)
        if delay is not None:
            self._sleep(delay)
        else:
            wait(self._in_flight, timeout=EXCHANGE_SECONDS, return_when=FIRST_COMPLETED)
        return True

    def _begin_exchange(self, pool: ThreadPoolExecutor) -> _Exchange:
        """Start a thread that stores results, compares scores if that is due, and claims scores.

        A long queue must not delay the comparison of the scores behind it.
        """
        now = self._exchanged_at = self._monotonic()
        is_comparing = now - self._compared_at >= POLL_SECONDS
        if is_comparing:
            self._compared_at = now
        claimed = {one.target.item_id for one in (*self._in_flight.values(), *self._queue)}
        stocked = self._queue.list_stocked(self._batch_size // 2)
        slow = self._searches.list_slow(now)
        failed = self._searches.list_failed(self._clock())
        excluded = ClaimExclusions(
            frozenset(stocked),
            slow,
            items=frozenset(one.item_id for one in failed if not one.is_search),
            unresolved_items=frozenset(one.item_id for one in failed if one.is_search),
        )
        self._claims_all = not stocked and not slow
        self._storing, self._results = [*self._storing, *self._results], []
        return pool.submit(
            self._exchange_scores,
            list(self._storing),
            self._searches.take_unapplied(),
            claimed if is_comparing else None,
            excluded,
        )

    def _exchange_scores(
        self,
        results: Sequence[DeliveryResult],
        failed_searches: Sequence[FailedLineItem],
        claimed_items: Collection[UUID] | None,
        excluded: ClaimExclusions,
    ) -> list[ScoreDelivery] | None:
        """Store results and claim scores; return the claimed ones, None if none is due.

        Claims nothing if the lock was lost, because another worker may send by then.
        """
        store_results(self._db, results)
        if not self._sender_lock.acquire():
            return None
        for search in failed_searches:
            for others in claim_unresolved_scores(self._db, search.item_id, now=search.failed_at):
                store_results(self._db, [search.apply(delivery) for delivery in others])
        if claimed_items is not None:
            self._reconciler.run(self._db, now=self._clock(), claimed=claimed_items)
        paused = self._pauses.list_paused(self._clock())
        excluded = replace(excluded, platforms=excluded.platforms.union(paused))
        if not is_score_due(self._db, excluded, now=self._clock()):
            return None
        return claim_scores(self._db, excluded, now=self._clock(), limit=self._batch_size)

    def _collect_exchange(self) -> bool:
        """Add the scores that were claimed to the queue; return False if none was due."""
        if self._exchange is None or not self._exchange.done():
            return False
        exchange, self._exchange = self._exchange, None
        claimed = exchange.result()  # after an error, the next exchange stores the results
        self._storing = []
        self._queue.add(claimed or ())
        for platform_id in self._pauses.list_paused(self._clock()):  # since the claim began
            self._release(self._queue.pop_all(platform_id))
        self._remove_waiting()
        return claimed is not None

    def _remove_waiting(self) -> None:
        """Remove the scores whose line item is searched slowly, or has just failed."""
        slow = self._searches.list_slow(self._monotonic())
        self._release(self._queue.pop_waiting(slow))
        for failed in self._searches.list_failed(self._clock()):
            waiting = self._queue.pop_line_item(failed.item_id, unresolved_only=failed.is_search)
            self._results += map(failed.apply, waiting)

    def _send_next(self, pool: ThreadPoolExecutor) -> float | None:
        """Send a score if the rate allows it now, and return 0.

        Otherwise return the seconds until it does; None if a running send must end first.
        """
        paused = self._pauses.list_paused(self._clock())
        waiting = [
            platform_id
            for platform_id in self._queue.list_platforms(self._searches.containers)
            if platform_id not in paused
        ]
        now, free_threads = self._monotonic(), self._threads - len(self._in_flight)
        platform_id = self._pace.choose_platform(waiting, free_threads=free_threads, now=now)
        if platform_id is None:
            return None
        delay = self._pace.compute_delay(platform_id, now)
        if delay > 0:
            return delay
        delivery = self._queue.pop(platform_id, self._searches.containers)
        if delivery.is_stale(self._clock()):
            self._release([delivery])
            return 0
        self._pace.begin(platform_id, now)
        self._searches.begin(delivery.target.searched_container, now)
        future = pool.submit(
            send_claimed_score, self._db, self._tool, delivery, self._pauses, self._clock
        )
        self._in_flight[future] = delivery
        return 0

    def _collect_sends(self) -> None:
        """Count the sends that have ended; only this thread changes the pace."""
        for future in [future for future in self._in_flight if future.done()]:
            delivery = self._in_flight.pop(future)
            platform_id = delivery.platform.id
            self._searches.end(delivery.target.searched_container)
            outcome = future.result().outcome if future.exception() is None else "unreachable"
            is_answered = outcome not in {"limited", "unanswered", "unreachable"}
            self._pace.end(platform_id, accepted=is_answered)
            if outcome == "limited":
                self._pace.slow_down(platform_id)
            if outcome in {"limited", "unreachable"}:
                self._release(self._queue.pop_all(platform_id))
            self._results.append(future.result().result)
            self._apply_to_line_item(delivery.target.item_id, future.result())
            self._after_score()

    def _apply_to_line_item(self, item_id: UUID, sent: SentScore) -> None:
        """Apply what a send found out about a line item to the scores that wait for it."""
        if sent.line_item_url and not sent.result.delivery.target.url:
            self._queue.set_line_item_url(item_id, sent.line_item_url)
        if self._searches.record(sent, self._clock()):
            self._claims_all = False
            self._remove_waiting()

    def _release(self, deliveries: list[ScoreDelivery]) -> None:
        """Release claimed scores for another claim, in their order."""
        due_at = self._clock()
        self._results += [
            release_claim(delivery, due_at=due_at + timedelta(microseconds=number))
            for number, delivery in enumerate(deliveries)
        ]
