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

from api.auth.authorization import Member
from api.auth.passwords import fault_of
from api.auth.secrets import new_secret
from api.core.errors import FieldError, Invalid
from api.db.models import Invite, User

__all__ = [
    "LASTS",
    "SUSPENDED",
    "Link",
    "Maker",
    "Purpose",
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
SUSPENDED: Final = "This account is suspended. An administrator can restore it first."


@dataclass(frozen=True, slots=True)
class Maker:
    """Creator of a link: a user (None for the command line), and the course that they staff."""

    user_id: UUID | None = None
    course_id: UUID | None = None

    @classmethod
    def of(cls, member: Member) -> Self:
        """Return *member* as the creator of a link; an administrator's is not for a course."""
        return cls(member.caller.id, None if member.role == "admin" else member.course.id)


@dataclass(frozen=True, slots=True)
class Link:
    """A link for *user*; its *address* is shown once."""

    user: User
    expires_at: datetime
    address: str = field(repr=False)


def issue(
    session: Session,
    users: Sequence[User],
    purpose: Purpose,
    *,
    public_url: str,
    maker: Maker,
    now: datetime,
) -> list[Link]:
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
                created_by=maker.user_id,
                course_id=maker.course_id,
                created_at=now,
                expires_at=now + LASTS[purpose],
            )
        )
        address = f"{public_url.rstrip('/')}/welcome#{secret.text}"
        links.append(Link(user, now + LASTS[purpose], address))
    return links


def issue_reset(
    session: Session, user: User, *, public_url: str, maker: Maker, now: datetime
) -> Link:
    """Create a reset link for *user*; earlier resets are revoked."""
    withdraw(session, [user.id], now=now, purpose="reset")
    [link] = issue(session, [user], "reset", public_url=public_url, maker=maker, now=now)
    return link


def withdraw(
    session: Session, users: Collection[UUID], *, now: datetime, purpose: Purpose | None = None
) -> None:
    """Revoke the unused links of *users*, those of one *purpose* or all."""
    theirs = update(Invite).where(
        Invite.user_id.in_(users), Invite.used_at.is_(None), Invite.revoked_at.is_(None)
    )
    if purpose is not None:
        theirs = theirs.where(Invite.purpose == purpose)
    session.execute(theirs.values(revoked_at=now))


def check_password(user: User, password: str, *, name: str = "password") -> None:
    """Raise `Invalid`, naming the fault, if a new *password* in the field *name* is not allowed."""
    fault = fault_of(password, email=user.email or "", name=user.name)
    if fault:
        raise Invalid(fault, errors=(FieldError(name, "needs to be another one"),))
