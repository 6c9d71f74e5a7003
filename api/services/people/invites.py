"""Links by which somebody sets a password, once: invitations, and resets of a forgotten one.

The secret stands behind the ``#`` of a link, so that it reaches no log, and is sent in a body.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.auth.passwords import Passwords, fault_of
from api.auth.secrets import matches, new_secret, parse
from api.db import Database
from api.errors import FieldError, Gone, Invalid, NotFound
from api.services import knocks
from api.services.people import sessions
from api.services.people.sessions import Begun
from api.tables import Invite, User

__all__ = [
    "LASTS",
    "Link",
    "Purpose",
    "accept",
    "check_password",
    "issue",
    "issue_reset",
    "withdraw",
]

Purpose = Literal["invite", "reset"]
LASTS: Final[dict[Purpose, timedelta]] = {
    "invite": timedelta(days=30),
    "reset": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link for *user*; its *address* is told once."""

    user: User
    expires_at: datetime
    address: str = field(repr=False)


def issue(
    session: Session,
    users: Sequence[User],
    purpose: Purpose,
    *,
    public_url: str,
    author: UUID | None,
    now: datetime,
) -> list[Link]:
    """Return a new link for each of *users*; earlier ones stay good until one is used."""
    links = []
    for user in users:
        secret = new_secret(purpose)
        session.add(
            Invite(
                prefix=secret.prefix,
                digest=secret.digest,
                user_id=user.id,
                purpose=purpose,
                created_by=author,
                created_at=now,
                expires_at=now + LASTS[purpose],
            )
        )
        address = f"{public_url.rstrip('/')}/welcome#{secret.text}"
        links.append(Link(user, now + LASTS[purpose], address))
    return links


def issue_reset(
    session: Session, user: User, *, public_url: str, author: UUID | None, now: datetime
) -> Link:
    """Return a link by which *user* sets another password; earlier resets are void."""
    withdraw(session, [user.id], now=now, purpose="reset")
    [link] = issue(session, [user], "reset", public_url=public_url, author=author, now=now)
    return link


def withdraw(
    session: Session, users: Collection[UUID], *, now: datetime, purpose: Purpose | None = None
) -> None:
    """Make the unused links of *users* void, those of one *purpose* or all."""
    theirs = update(Invite).where(
        Invite.user_id.in_(users), Invite.used_at.is_(None), Invite.revoked_at.is_(None)
    )
    if purpose is not None:
        theirs = theirs.where(Invite.purpose == purpose)
    session.execute(theirs.values(revoked_at=now))


def accept(
    db: Database,
    secret: str,
    password: str,
    *,
    passwords: Passwords,
    address: str,
    now: datetime,
) -> Begun:
    """Set the password of who has the *secret* of a link, and return a new session for them.

    Sessions and tokens end where it is a reset: whoever asks for one may have lost them too.
    """
    with db.transaction() as session:
        knocks.spend(session, "invite_address", address, now=now)
    with db.reading() as session:
        check_password(_find(session, secret, now=now, lock=False)[1], password)
    hashed = passwords.hash(password)
    with db.transaction() as session:
        invite, user = _find(session, secret, now=now, lock=True)
        user.password_hash = hashed
        withdraw(session, [user.id], now=now)
        invite.used_at = now
        event: Literal["reset", "password_changed"] = (
            "reset" if invite.purpose == "reset" else "password_changed"
        )
        sessions.settle(session, event, [user.id], now=now)
        return sessions.begin(session, user, now=now)


def _find(session: Session, secret: str, *, now: datetime, lock: bool) -> tuple[Invite, User]:
    """Return the link of *secret*, which can still be used, and its owner; locked if wished."""
    shown = parse(secret)
    if shown is None or shown.kind not in LASTS:
        raise NotFound("There is no such link.")
    found = select(Invite).where(Invite.prefix == shown.prefix)
    invite = session.scalar(found.with_for_update() if lock else found)
    if invite is None or not matches(shown.digest, invite.digest):
        raise NotFound("There is no such link.")
    if invite.used_at is not None or invite.revoked_at is not None:
        raise Gone("This link was used, or a newer one was. Log in, or ask for another.")
    if invite.expires_at is None or invite.expires_at <= now:
        raise Gone("This link has expired. Ask for another.")
    held = {"key_share": True} if lock else None
    user = session.get_one(User, invite.user_id, with_for_update=held)
    if user.suspended_at is not None or user.erased_at is not None:
        raise Gone("This account is not active. Ask your instructor.")
    return invite, user


def check_password(user: User, password: str, *, name: str = "password") -> None:
    """Raise `Invalid` that says what is wrong with a new *password* in the field *name*."""
    fault = fault_of(password, email=user.email or "", name=user.name)
    if fault:
        raise Invalid(fault, errors=(FieldError(name, "needs to be another one"),))
