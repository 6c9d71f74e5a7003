"""Acceptance of a link: its owner sets a password and is logged in."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.passwords import PasswordHasher
from api.auth.secrets import digests_match, parse_secret
from api.auth.sessions import SessionEvent
from api.core.errors import Forbidden, Gone, InvalidInput, NotFound
from api.db.engine import Database
from api.db.models import LOCKED_PASSWORD_PREFIX, Invite, User
from api.rate_limits import stored_events
from api.services.accounts import login, sessions
from api.services.accounts.credentials import (
    delete_platform_links_and_calendar,
    requires_locked_password_too,
    revoke_used_links,
)
from api.services.accounts.invitation_tokens import (
    LINK_LIFETIMES,
    check_password_allowed,
    revoke_unused_links,
)
from api.services.accounts.login import LoginAttempt
from api.services.accounts.sessions import NewSession

NO_LINK = "There is no such link."
LINK_USED = "This link, or a newer one, was used. Log in, or ask for a new link."
WRONG_LOCKED_PASSWORD = (
    "is required with this link and was incorrect, because the account is also in another "  # noqa: S105  # not a secret
    "course; an administrator can create a link that does not require it"
)


@dataclass(frozen=True, slots=True)
class LinkAcceptance:
    """A request to use a link, from a network *address*, with the *password* to set.

    *locked_password* is the locked password, "" if none was sent.
    """

    address: str
    now: datetime
    secret: str = field(repr=False)
    password: str = field(repr=False)
    locked_password: str = field(default="", repr=False)


def set_password_with_link(
    db: Database, acceptance: LinkAcceptance, *, passwords: PasswordHasher
) -> NewSession:
    """Set the password of a link's owner and return a new session for them.

    A reset ends sessions, tokens, links to learning platforms and the calendar's address, since the
    owner may have lost those too. Raises `NotFound`, `Gone`, `InvalidInput` for an unusable
    password, and `RateLimited`.
    """
    now = acceptance.now
    require_link_and_consume_limit(db, acceptance)
    with db.reading() as session:
        invite, user = _load_invite_and_owner(session, acceptance)
        requires_locked = requires_locked_password_too(session, invite, user)
        check_password_allowed(user, acceptance.password)
    if requires_locked:
        _check_locked_password(db, acceptance, user, passwords=passwords)
    hashed = passwords.hash(acceptance.password)
    with db.transaction() as session:
        stored = user.password_hash
        invite, user = _lock_invite_and_owner(session, acceptance)
        # A new password or a new course changes whether the link needs the locked password.
        requires_locked_now = requires_locked_password_too(session, invite, user)
        if requires_locked_now is not requires_locked or not login.is_password_unchanged(
            user, stored
        ):
            raise Gone(LINK_USED)
        if not requires_locked:
            revoke_used_links(session, user.id, now=now)
        is_reset = invite.purpose == "reset" or user.has_locked_password
        user.password_hash = hashed
        invite.used_at = now
        delete_platform_links_and_calendar(session, user.id)
        revoke_unused_links(session, [user.id], now=now)
        event: SessionEvent = "reset" if is_reset else "password_changed"
        sessions.end_sessions_and_tokens_for_event(session, event, [user.id], now=now)
        stored_events.forget_devices(session, user.email)
        device = login.store_device_secret(session, user.email or "", now=now)
        return sessions.create_session(session, user, now=now, device=device)


def require_link_and_consume_limit(db: Database, acceptance: LinkAcceptance) -> None:
    """Count a use of a link, or a guess at one; raise `NotFound` if there is no such link.

    A secret cannot be guessed, so the limits only save work. Wrong guesses by others do not block a
    link.
    """
    with db.reading() as session:
        invite = _find_invite(session, acceptance.secret)
    if invite is None:
        stored_events.consume_and_commit_action_limit(
            db, "invite_address", acceptance.address, now=acceptance.now
        )
        raise NotFound(NO_LINK)
    stored_events.consume_and_commit_action_limit(
        db, "invite_link", invite.prefix, now=acceptance.now
    )


def consume_link(session: Session, acceptance: LinkAcceptance, *, owner: UUID) -> User:
    """Use up a link of *owner* as a proof, and leave the password as it is; return the account.

    The link is revoked too, because it set up no password. Raises `NotFound` for a link of somebody
    else, `Gone` for one that has ended, and `Forbidden` for a locked password, unless an
    administrator made the link.
    """
    invite, user = _lock_invite_and_owner(session, acceptance)
    if user.id != owner:
        raise NotFound(NO_LINK)
    if user.has_locked_password and invite.course_id is not None:
        raise Forbidden(login.LOCKED_OUT)
    invite.used_at = invite.revoked_at = acceptance.now
    return user


def _find_invite(session: Session, secret: str) -> Invite | None:
    parsed = parse_secret(secret)
    if parsed is None or parsed.kind not in LINK_LIFETIMES:
        return None
    invite = session.scalar(select(Invite).where(Invite.prefix == parsed.prefix))
    stored = None if invite is None else invite.digest
    return invite if digests_match(parsed.digest, stored) else None


def _load_invite_and_owner(session: Session, acceptance: LinkAcceptance) -> tuple[Invite, User]:
    """Return a usable link and its owner."""
    invite = _find_invite(session, acceptance.secret)
    if invite is None:
        raise NotFound(NO_LINK)
    _check_usable(invite, now=acceptance.now)
    return invite, _require_active(session.get(User, invite.user_id))


def _lock_invite_and_owner(session: Session, acceptance: LinkAcceptance) -> tuple[Invite, User]:
    """Lock the owner, then the link, and return both; raise `Gone` if the link has ended."""
    invite, user = _load_invite_and_owner(session, acceptance)
    owner = _require_active(
        session.get(User, user.id, with_for_update={"key_share": True}, populate_existing=True)
    )
    session.refresh(invite, with_for_update=True)
    _check_usable(invite, now=acceptance.now)
    return invite, owner


def _check_usable(invite: Invite, *, now: datetime) -> None:
    if invite.used_at is not None or invite.revoked_at is not None:
        raise Gone(LINK_USED)
    if invite.expires_at is None or invite.expires_at <= now:
        raise Gone("This link has expired. Ask for a new one.")


def _require_active(user: User | None) -> User:
    """Return *user*; raise `Gone` if the account is suspended or erased."""
    if user is None or user.suspended_at is not None or user.erased_at is not None:
        raise Gone("This account is not active. Ask your instructor.")
    return user


def _check_locked_password(
    db: Database, acceptance: LinkAcceptance, user: User, *, passwords: PasswordHasher
) -> None:
    """Raise `InvalidInput` unless the locked password is right; if not, count a failed login."""
    stored = (user.password_hash or "").removeprefix(LOCKED_PASSWORD_PREFIX)
    attempt = LoginAttempt(
        user.email or "", acceptance.address, acceptance.now, acceptance.locked_password
    )
    with db.transaction() as session:
        counted = login.record_attempt(session, attempt)
    if not passwords.verify(acceptance.locked_password, stored):
        raise (
            counted.to_error()
            if counted.wait_seconds
            else InvalidInput.for_field("current", WRONG_LOCKED_PASSWORD)
        )
    with db.transaction() as session:
        login.delete_recorded_attempt(session, counted)
