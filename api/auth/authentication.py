"""Authentication: the caller of a request, found by token or session cookie."""

from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import TOKEN_EXPIRED_MESSAGE, Principal
from api.auth.secrets import digests_match, parse_secret
from api.auth.sessions import is_session_alive
from api.core.errors import Unauthenticated
from api.db.engine import fetch_one
from api.db.models import LoginSession, Token, User

BEARER_PREFIX: Final = "bearer "
CredentialRow = TypeVar("CredentialRow", Token, LoginSession)


def _credential_query(table: type[CredentialRow]) -> Select[CredentialRow, User]:
    """Return the statement that loads the row of a credential with its owner."""
    joined = select(table, User).join(User, User.id == table.user_id)
    return joined.where(table.prefix == bindparam("prefix"))


CREDENTIAL_QUERIES: Final[dict[type[Any], Select[Any, User]]] = {
    LoginSession: _credential_query(LoginSession),
    Token: _credential_query(Token),
}


def token_digest(authorization: str) -> bytes | None:
    """Return the digest of the token in an ``Authorization`` header, or None if it has none."""
    if not authorization.lower().startswith(BEARER_PREFIX):
        return None
    credential = parse_secret(authorization[len(BEARER_PREFIX) :].strip())
    return credential.digest if credential is not None and credential.kind == "api" else None


def session_digest(cookie: str) -> bytes | None:
    """Return the digest of a session cookie, or None if it has another form."""
    credential = parse_secret(cookie)
    return credential.digest if credential is not None and credential.kind == "session" else None


def authenticate_token(session: Session, authorization: str, *, now: datetime) -> Principal:
    """Authenticate the token in an ``Authorization`` header; raise `Unauthenticated` on failure."""
    if not authorization.lower().startswith(BEARER_PREFIX):
        raise Unauthenticated("Send the header: Authorization: Bearer TOKEN.")
    credential = parse_secret(authorization[len(BEARER_PREFIX) :].strip())
    if credential is None or credential.kind != "api":
        raise Unauthenticated("This is not a token of this service.")
    token = _load_credential(session, Token, credential.prefix)
    if (
        token is None
        or not digests_match(credential.digest, token.digest)
        or token.revoked_at is not None
    ):
        raise Unauthenticated("This token is unknown or revoked.")
    if token.expires_at is not None and token.expires_at <= now:
        raise Unauthenticated(TOKEN_EXPIRED_MESSAGE, code="token_expired")
    return Principal(
        _load_active_user(session, token.user_id),
        frozenset(token.scopes),
        token_id=token.id,
        only_course=token.course_id,
        seen_at=token.last_used_at,
        digest=credential.digest,
        expires_at=token.expires_at,
    )


def authenticate_session(session: Session, cookie: str, *, now: datetime) -> Principal:
    """Authenticate a session cookie; raise `Unauthenticated` on failure."""
    credential = parse_secret(cookie)
    if credential is None or credential.kind != "session":
        raise Unauthenticated("Log in first.")
    row = _load_credential(session, LoginSession, credential.prefix)
    if row is None or not digests_match(credential.digest, row.digest):
        raise Unauthenticated("Log in first.")
    if row.revoked_at is not None or not is_session_alive(row.created_at, row.seen_at, now=now):
        raise Unauthenticated("You were logged out. Log in again.")
    return Principal(
        _load_active_user(session, row.user_id),
        None,
        session_id=row.id,
        seen_at=row.seen_at,
        digest=credential.digest,
        begun_at=row.created_at,
    )


def _load_credential(
    session: Session, table: type[CredentialRow], prefix: str
) -> CredentialRow | None:
    """Return the row of a credential, or None.

    The same query loads its owner into the session, so that `_load_active_user` needs none.
    """
    row = fetch_one(session, CREDENTIAL_QUERIES[table], prefix=prefix)
    return None if row is None else row[0]


def _load_active_user(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id)
    if user is None or user.suspended_at is not None or user.erased_at is not None:
        raise Unauthenticated("This account is not active.")
    return user
