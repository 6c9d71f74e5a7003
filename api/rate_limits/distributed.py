"""Rate limits per person, shared by all processes of a database and kept across restarts.

A request is counted in memory. A thread exchanges the counts with the database: within 0.5 s once a
tenth of a limit is spent, otherwise within 10 s. The database adds up the levels of all processes,
so requests that pass before the exchange count later. Over time nobody exceeds the limit, however
many processes there are.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import BigInteger, Double, case, delete, literal, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.core.clock import Clock
from api.db.dialects import SQLITE
from api.db.engine import Database
from api.db.models import RateLimitUsage
from api.rate_limits.leaky_bucket import LeakyBucketLimiter, RateLimit
from api.rate_limits.stored_events import build_event_key

MIN_EXCHANGE_SECONDS: Final = 0.5
"""Minimum seconds between two exchanges; otherwise each request would cause one."""
MAX_EXCHANGE_SECONDS: Final = 10.0
"""Maximum seconds until usage in this process is shared with others."""
MAX_BATCH_SIZE: Final = 200
"""Maximum number of people per transaction; on SQLite it blocks all other writes."""
MIN_RETENTION: Final = timedelta(hours=1)
"""Minimum retention of a level: by then every per-minute rate has decreased to zero."""
RETAINED_PERIODS: Final = 2
"""Periods of the longest rate for which a level is stored, as it may exceed the limit."""
MICROSECONDS_PER_SECOND: Final = 1_000_000

log = logging.getLogger("api.rate_limits")


class DistributedRateLimits:
    """A limiter for each of *rates*, exchanged with *db* by a thread after `start`.

    *min_pending* is the smallest amount to exchange for each rate, 1 by default.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rates: Mapping[str, RateLimit],
        *,
        min_pending: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._db, self._clock = db, clock
        longest = max((rate.seconds for rate in rates.values()), default=0.0)
        self._retention = max(MIN_RETENTION, timedelta(seconds=RETAINED_PERIODS * longest))
        self._wake, self._stop = threading.Event(), threading.Event()
        self._is_unreachable = False
        self._last_pruned_at: datetime | None = None
        self.limiters: Mapping[str, LeakyBucketLimiter] = {
            pace: LeakyBucketLimiter(
                rate,
                clock=lambda: clock().timestamp(),
                on_pending=self._wake.set,
                min_pending=min_pending.get(pace, 1),
            )
            for pace, rate in rates.items()
        }
        self._thread = threading.Thread(target=self._run_exchanges, name="throttles", daemon=True)

    def start(self) -> None:
        """Start the thread, which exchanges until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, after a last exchange."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def exchange_usage(self) -> None:
        """Add the amounts spent here to the database, and read the levels of all processes.

        If nothing was spent, the database is not asked.
        """
        for rate_class, limiter in self.limiters.items():
            pending = list(limiter.take_pending().items())
            while pending:
                try:
                    limiter.merge_levels(
                        self._add_and_load_levels(rate_class, dict(pending[:MAX_BATCH_SIZE]))
                    )
                except BaseException:
                    limiter.restore_pending(dict(pending))
                    raise
                del pending[:MAX_BATCH_SIZE]

    def _add_and_load_levels(self, rate_class: str, spent: Mapping[str, int]) -> dict[str, float]:
        """Add *spent* to the stored levels and return the new ones."""
        keys = {build_event_key(rate_class, key): key for key in spent}
        now = self._clock()
        # Rows are locked in the order of their keys, to avoid deadlocks between processes.
        rows = [{"key": key, "level": spent[keys[key]], "at": now} for key in sorted(keys)]
        with self._db.transaction() as session:
            upsert = _build_level_upsert(
                session.get_bind().dialect.name, self.limiters[rate_class].rate
            )
            levels = {keys[key]: level for key, level in session.execute(upsert, rows)}
            self._prune_expired(session, now)
        return levels

    def _prune_expired(self, session: Session, now: datetime) -> None:
        """Delete levels that have expired, at most once per `MIN_RETENTION`."""
        if self._last_pruned_at is None or abs(now - self._last_pruned_at) >= MIN_RETENTION:
            session.execute(delete(RateLimitUsage).where(RateLimitUsage.at < now - self._retention))
            self._last_pruned_at = now

    def _run_exchanges(self) -> None:
        while not self._stop.wait(MIN_EXCHANGE_SECONDS):
            self._wake.wait(MAX_EXCHANGE_SECONDS)
            self._wake.clear()
            self._exchange_and_log_failure()
        self._exchange_and_log_failure()

    def _exchange_and_log_failure(self) -> None:
        """Exchange; log the first failure of a series."""
        try:
            self.exchange_usage()
        except Exception as error:
            if not self._is_unreachable:
                log.warning("limits apply to each process separately: %s", type(error).__name__)
            self._is_unreachable = True
        else:
            self._is_unreachable = False


@cache
def _build_level_upsert(dialect: str, rate: RateLimit) -> Any:
    """Return the upsert that adds amounts to the decayed levels and returns the new levels.

    If this process's clock is behind, the stored level does not decay.
    """
    insert_statement = (sqlite if dialect == SQLITE else postgresql).insert(RateLimitUsage)
    elapsed = type_coerce(insert_statement.excluded.at, BigInteger) - type_coerce(
        RateLimitUsage.at, BigInteger
    )
    remaining = RateLimitUsage.level - elapsed * literal(
        rate.per_second / MICROSECONDS_PER_SECOND, Double
    )
    level = case((elapsed < 0, RateLimitUsage.level), (remaining > 0, remaining), else_=0.0)
    values = {
        "level": level + insert_statement.excluded.level,
        "at": case((elapsed > 0, insert_statement.excluded.at), else_=RateLimitUsage.at),
    }
    upsert = insert_statement.on_conflict_do_update(
        index_elements=[RateLimitUsage.key], set_=values
    )
    return upsert.returning(RateLimitUsage.key, RateLimitUsage.level)
