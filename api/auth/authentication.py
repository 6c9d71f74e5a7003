"""Authentication: the caller of a request, found by token or session cookie."""

from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import EXPIRED, Caller
from api.auth.secrets import matches, parse
from api.auth.sessions import is_alive
from api.core.errors import Unauthenticated
from api.db.engine import find_one
from api.db.models import LoginSession, Token, User

__all__ = ["by_session", "by_token", "digest_of_session", "digest_of_token"]

BEARER: Final = "bearer "
Secret = TypeVar("Secret", Token, LoginSession)


def _shown(table: type[Secret]) -> Select[Secret, User]:
    """Return the statement that loads the row of a credential with its owner."""
    joined = select(table, User).join(User, User.id == table.user_id)
    return joined.where(table.prefix == bindparam("prefix"))


SHOWN: Final[dict[type[Any], Select[Any, User]]] = {
    LoginSession: _shown(LoginSession),
    Token: _shown(Token),
}


def digest_of_token(authorization: str) -> bytes | None:
    """Return the digest of the token in an ``Authorization`` header, or None if it has none."""
    if not authorization.lower().startswith(BEARER):
        return None
    shown = parse(authorization[len(BEARER) :].strip())
    return shown.digest if shown is not None and shown.kind == "api" else None


def digest_of_session(cookie: str) -> bytes | None:
    """Return the digest of a session cookie, or None if it has another form."""
    shown = parse(cookie)
    return shown.digest if shown is not None and shown.kind == "session" else None


def by_token(session: Session, authorization: str, *, now: datetime) -> Caller:
    """Authenticate the token in an ``Authorization`` header; raise `Unauthenticated` on failure."""
    if not authorization.lower().startswith(BEARER):
        raise Unauthenticated("Send the header: Authorization: Bearer TOKEN.")
    shown = parse(authorization[len(BEARER) :].strip())
    if shown is None or shown.kind != "api":
        raise Unauthenticated("This is no token of this service.")
    token = _owned(session, Token, shown.prefix)
    if token is None or not matches(shown.digest, token.digest) or token.revoked_at is not None:
        raise Unauthenticated("This token is not known, or was revoked.")
    if token.expires_at is not None and token.expires_at <= now:
        raise Unauthenticated(EXPIRED, code="token_expired")
    return Caller(
        _active(session, token.user_id),
        frozenset(token.scopes),
        token_id=token.id,
        only_course=token.course_id,
        seen_at=token.last_used_at,
        digest=shown.digest,
        expires_at=token.expires_at,
    )


def by_session(session: Session, cookie: str, *, now: datetime) -> Caller:
    """Authenticate a session cookie; raise `Unauthenticated` on failure."""
    shown = parse(cookie)
    if shown is None or shown.kind != "session":
        raise Unauthenticated("Log in first.")
    found = _owned(session, LoginSession, shown.prefix)
    if found is None or not matches(shown.digest, found.digest):
        raise Unauthenticated("Log in first.")
    if found.revoked_at is not None or not is_alive(found.created_at, found.seen_at, now=now):
        raise Unauthenticated("You were logged out; log in again.")
    return Caller(
        _active(session, found.user_id),
        None,
        session_id=found.id,
        seen_at=found.seen_at,
        digest=shown.digest,
        begun_at=found.created_at,
    )


def _owned(session: Session, table: type[Secret], prefix: str) -> Secret | None:
    """Return the row of a credential, or None.

    The same query loads its owner into the session, so that `_active` needs none.
    """
    row = find_one(session, SHOWN[table], prefix=prefix)
    return None if row is None else row[0]


def _active(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id)
    if user is None or user.suspended_at is not None or user.erased_at is not None:
        raise Unauthenticated("This account is not active.")
    return user
