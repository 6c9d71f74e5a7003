"""One-time links to set a password: invitations, and resets of a forgotten one.

The secret follows the ``#`` of a link, so that it reaches no log; it is sent in a body.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Self
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.passwords import find_password_fault
from api.auth.secrets import new_secret
from api.core.errors import FieldError, InvalidInput
from api.db.models import Invite, User

Purpose = Literal["invite", "reset"]
LINK_LIFETIMES: Final[dict[Purpose, timedelta]] = {
    "invite": timedelta(days=30),
    "reset": timedelta(days=1),
}
SUSPENDED: Final = "This account is suspended. An administrator can restore it first."


@dataclass(frozen=True, slots=True)
class LinkCreator:
    """Creator of a link: a user (None for the command line), and the course that they staff."""

    user_id: UUID | None = None
    course_id: UUID | None = None

    @classmethod
    def from_member(cls, member: CourseMembership) -> Self:
        """Return *member* as the creator of a link; an administrator's is not for a course."""
        return cls(member.caller.id, None if member.role == "admin" else member.course.id)


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link for *user*; its *url* is shown once."""

    user: User
    expires_at: datetime
    url: str = field(repr=False)


def issue_links(
    session: Session,
    users: Sequence[User],
    purpose: Purpose,
    *,
    public_url: str,
    creator: LinkCreator,
    now: datetime,
) -> list[PasswordLink]:
    """Create a link for each of *users*; earlier links stay valid until one is used."""
    links = []
    for user in users:
        secret = new_secret(purpose)
        session.add(
            Invite(
                prefix=secret.prefix,
                digest=secret.digest,
                user_id=user.id,
                purpose=purpose,
                created_by=creator.user_id,
                course_id=creator.course_id,
                created_at=now,
                expires_at=now + LINK_LIFETIMES[purpose],
            )
        )
        url = f"{public_url.rstrip('/')}/welcome#{secret.text}"
        links.append(PasswordLink(user, now + LINK_LIFETIMES[purpose], url))
    return links


def issue_reset_link(
    session: Session, user: User, *, public_url: str, creator: LinkCreator, now: datetime
) -> PasswordLink:
    """Create a reset link for *user*; earlier resets are revoked."""
    revoke_unused_links(session, [user.id], now=now, purpose="reset")
    [link] = issue_links(session, [user], "reset", public_url=public_url, creator=creator, now=now)
    return link


def revoke_unused_links(
    session: Session, users: Collection[UUID], *, now: datetime, purpose: Purpose | None = None
) -> None:
    """Revoke the unused links of *users*, those of one *purpose* or all."""
    theirs = update(Invite).where(
        Invite.user_id.in_(users), Invite.used_at.is_(None), Invite.revoked_at.is_(None)
    )
    if purpose is not None:
        theirs = theirs.where(Invite.purpose == purpose)
    session.execute(theirs.values(revoked_at=now))


def check_password_allowed(user: User, password: str, *, field_name: str = "password") -> None:
    """Raise `InvalidInput` for the field *field_name* if *password* is not allowed."""
    fault = find_password_fault(password, email=user.email or "", name=user.name)
    if fault:
        raise InvalidInput(fault, errors=(FieldError(field_name, "is not accepted"),))
