"""Sessions behind a trusted proxy: they are refused while it names the user of another account."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.config.login_header import ProxyLogin
from api.core.errors import Unauthenticated
from api.db.models import Identity

OTHER_USER_MESSAGE: Final = "The proxy in front of this service names another user. Log in again."


def require_named_user(
    session: Session, caller: Principal, proxy: ProxyLogin | None, scope: Mapping[str, Any]
) -> Principal:
    """Return *caller*; raise `Unauthenticated` if a trusted *proxy* names another user.

    A user without an account is another one if a name at the proxy opens the account of *caller*. A
    header without a usable name, such as a repeated one, is refused. A request that names nobody is
    not, and neither is a token. The digest of a caller whom the proxy names includes the name.
    """
    if proxy is None or caller.session_id is None or proxy.is_silent(scope):
        return caller
    user = proxy.find_user(scope)
    if user is None:
        raise Unauthenticated(OTHER_USER_MESSAGE)
    statement = select(Identity.subject, Identity.user_id).where(
        Identity.issuer == proxy.issuer,
        or_(Identity.subject == user, Identity.user_id == caller.id),
    )
    identities = session.execute(statement).all()
    if (user, caller.id) in identities:
        return replace(caller, digest=_add_user(caller.digest, user))
    if identities:
        raise Unauthenticated(OTHER_USER_MESSAGE)
    return caller


def add_named_user(
    digest: bytes, proxy: ProxyLogin | None, scope: Mapping[str, Any]
) -> bytes | None:
    """Return the *digest* of a session with the user whom a trusted *proxy* names, if any.

    Returns None for a header without a usable name.
    """
    if proxy is None or proxy.is_silent(scope):
        return digest
    user = proxy.find_user(scope)
    return None if user is None else _add_user(digest, user)


def _add_user(digest: bytes, user: str) -> bytes:
    """Return another digest for each pair of a session and a user, as a key of caches."""
    return sha256(digest + user.encode()).digest()
