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

from api.auth.limits import LIMITS, Action, wait
from api.auth.sessions import DEVICE_LIFETIME
from api.core.errors import RateLimited
from api.db.models import Knock

__all__ = [
    "KNOWN",
    "forget",
    "forget_devices",
    "key_of",
    "lock",
    "prune",
    "refuse",
    "remember_device",
    "spend",
    "times",
]

KNOWN: Final = "known"
"""The keys that say in which browsers an account has logged in: until when each is known."""
LONGEST: Final = max(limit.memory for limit in LIMITS.values())


def key_of(kind: str, *names: str) -> str:
    """Return the key of events for *names*, as digests because a name may be personal.

    >>> len(key_of("login_account", "ann@example.edu"))
    46
    """
    return " ".join((kind, *(sha256(name.encode()).hexdigest()[:32] for name in names)))


def lock(session: Session, keys: Iterable[str]) -> None:
    """Lock *keys* against other processes until the end of the transaction.

    SQLite needs no lock: it has one writer at a time.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    for key in sorted(keys):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def times(session: Session, key: str, *, since: datetime) -> list[datetime]:
    """Return the times of the events under *key* after *since*."""
    return list(session.scalars(select(Knock.at).where(Knock.key == key, Knock.at > since)))


def spend(session: Session, action: Action, who: str, *, now: datetime) -> None:
    """Count one *action* of *who*; raise `RateLimited` if the limit is reached."""
    key = key_of(action, who)
    lock(session, [key])
    limit = LIMITS[action]
    refuse(wait(limit, times(session, key, since=now - limit.memory), now))
    session.add(Knock(key=key, at=now))
    prune(session, now=now)


def refuse(seconds: int) -> None:
    """Raise `RateLimited` unless *seconds* to wait is 0."""
    if seconds:
        raise RateLimited(f"Too many requests. Try again in {seconds} s.", retry_after=seconds)


def forget(session: Session, key: str, *, before: datetime) -> None:
    """Delete the events under *key* before a time."""
    session.execute(delete(Knock).where(Knock.key == key, Knock.at < before))


def remember_device(session: Session, key: str, *, now: datetime) -> None:
    """Store the time until which the browser of *key* is known."""
    session.execute(delete(Knock).where(Knock.key == key))
    session.add(Knock(key=key, at=now + DEVICE_LIFETIME))


def forget_devices(session: Session, email: str | None) -> None:
    """Delete the known browsers of an account."""
    if email is not None:
        session.execute(delete(Knock).where(Knock.key.startswith(f"{key_of(KNOWN, email)} ")))


def prune(session: Session, *, now: datetime) -> None:
    """Delete expired events and known browsers."""
    session.execute(delete(Knock).where(Knock.at < now - LONGEST))
