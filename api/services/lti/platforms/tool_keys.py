"""Key pairs of this tool: which one signs, which are published, and their rotation.

A new key is published an hour before it signs, because platforms cache the published keys. An
earlier one stays published for a day after its successor began to sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import LtiKey

KEY_BITS: Final = 2048
PUBLISH_AHEAD: Final = timedelta(hours=1)
PUBLISH_AFTER: Final = timedelta(days=1)
MAX_CACHED_KEYS: Final = 8


@dataclass(frozen=True, slots=True)
class KeyState:
    """State of a key: whether it signs, and whether platforms can still fetch it."""

    kid: str
    created_at: datetime
    signs: bool
    is_published: bool

    @property
    def label(self) -> str:
        """The state in words, for administrators."""
        if self.signs:
            return "signs"
        return "published" if self.is_published else "no longer published"


def create_key(session: Session, *, now: datetime) -> LtiKey:
    """Create and store a key pair."""
    key = RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    row = LtiKey(
        id=new_id(), kid=key.kid, private_key=key.as_pem(private=True).decode(), created_at=now
    )
    session.add(row)
    return row


def rotate_keys(session: Session, *, now: datetime, at_once: bool = False) -> str:
    """Create a key that replaces the current one, and return its id.

    With *at_once*, for a key that somebody else may know, the earlier ones end immediately:
    platforms that have cached them refuse our messages until they fetch the new one.
    """
    if at_once:
        for earlier in session.scalars(select(LtiKey).where(LtiKey.retired_at.is_(None))):
            earlier.retired_at = now
    return create_key(session, now=now).kid


def list_key_states(session: Session, *, now: datetime) -> tuple[KeyState, ...]:
    """Return the states of all keys, newest first."""
    rows = session.scalars(
        select(LtiKey).order_by(LtiKey.created_at.desc(), LtiKey.id.desc())
    ).all()
    signing = _choose_signing_key(rows, now=now)
    published = {row.kid for row in _choose_published_keys(rows, now=now)}
    return tuple(
        KeyState(row.kid, row.created_at, signs=row is signing, is_published=row.kid in published)
        for row in rows
    )


def get_or_create_signing_key(db: Database, *, now: datetime) -> RSAKey:
    """Return the key that signs; the first one is created here."""
    with db.reading() as session:
        row = _choose_signing_key(_load_active_keys(session), now=now)
    if row is None:
        with db.transaction() as session:
            row = _choose_signing_key(_load_active_keys(session), now=now)
            row = row or create_key(session, now=now)
    return _import_key(row.kid, row.private_key)


@lru_cache(maxsize=MAX_CACHED_KEYS)
def _import_key(kid: str, private_key: str) -> RSAKey:
    """Return a stored key, cached because its check takes some ten milliseconds."""
    return RSAKey.import_key(private_key, {"kid": kid, "use": "sig", "alg": "RS256"})


def load_public_keys(db: Database, *, now: datetime) -> list[dict[str, Any]]:
    """Return the public keys as JWKs."""
    get_or_create_signing_key(db, now=now)
    with db.reading() as session:
        rows = _choose_published_keys(_load_active_keys(session), now=now)
    return [dict(_import_key(row.kid, row.private_key).as_dict(private=False)) for row in rows]


def _load_active_keys(session: Session) -> Sequence[LtiKey]:
    """Return the keys that were not retired, newest first."""
    query = select(LtiKey).where(LtiKey.retired_at.is_(None))
    return session.scalars(query.order_by(LtiKey.created_at.desc(), LtiKey.id.desc())).all()


def _choose_signing_key(rows: Sequence[LtiKey], *, now: datetime) -> LtiKey | None:
    """Return the newest key that was published for long enough, or the oldest key of all."""
    active = [row for row in rows if row.retired_at is None]
    ready = (row for row in active if row.created_at + PUBLISH_AHEAD <= now)
    return next(ready, active[-1] if active else None)


def _choose_published_keys(rows: Sequence[LtiKey], *, now: datetime) -> list[LtiKey]:
    """Return the keys to publish: those that sign, will sign, or did so within a day."""
    active = [row for row in rows if row.retired_at is None]
    settled = next(
        (row for row in active if row.created_at + PUBLISH_AHEAD + PUBLISH_AFTER <= now), None
    )
    return active if settled is None else active[: active.index(settled) + 1]
