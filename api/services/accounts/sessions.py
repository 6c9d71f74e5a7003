"""Login sessions of the pages: begun at login, ended as `EVENTS` defines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.auth.authorization import Caller
from api.auth.secrets import new_secret
from api.auth.sessions import ABSOLUTE, EVENTS, IDLE, Event
from api.core.errors import NotFound
from api.core.ids import new_id
from api.db.models import LoginSession, Token, User

__all__ = ["Begun", "begin", "end", "end_one", "sessions_of", "settle"]


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session of *user*; *secret* goes into their cookie.

    *device* goes into another cookie, by which the browser is known; "" leaves that cookie as it
    is.
    """

    user: User
    session_id: UUID
    expires_at: datetime
    secret: str = field(repr=False)
    device: str = field(default="", repr=False)


def begin(session: Session, user: User, *, now: datetime, device: str = "") -> Begun:
    """Create a session of *user*."""
    secret = new_secret("session")
    row = LoginSession(
        id=new_id(),
        prefix=secret.prefix,
        digest=secret.digest,
        user_id=user.id,
        created_at=now,
        seen_at=now,
        expires_at=now + ABSOLUTE,
    )
    session.add(row)
    return Begun(user, row.id, now + ABSOLUTE, secret.text, device)


def settle(
    session: Session,
    event: Event,
    users: Collection[UUID],
    *,
    now: datetime,
    this: UUID | None = None,
) -> None:
    """End the sessions and tokens of *users* that *event* ends; *this* is the session of the event.

    If its effect on that session is ``new``, the caller begins another.
    """
    effect = EVENTS[event]
    if effect.others == "end":
        end(session, users, now=now)
    elif this is not None:
        session.execute(update(LoginSession).where(LoginSession.id == this).values(revoked_at=now))
    if effect.tokens == "end":
        revoked = update(Token).where(Token.user_id.in_(users), Token.revoked_at.is_(None))
        session.execute(revoked.values(revoked_at=now))


def end(session: Session, users: Collection[UUID], *, now: datetime) -> None:
    """End every session of *users*."""
    theirs = LoginSession.user_id.in_(users)
    ended = update(LoginSession).where(theirs, LoginSession.revoked_at.is_(None))
    session.execute(ended.values(revoked_at=now))


def sessions_of(session: Session, user_id: UUID, *, now: datetime) -> Sequence[LoginSession]:
    """Return the active sessions of a user, last used first."""
    return session.scalars(
        select(LoginSession)
        .where(
            LoginSession.user_id == user_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.created_at > now - ABSOLUTE,
            LoginSession.seen_at > now - IDLE,
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    ).all()


def end_one(session: Session, caller: Caller, session_id: UUID, *, now: datetime) -> None:
    """End one session of the caller; raise `NotFound` if it is not theirs or has ended."""
    found = session.get(LoginSession, session_id)
    if found is None or found.user_id != caller.id or found.revoked_at is not None:
        raise NotFound("There is no such session.")
    found.revoked_at = now
