"""Identities that open an account: listed for its owner, and unlinked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import Conflict, NotFound
from api.db.models import Identity, LtiDeployment, LtiPlatform, LtiUser, User
from api.services.accounts.credentials import evict_cached_sessions
from api.services.audit import recorder
from api.services.external_login.identities import AssertedIdentity

LAST_WAY = (
    "You could no longer log in: this is the only way into your account. Set a password first."
)

NO_SUCH_IDENTITY = "The account has no such identity. `grader identity list` shows those it has."


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """Identity at a provider or learning platform; *name* says which, *label* who you are there."""

    id: UUID
    name: str
    label: str
    created_at: datetime


def list_identities(session: Session, user_id: UUID) -> list[LinkedIdentity]:
    """Return the identities that open an account, oldest first."""
    providers = session.scalars(select(Identity).where(Identity.user_id == user_id))
    platforms = session.execute(
        select(LtiUser, LtiPlatform.name)
        .join(LtiDeployment, LtiDeployment.id == LtiUser.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .where(LtiUser.user_id == user_id)
    )
    identities = [
        *(
            LinkedIdentity(row.id, row.issuer, row.email or row.subject, row.created_at)
            for row in providers
        ),
        *(LinkedIdentity(row.id, name, row.subject, row.created_at) for row, name in platforms),
    ]
    return sorted(identities, key=lambda identity: (identity.created_at, identity.id))


def unlink_identity(
    session: Session, caller: Principal, identity_id: UUID, *, has_passwords: bool, now: datetime
) -> None:
    """Unlink an identity of the caller; it opens their account no longer.

    *has_passwords*: people can log in by password here. Raises `Forbidden` for a token, `NotFound`
    for the identity of somebody else, and `Conflict` for the only way into the account.
    """
    caller.require_login()
    user = session.get_one(User, caller.id, with_for_update=True)
    identities = {one.id: one for one in list_identities(session, user.id)}
    if identity_id not in identities:
        raise NotFound("There is no such link to your account.")
    if len(identities) == 1 and not (has_passwords and user.has_password):
        raise Conflict(LAST_WAY)
    for model in (Identity, LtiUser):
        row = session.get(model, identity_id)
        if row is not None:
            session.delete(row)
    evict_cached_sessions(session, user.id)
    recorder.record_action(
        session,
        caller,
        "user.unlinked",
        now=now,
        target=("user", user.id),
        change=({"issuer": identities[identity_id].name}, {}),
    )


def list_provider_identities(session: Session, user_id: UUID) -> Sequence[Identity]:
    """Return the identities at login providers that open an account, oldest first."""
    return session.scalars(
        select(Identity)
        .where(Identity.user_id == user_id)
        .order_by(Identity.created_at, Identity.id)
    ).all()


def unlink_as_operator(
    session: Session, user: User, identity: AssertedIdentity, *, now: datetime
) -> None:
    """Unlink an identity from an account; raise `NotFound` if it does not open this account."""
    row = session.scalar(
        select(Identity)
        .where(
            Identity.user_id == user.id,
            Identity.issuer == identity.issuer,
            Identity.subject == identity.subject,
        )
        .with_for_update()
    )
    if row is None:
        raise NotFound(NO_SUCH_IDENTITY)
    session.delete(row)
    evict_cached_sessions(session, user.id)
    recorder.record_action(
        session,
        None,
        "user.unlinked",
        now=now,
        target=("user", user.id),
        change=({"issuer": identity.issuer}, {}),
    )
