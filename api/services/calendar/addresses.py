"""Secret addresses of calendars: created, revoked, and looked up."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.secrets import digests_match, new_secret, parse_secret
from api.core.errors import NotFound
from api.db.models import CalendarFeed, User

UNKNOWN_FEED: Final = "There is no such calendar. Its owner may have revoked the address."


def load_feed(session: Session, user_id: UUID) -> CalendarFeed | None:
    """Return the feed of a person, None without one."""
    return session.get(CalendarFeed, user_id)


def create_feed_address(session: Session, user_id: UUID, *, public_url: str, now: datetime) -> str:
    """Return the new address of the feed of a person; an earlier address ends.

    The address is shown once: only its digest is stored. The caller has locked the row of the
    person.
    """
    secret = new_secret("calendar")
    row = session.get(CalendarFeed, user_id)
    if row is None:
        row = CalendarFeed(user_id=user_id)
        session.add(row)
    row.prefix, row.digest, row.created_at = secret.prefix, secret.digest, now
    return f"{public_url}/calendar/{secret.text}.ics"


def revoke_feed_address(session: Session, user_id: UUID) -> None:
    """End the address of a feed; without one, nothing changes."""
    row = session.get(CalendarFeed, user_id)
    if row is not None:
        session.delete(row)


def find_feed_owner(session: Session, text: str) -> Principal:
    """Return the owner of the feed with the secret *text*; raise `NotFound` without one.

    The owner may read their own work by it, and nothing else.
    """
    secret = parse_secret(text)
    prefix = secret.prefix if secret is not None and secret.kind == "calendar" else ""
    row = session.scalar(select(CalendarFeed).where(CalendarFeed.prefix == prefix))
    digest = b"" if secret is None else secret.digest
    if not digests_match(digest, None if row is None else row.digest) or row is None:
        raise NotFound(UNKNOWN_FEED)
    user = session.get_one(User, row.user_id)
    if user.suspended_at is not None or user.erased_at is not None:
        raise NotFound(UNKNOWN_FEED)
    return Principal(user, frozenset({"read"}))
