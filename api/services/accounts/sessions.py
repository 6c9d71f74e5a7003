"""Login sessions of the pages: begun at login, ended as `SESSION_EVENT_EFFECTS` defines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.secrets import new_secret
from api.auth.sessions import IDLE_TIMEOUT, SESSION_EVENT_EFFECTS, SESSION_LIFETIME, SessionEvent
from api.core.errors import NotFound
from api.core.ids import new_id
from api.db.models import DeviceCode, LoginSession, Token, User


@dataclass(frozen=True, slots=True)
class NewSession:
    """A new session of *user*; *secret* goes into their cookie.

    *device* goes into another cookie, by which the browser is known; "" leaves that cookie as it
    is.
    """

    user: User
    session_id: UUID
    expires_at: datetime
    secret: str = field(repr=False)
    device: str = field(default="", repr=False)


def create_session(session: Session, user: User, *, now: datetime, device: str = "") -> NewSession:
    """Create a session of *user*."""
    secret = new_secret("session")
    row = LoginSession(
        id=new_id(),
        prefix=secret.prefix,
        digest=secret.digest,
        user_id=user.id,
        created_at=now,
        seen_at=now,
        expires_at=now + SESSION_LIFETIME,
    )
    session.add(row)
    return NewSession(user, row.id, now + SESSION_LIFETIME, secret.text, device)


def end_sessions_and_tokens_for_event(
    session: Session,
    event: SessionEvent,
    users: Collection[UUID],
    *,
    now: datetime,
    current_session: UUID | None = None,
) -> None:
    """End the sessions and tokens of *users* that *event*, made in *current_session*, ends.

    If its effect on that session is ``new``, the caller begins another.
    """
    effect = SESSION_EVENT_EFFECTS[event]
    if effect.other_sessions == "end":
        end_all_sessions(session, users, now=now)
    elif current_session is not None:
        session.execute(
            update(LoginSession).where(LoginSession.id == current_session).values(revoked_at=now)
        )
    if effect.tokens == "end":
        _end_tokens(session, users, now=now)
    elif event == "role_changed":
        # A code is for students: with another role its token would read the work of a class.
        _end_tokens(session, users, now=now, only_from_codes=True)


def _end_tokens(
    session: Session, users: Collection[UUID], *, now: datetime, only_from_codes: bool = False
) -> None:
    """End the tokens of *users*, and confirmed codes whose token was not fetched yet."""
    tokens = update(Token).where(Token.user_id.in_(users), Token.revoked_at.is_(None))
    if only_from_codes:
        tokens = tokens.where(Token.is_from_code)
    session.execute(tokens.values(revoked_at=now))
    codes = update(DeviceCode).where(DeviceCode.user_id.in_(users), DeviceCode.used_at.is_(None))
    session.execute(codes.values(denied_at=now))


def end_all_sessions(session: Session, users: Collection[UUID], *, now: datetime) -> None:
    """End every session of *users*."""
    theirs = LoginSession.user_id.in_(users)
    ended = update(LoginSession).where(theirs, LoginSession.revoked_at.is_(None))
    session.execute(ended.values(revoked_at=now))


def list_sessions(session: Session, user_id: UUID, *, now: datetime) -> Sequence[LoginSession]:
    """Return the active sessions of a user, last used first."""
    return session.scalars(
        select(LoginSession)
        .where(
            LoginSession.user_id == user_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.created_at > now - SESSION_LIFETIME,
            LoginSession.seen_at > now - IDLE_TIMEOUT,
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    ).all()


def end_session(session: Session, caller: Principal, session_id: UUID, *, now: datetime) -> None:
    """End one session of the caller; raise `NotFound` if it is not theirs or has ended."""
    row = session.get(LoginSession, session_id)
    if row is None or row.user_id != caller.id or row.revoked_at is not None:
        raise NotFound("There is no such session.")
    row.revoked_at = now
