"""Authentication: the caller of a request, found by token or session cookie."""

from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session
from starlette.requests import Request

from api.auth.authorization import TOKEN_EXPIRED_MESSAGE
from api.auth.principal import Principal
from api.auth.proxied_sessions import add_named_user
from api.auth.secrets import digests_match, parse_secret
from api.auth.sessions import build_session_cookie, explain_cross_site_refusal, is_session_alive
from api.config.login_header import ProxyLogin
from api.core.errors import Forbidden, Unauthenticated
from api.db.engine import fetch_one
from api.db.models import LoginSession, Token, User

BEARER_PREFIX: Final = "bearer "
NO_TOKEN_MESSAGE: Final = "Send the header: Authorization: Bearer TOKEN."  # noqa: S105  # no secret
CredentialRow = TypeVar("CredentialRow", Token, LoginSession)


def _credential_query(table: type[CredentialRow]) -> Select[CredentialRow, User]:
    """Return the statement that loads the row of a credential with its owner."""
    joined = select(table, User).join(User, User.id == table.user_id)
    return joined.where(table.prefix == bindparam("prefix"))


CREDENTIAL_QUERIES: Final[dict[type[Any], Select[Any, User]]] = {
    LoginSession: _credential_query(LoginSession),
    Token: _credential_query(Token),
}


def request_credential_digest(
    request: Request, public_url: str, *, proxy: ProxyLogin | None
) -> bytes | None:
    """Return the digest of the credential in *request*, which is not verified here.

    That of a session includes the user whom a trusted *proxy* names. Returns None if there is none,
    or if it must not be used for this request.
    """
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        return token_digest(authorization)
    cookie = request.cookies.get(build_session_cookie(public_url).name)
    if cookie is None or explain_cross_site_refusal(request.method, request.headers):
        return None
    digest = session_digest(cookie)
    return None if digest is None else add_named_user(digest, proxy, request.scope)


def authenticate_request(
    session: Session, request: Request, public_url: str, *, now: datetime
) -> Principal:
    """Authenticate *request* by its token or session cookie.

    Raises `Unauthenticated` without a valid one, `Forbidden` for a cross-site request.
    """
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        return authenticate_token(session, authorization, now=now)
    cookie = request.cookies.get(build_session_cookie(public_url).name)
    if cookie is None:
        raise Unauthenticated(NO_TOKEN_MESSAGE)
    refusal = explain_cross_site_refusal(request.method, request.headers)
    if refusal:
        raise Forbidden(refusal)
    return authenticate_session(session, cookie, now=now)


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
        raise Unauthenticated(NO_TOKEN_MESSAGE)
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
