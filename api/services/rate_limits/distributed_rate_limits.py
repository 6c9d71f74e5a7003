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
from api.db.engine import Database
from api.db.models import Spending
from api.http.pipeline.rate_limiter import Rate, Throttle
from api.services.rate_limits.rate_limit_events import key_of

__all__ = ["LATEST", "SharedThrottles"]

SOONEST: Final = 0.5
"""So many seconds lie between two exchanges, or everybody's requests would each make one."""
LATEST: Final = 10.0
"""After so many seconds at the latest others are told of what was spent here."""
MOST: Final = 200
"""So many people at a time: on SQLite nobody else writes meanwhile."""
KEPT: Final = timedelta(hours=1)
"""By then the level of every rate by the minute has gone down to nothing."""
KEPT_RATES: Final = 2
"""For how many spans of the longest rate a level is kept: it may have passed the limit."""
MICROSECONDS: Final = 1_000_000

log = logging.getLogger("api.shared_throttles")


class SharedThrottles:
    """A throttle for each of *rates*, exchanged with *db* by a thread after `start`.

    *min_owing* is the smallest amount to exchange for each rate, 1 by default.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rates: Mapping[str, Rate],
        *,
        min_owing: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._db, self._clock = db, clock
        longest = max((rate.seconds for rate in rates.values()), default=0.0)
        self._kept = max(KEPT, timedelta(seconds=KEPT_RATES * longest))
        self._wake, self._stop = threading.Event(), threading.Event()
        self._is_away = False
        self._pruned: datetime | None = None
        self.throttles: Mapping[str, Throttle] = {
            pace: Throttle(
                rate,
                clock=lambda: clock().timestamp(),
                on_owing=self._wake.set,
                min_owing=min_owing.get(pace, 1),
            )
            for pace, rate in rates.items()
        }
        self._thread = threading.Thread(target=self._loop, name="throttles", daemon=True)

    def start(self) -> None:
        """Start the thread, which exchanges until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, after a last exchange."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def exchange(self) -> None:
        """Add the amounts spent here to the database, and read the levels of all processes.

        If nothing was spent, the database is not asked.
        """
        for pace, throttle in self.throttles.items():
            owing = list(throttle.owing().items())
            while owing:
                try:
                    throttle.learn(self._told(pace, dict(owing[:MOST])))
                except BaseException:
                    throttle.owe_again(dict(owing))
                    raise
                del owing[:MOST]

    def _told(self, pace: str, spent: Mapping[str, int]) -> dict[str, float]:
        """Add *spent* to the stored levels and return the new ones."""
        keys = {key_of(pace, key): key for key in spent}
        now = self._clock()
        # Rows are locked in the order of their keys, to avoid deadlocks between processes.
        rows = [{"key": key, "level": spent[keys[key]], "at": now} for key in sorted(keys)]
        with self._db.transaction() as session:
            adding = _adding(session.get_bind().dialect.name, self.throttles[pace].rate)
            levels = {keys[key]: level for key, level in session.execute(adding, rows)}
            self._prune(session, now)
        return levels

    def _prune(self, session: Session, now: datetime) -> None:
        """Delete levels that have expired, at most once per `KEPT`."""
        if self._pruned is None or abs(now - self._pruned) >= KEPT:
            session.execute(delete(Spending).where(Spending.at < now - self._kept))
            self._pruned = now

    def _loop(self) -> None:
        while not self._stop.wait(SOONEST):
            self._wake.wait(LATEST)
            self._wake.clear()
            self._try()
        self._try()

    def _try(self) -> None:
        """Exchange; log the first failure of a series."""
        try:
            self.exchange()
        except Exception as error:
            if not self._is_away:
                log.warning("limits hold for each process alone: %s", type(error).__name__)
            self._is_away = True
        else:
            self._is_away = False


@cache
def _adding(dialect: str, rate: Rate) -> Any:
    """Return the upsert that adds amounts to the decayed levels and returns the new levels.

    If this process's clock is behind, the stored level does not decay.
    """
    made = (sqlite if dialect == "sqlite" else postgresql).insert(Spending)
    elapsed = type_coerce(made.excluded.at, BigInteger) - type_coerce(Spending.at, BigInteger)
    left = Spending.level - elapsed * literal(rate.per_second / MICROSECONDS, Double)
    level = case((elapsed < 0, Spending.level), (left > 0, left), else_=0.0)
    values = {
        "level": level + made.excluded.level,
        "at": case((elapsed > 0, made.excluded.at), else_=Spending.at),
    }
    added = made.on_conflict_do_update(index_elements=[Spending.key], set_=values)
    return added.returning(Spending.key, Spending.level)
