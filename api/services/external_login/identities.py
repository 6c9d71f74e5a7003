"""Identities that a provider asserts, and the accounts that they open.

An account is found by issuer and subject alone. An e-mail address only tells which existing account
somebody may link, by its password or a link from its staff: an address can pass to somebody else.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, Forbidden
from api.core.ids import new_id
from api.db.models import Identity, User
from api.http.field_types import Email
from api.services.accounts.accounts import find_user_by_address
from api.services.accounts.login import SUSPENDED
from api.services.accounts.uniqueness import flush_new_accounts
from api.services.audit import recorder

ANYBODY: Final = "*"
MAX_NAME_CHARACTERS: Final = 200
UNKNOWN_PERSON: Final = (
    "You have no account here, and logging in does not create one. Ask your "
    "instructor or an administrator to add you with the e-mail address that your "
    "login provider has verified."
)
LINKED_ELSEWHERE: Final = "This identity already belongs to another account."
EMAIL_ADAPTER: Final[TypeAdapter[str]] = TypeAdapter(Email)


@dataclass(frozen=True, slots=True)
class AssertedIdentity:
    """Identity that a provider asserts; *email* is None unless the provider verified it.

    *id_token* is the signed token of the provider, "" if the logout cannot send it back.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
    id_token: str = field(default="", repr=False)


def parse_email(text: object) -> str | None:
    """Return an e-mail address in lower case, None if *text* is none.

    >>> parse_email("Ann@Example.edu"), parse_email("ann"), parse_email(None)
    ('ann@example.edu', None, None)
    """
    try:
        return EMAIL_ADAPTER.validate_python(text)
    except ValidationError:
        return None


def find_account(session: Session, asserted: AssertedIdentity) -> User | None:
    """Return the account that an identity opens, None if it is not known.

    Raises `Forbidden` for a suspended account.
    """
    user = session.scalar(
        select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == asserted.issuer, Identity.subject == asserted.subject)
        .with_for_update(key_share=True, of=User)
    )
    if user is not None and (user.suspended_at is not None or user.erased_at is not None):
        raise Forbidden(SUSPENDED)
    return user


def find_linkable_account(session: Session, asserted: AssertedIdentity) -> User | None:
    """Return the account with the verified address of an unknown identity, None if there is none.

    It is not opened, only offered for linking.
    """
    if asserted.email is None:
        return None
    return find_user_by_address(session, asserted.email, name=asserted.name)


def create_account(
    session: Session,
    asserted: AssertedIdentity,
    *,
    new_accounts: Collection[str],
    now: datetime,
) -> User:
    """Create the account of an unknown identity.

    *new_accounts* are the domains of verified addresses that get one, ``*`` for everybody. Raises
    `Forbidden` for anybody else.
    """
    if not _may_create_account(asserted.email, new_accounts):
        raise Forbidden(f"{UNKNOWN_PERSON} Your id there is “{asserted.subject}”.")
    name = asserted.name.strip()[:MAX_NAME_CHARACTERS] or asserted.email or asserted.subject
    user = User(id=new_id(), email=asserted.email, name=name, created_at=now)
    session.add(user)
    flush_new_accounts(session)
    recorder.record_action(session, None, "user.created", now=now, target=("user", user.id))
    link_identity(session, user.id, asserted, now=now)
    return user


def _may_create_account(email: str | None, new_accounts: Collection[str]) -> bool:
    """Return whether somebody unknown with this verified *email* gets an account.

    >>> _may_create_account("ann@cs.example.edu", ["*.example.edu"])
    True
    >>> _may_create_account("ann@evilexample.edu", ["example.edu"])
    False
    >>> _may_create_account(None, ["*"]), _may_create_account(None, ["example.edu"])
    (True, False)
    """
    domain = "" if email is None else email.rpartition("@")[2]
    return any(
        pattern == ANYBODY
        or domain == pattern.lower()
        or (pattern.startswith("*.") and domain.endswith(pattern[1:].lower()))
        for pattern in new_accounts
    )


def link_identity(
    session: Session, user_id: UUID, asserted: AssertedIdentity, *, now: datetime
) -> None:
    """Let an identity open an account from now on; raise `Conflict` if it opens another one."""
    owner = session.scalar(
        select(Identity.user_id).where(
            Identity.issuer == asserted.issuer, Identity.subject == asserted.subject
        )
    )
    if owner == user_id:
        return
    if owner is not None:
        raise Conflict(LINKED_ELSEWHERE)
    session.add(
        Identity(
            id=new_id(),
            user_id=user_id,
            issuer=asserted.issuer,
            subject=asserted.subject,
            email=asserted.email,
            created_at=now,
        )
    )
    store_linked_identity(session, user_id, issuer=asserted.issuer, now=now)


def store_linked_identity(session: Session, user_id: UUID, *, issuer: str, now: datetime) -> None:
    """Store an identity that the session adds, and record that it opens an account from now on."""
    flush_new_accounts(session)
    recorder.record_action(
        session,
        None,
        "user.linked",
        now=now,
        target=("user", user_id),
        change=({}, {"issuer": issuer}),
    )
