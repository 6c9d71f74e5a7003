"""What is counted in the database to slow down whoever does it too often, over all processes.

The count is committed before the work, so that neither a failure nor a race gives another try.
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
    """Return the key under which *names* are counted: digests, since a name may be personal.

    >>> len(key_of("login_account", "ann@example.edu"))
    46
    """
    return " ".join((kind, *(sha256(name.encode()).hexdigest()[:32] for name in names)))


def lock(session: Session, keys: Iterable[str]) -> None:
    """Make other processes wait that count under *keys*, until the transaction ends.

    On SQLite there is one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    for key in sorted(keys):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def times(session: Session, key: str, *, since: datetime) -> list[datetime]:
    """Return when something was counted under *key*, as far as that was after *since*."""
    return list(session.scalars(select(Knock.at).where(Knock.key == key, Knock.at > since)))


def spend(session: Session, action: Action, who: str, *, now: datetime) -> None:
    """Count one *action* of *who*, or raise `RateLimited` where it has to wait."""
    key = key_of(action, who)
    lock(session, [key])
    limit = LIMITS[action]
    refuse(wait(limit, times(session, key, since=now - limit.memory), now))
    session.add(Knock(key=key, at=now))
    prune(session, now=now)


def refuse(seconds: int) -> None:
    """Raise `RateLimited` where there are *seconds* to wait."""
    if seconds:
        raise RateLimited(f"Too many requests. Try again in {seconds} s.", retry_after=seconds)


def forget(session: Session, key: str, *, before: datetime) -> None:
    """Delete the events under *key* before a time."""
    session.execute(delete(Knock).where(Knock.key == key, Knock.at < before))


def remember_device(session: Session, key: str, *, now: datetime) -> None:
    """Store until when the browser of a *key* is known."""
    session.execute(delete(Knock).where(Knock.key == key))
    session.add(Knock(key=key, at=now + DEVICE_LIFETIME))


def forget_devices(session: Session, email: str | None) -> None:
    """Delete in which browsers an account has logged in."""
    if email is not None:
        session.execute(delete(Knock).where(Knock.key.startswith(f"{key_of(KNOWN, email)} ")))


def prune(session: Session, *, now: datetime) -> None:
    """Delete what counts no more, and browsers that are not known any more."""
    session.execute(delete(Knock).where(Knock.at < now - LONGEST))
