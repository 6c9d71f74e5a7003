"""Acceptance of a link: its owner sets a password and is logged in."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.passwords import Passwords
from api.auth.secrets import matches, parse
from api.auth.sessions import Event
from api.core.errors import Gone, Invalid, NotFound
from api.db.engine import Database
from api.db.models import LOCKED, Invite, User
from api.services.accounts import login, sessions
from api.services.accounts.credentials import end_vouching, needs_locked_password
from api.services.accounts.invitation_tokens import LASTS, check_password, withdraw
from api.services.accounts.login import Attempt
from api.services.accounts.sessions import Begun
from api.services.rate_limits import rate_limit_events

__all__ = ["Acceptance", "accept"]

NO_LINK = "There is no such link."
USED = "This link was used, or a newer one was. Log in, or ask for another."
WRONG_CURRENT = (
    "is needed with this link, and was not right: the account is in another course, which the link "
    "gives no way into; an administrator can make a link without it"
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A request to use a link, from a network *address*, with the *password* to set.

    *current* is the locked password, "" if none was sent.
    """

    address: str
    now: datetime
    secret: str = field(repr=False)
    password: str = field(repr=False)
    current: str = field(default="", repr=False)


def accept(db: Database, acceptance: Acceptance, *, passwords: Passwords) -> Begun:
    """Set the password of a link's owner and return a new session for them.

    A reset ends sessions and tokens, since the owner may have lost those too. Raises `NotFound`,
    `Gone`, `Invalid` for an unusable password, and `RateLimited`.
    """
    now = acceptance.now
    _count(db, acceptance)
    with db.reading() as session:
        invite, user = _find(session, acceptance)
        needs_current = needs_locked_password(session, invite, user)
        check_password(user, acceptance.password)
    if needs_current:
        _check_locked_password(db, acceptance, user, passwords=passwords)
    hashed = passwords.hash(acceptance.password)
    with db.transaction() as session:
        stored = user.password_hash
        invite, user = _lock(session, acceptance)
        # A new password or a new course changes whether the link needs the locked password.
        needed_now = needs_locked_password(session, invite, user)
        if needed_now is not needs_current or not login.is_still(user, stored):
            raise Gone(USED)
        if not needs_current:
            end_vouching(session, user.id, now=now)
        is_reset = invite.purpose == "reset" or user.has_locked_password
        user.password_hash = hashed
        invite.used_at = now
        withdraw(session, [user.id], now=now)
        event: Event = "reset" if is_reset else "password_changed"
        sessions.settle(session, event, [user.id], now=now)
        rate_limit_events.forget_devices(session, user.email)
        device = login.new_device(session, user.email or "", now=now)
        return sessions.begin(session, user, now=now, device=device)


def _count(db: Database, acceptance: Acceptance) -> None:
    """Count a use of a link, or a guess at one; raise `NotFound` if there is no such link.

    A secret cannot be guessed, so the limits only save work. Wrong guesses by others do not block a
    link.
    """
    with db.reading() as session:
        invite = _link(session, acceptance.secret)
    with db.transaction() as session:
        if invite is None:
            rate_limit_events.spend(
                session, "invite_address", acceptance.address, now=acceptance.now
            )
        else:
            rate_limit_events.spend(session, "invite_link", invite.prefix, now=acceptance.now)
    if invite is None:
        raise NotFound(NO_LINK)


def _link(session: Session, secret: str) -> Invite | None:
    shown = parse(secret)
    if shown is None or shown.kind not in LASTS:
        return None
    invite = session.scalar(select(Invite).where(Invite.prefix == shown.prefix))
    stored = None if invite is None else invite.digest
    return invite if matches(shown.digest, stored) else None


def _find(session: Session, acceptance: Acceptance) -> tuple[Invite, User]:
    """Return a usable link and its owner."""
    invite = _link(session, acceptance.secret)
    if invite is None:
        raise NotFound(NO_LINK)
    _check_usable(invite, now=acceptance.now)
    return invite, _active(session.get(User, invite.user_id))


def _lock(session: Session, acceptance: Acceptance) -> tuple[Invite, User]:
    """Lock the owner, then the link, and return both; raise `Gone` if the link has ended."""
    invite, user = _find(session, acceptance)
    held = _active(
        session.get(User, user.id, with_for_update={"key_share": True}, populate_existing=True)
    )
    session.refresh(invite, with_for_update=True)
    _check_usable(invite, now=acceptance.now)
    return invite, held


def _check_usable(invite: Invite, *, now: datetime) -> None:
    if invite.used_at is not None or invite.revoked_at is not None:
        raise Gone(USED)
    if invite.expires_at is None or invite.expires_at <= now:
        raise Gone("This link has expired. Ask for another.")


def _active(user: User | None) -> User:
    """Return *user*; raise `Gone` if the account is suspended or erased."""
    if user is None or user.suspended_at is not None or user.erased_at is not None:
        raise Gone("This account is not active. Ask your instructor.")
    return user


def _check_locked_password(
    db: Database, acceptance: Acceptance, user: User, *, passwords: Passwords
) -> None:
    """Raise `Invalid` unless the locked password is right; a wrong one counts as a failed login."""
    stored = (user.password_hash or "").removeprefix(LOCKED)
    attempt = Attempt(user.email or "", acceptance.address, acceptance.now, acceptance.current)
    with db.transaction() as session:
        counted = login.count(session, attempt)
    if not passwords.verify(acceptance.current, stored):
        raise counted.failure() if counted.seconds else Invalid.of("current", WRONG_CURRENT)
    with db.transaction() as session:
        login.forgive(session, counted)
