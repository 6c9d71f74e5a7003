"""Accounts that launches open: found by deployment and subject, linked once, or created.

An e-mail address alone never links an account. A platform may open every account that is linked to
it, so it never opens that of an administrator.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, Forbidden
from api.core.ids import new_id
from api.db.models import LtiLaunch, LtiPlatform, LtiUser, User
from api.services.accounts.accounts import find_user_by_address
from api.services.accounts.login import SUSPENDED
from api.services.accounts.uniqueness import flush_new_accounts
from api.services.audit import recorder
from api.services.external_login.identities import parse_email, store_linked_identity
from api.services.lti.protocol.claims import LaunchClaims

LINKED_ELSEWHERE: Final = "This user of the learning platform already opens another account."
OTHER_USER_LINKED: Final = (
    "This account is already linked to another user of the learning platform. Ask an administrator."
)
ADMINISTRATOR: Final = (
    "The account that is linked to you is an administrator's. A learning platform never opens such "
    "an account: log in to Grader first, and open the link again."
)
NAMELESS: Final = "Somebody without a name"


@dataclass(frozen=True, slots=True)
class PlatformUser:
    """User of a platform: the deployment that a launch came from, and the subject there."""

    deployment_id: UUID
    subject: str


def get_platform_user(launch: LtiLaunch) -> PlatformUser:
    """Return the user of a verified launch."""
    if launch.deployment_id is None:
        raise ValueError("the launch is not verified")
    return PlatformUser(launch.deployment_id, LaunchClaims(**launch.claims).subject)


def find_account(session: Session, platform_user: PlatformUser) -> User | None:
    """Lock and return the account of a user, None if none is linked.

    Raises `Forbidden` for a suspended account.
    """
    user = session.scalar(
        select(User)
        .join(LtiUser, LtiUser.user_id == User.id)
        .where(
            LtiUser.deployment_id == platform_user.deployment_id,
            LtiUser.subject == platform_user.subject,
        )
        .with_for_update(key_share=True, of=User)
    )
    if user is not None and (user.suspended_at is not None or user.erased_at is not None):
        raise Forbidden(SUSPENDED)
    return user


def has_account_with_address(session: Session, address: str, *, name: str) -> bool:
    """Return whether a person of a platform has an account; it is not opened for that."""
    email = parse_email(address)
    return email is not None and find_user_by_address(session, email, name=name) is not None


def create_account(
    session: Session,
    platform: LtiPlatform,
    platform_user: PlatformUser,
    *,
    name: str,
    address: str,
    now: datetime,
) -> User:
    """Create the account of an unknown user and link it.

    It gets the e-mail *address* that the platform states only if the platform vouches for addresses
    and no other account has it, because the owner of an address can reset the password.
    """
    email = parse_email(address) if platform.vouches_email else None
    if email is not None and has_account_with_address(session, address, name=name):
        email = None
    user = User(id=new_id(), email=email, name=name or NAMELESS, created_at=now)
    session.add(user)
    flush_new_accounts(session)
    recorder.record_action(session, None, "user.created", now=now, target=("user", user.id))
    link_account(session, user, platform_user, issuer=platform.issuer, now=now)
    return user


def link_account(
    session: Session, user: User, platform_user: PlatformUser, *, issuer: str, now: datetime
) -> None:
    """Let a user of a platform open an account from now on.

    Raises `Conflict` if the user opens another account, or the account has another user there, or
    if another request links the same user.
    """
    links = session.scalars(
        select(LtiUser).where(
            LtiUser.deployment_id == platform_user.deployment_id,
            (LtiUser.subject == platform_user.subject) | (LtiUser.user_id == user.id),
        )
    ).all()
    for link in links:
        if link.user_id != user.id:
            raise Conflict(LINKED_ELSEWHERE)
        if link.subject != platform_user.subject:
            raise Conflict(OTHER_USER_LINKED)
    if links:
        return
    session.add(
        LtiUser(
            id=new_id(),
            deployment_id=platform_user.deployment_id,
            subject=platform_user.subject,
            user_id=user.id,
            created_at=now,
        )
    )
    flush_new_accounts(session)
    store_linked_identity(session, user.id, issuer=issuer, now=now)
