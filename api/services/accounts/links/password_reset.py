"""Password reset by the owner of an account, with a link that is sent by e-mail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import RateLimited
from api.db.engine import Database
from api.db.models import Enrolment, Invite, User
from api.rate_limits import stored_events
from api.services.accounts.credentials import USED_LINK_CONDITIONS
from api.services.accounts.invitation_tokens import LinkCreator, PasswordLink, issue_links
from api.services.accounts.login import find_user_by_stored_spelling
from api.services.outbox.queue import MessageSubject, Outbox


def create_mailed_reset_link(
    session: Session, user: User, *, public_url: str, now: datetime
) -> PasswordLink:
    """Create a reset link for *user*, whose e-mail address it is sent to.

    Earlier links stay valid until one is used, because a message may arrive twice. The link vouches
    for no more than the password that it replaces: staff of a course can have set the address to
    one of their own.
    """
    creator = LinkCreator(None, _find_vouching_course(session, user))
    [link] = issue_links(session, [user], "reset", public_url=public_url, creator=creator, now=now)
    return link


def _find_vouching_course(session: Session, user: User) -> UUID | None:
    """Return the course that vouches for the password of *user*, None if no course has to.

    That is the course of the link that set up the password. For an account without a password it
    is the course that had the person first.
    """
    used = session.scalar(
        select(Invite)
        .where(Invite.user_id == user.id, *USED_LINK_CONDITIONS)
        .order_by(Invite.used_at.desc(), Invite.id.desc())
        .limit(1)
    )
    if used is not None:
        return used.course_id
    if user.password_hash is not None or user.is_admin:
        return None
    return session.scalar(
        select(Enrolment.course_id)
        .where(Enrolment.user_id == user.id, Enrolment.withdrawn_at.is_(None))
        .order_by(Enrolment.created_at, Enrolment.id)
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """A request for a reset link at *email*, from a network *address*."""

    email: str
    address: str
    now: datetime


def request_password_reset(db: Database, outbox: Outbox, request: ResetRequest) -> None:
    """Send a reset link to the account of an e-mail address, if there is one.

    Callers do not learn whether there is: nothing depends on it but the message. Raises `Conflict`
    if no e-mail is set up, and `RateLimited` after too many requests from a network address. More
    than a few requests for one account are ignored, so that nobody can fill its mailbox.
    """
    outbox.require_enabled()
    now = request.now
    stored_events.consume_and_commit_action_limit(db, "reset_address", request.address, now=now)
    with db.transaction() as session:
        try:
            account = request.email.casefold()
            stored_events.consume_action_limit(session, "reset_account", account, now=now)
        except RateLimited:
            return
        owner = find_user_by_stored_spelling(session, request.email)
        is_active = owner is not None and owner.suspended_at is None and owner.erased_at is None
        recipients = [owner.id] if owner is not None and is_active else []
        outbox.add(session, "password_reset", recipients, MessageSubject(), now=now)
