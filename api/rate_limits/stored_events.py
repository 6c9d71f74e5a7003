"""Rate-limit events, stored in the database and shared by all processes.

An event is committed before the work that it counts, so that neither a failure nor a race gives
another try.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from api.db.dialects import is_sqlite
from api.db.engine import Database
from api.db.models import RateLimitEvent
from api.rate_limits.event_limits import (
    EVENT_LIMITS,
    LimitedAction,
    raise_if_limited,
    seconds_until_allowed,
)

KNOWN_DEVICE_KIND: Final = "known"
"""Kind of the keys of known browsers, where an account has logged in.

The time of such an event is that until which the browser is known.
"""
MAX_EVENT_LIFETIME: Final = max(limit.retention for limit in EVENT_LIMITS.values())


def build_event_key(kind: str, *names: str) -> str:
    """Return the key of events for *names*, as digests because a name may be personal.

    >>> len(build_event_key("login_account", "ann@example.edu"))
    46
    """
    return " ".join((kind, *(sha256(name.encode()).hexdigest()[:32] for name in names)))


def lock_keys(session: Session, keys: Iterable[str]) -> None:
    """Lock *keys* against other processes until the end of the transaction.

    SQLite needs no lock: it has one writer at a time.
    """
    if is_sqlite(session):
        return
    for key in sorted(keys):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def load_event_times(session: Session, key: str, *, since: datetime) -> list[datetime]:
    """Return the times of the events under *key* after *since*."""
    return list(
        session.scalars(
            select(RateLimitEvent.at).where(RateLimitEvent.key == key, RateLimitEvent.at > since)
        )
    )


def consume_and_commit_action_limit(
    db: Database, action: LimitedAction, subject: str, *, now: datetime
) -> None:
    """Count one *action* of *subject* in a transaction of its own.

    Raises `RateLimited` if the limit is reached. Such a request takes no write lock, so that a
    flood of them delays no submission.
    """
    with db.reading() as session:
        check_action_limit(session, action, subject, now=now)
    with db.transaction() as session:
        consume_action_limit(session, action, subject, now=now)


def consume_action_limit(
    session: Session, action: LimitedAction, subject: str, *, now: datetime
) -> None:
    """Count one *action* of *subject*; raise `RateLimited` if the limit is reached."""
    key = build_event_key(action, subject)
    lock_keys(session, [key])
    check_action_limit(session, action, subject, now=now)
    session.add(RateLimitEvent(key=key, at=now))
    prune_events(session, now=now)


def check_action_limit(
    session: Session, action: LimitedAction, subject: str, *, now: datetime
) -> None:
    """Raise `RateLimited` if *subject* has reached the limit of an *action*; count nothing."""
    key, limit = build_event_key(action, subject), EVENT_LIMITS[action]
    times = load_event_times(session, key, since=now - limit.retention)
    raise_if_limited(seconds_until_allowed(limit, times, now))


def delete_events(session: Session, key: str, *, before: datetime) -> None:
    """Delete the events under *key* before a time."""
    session.execute(
        delete(RateLimitEvent).where(RateLimitEvent.key == key, RateLimitEvent.at < before)
    )


def store_known_device(session: Session, key: str, *, until: datetime) -> None:
    """Store that the browser of *key* is known *until* this time."""
    session.execute(delete(RateLimitEvent).where(RateLimitEvent.key == key))
    session.add(RateLimitEvent(key=key, at=until))


def forget_devices(session: Session, email: str | None) -> None:
    """Delete the known browsers of an account."""
    if email is not None:
        email = email.casefold()
        session.execute(
            delete(RateLimitEvent).where(
                RateLimitEvent.key.startswith(f"{build_event_key(KNOWN_DEVICE_KIND, email)} ")
            )
        )


def prune_events(session: Session, *, now: datetime) -> None:
    """Delete expired events and known browsers."""
    session.execute(delete(RateLimitEvent).where(RateLimitEvent.at < now - MAX_EVENT_LIFETIME))
