"""Accounts of the whole site: search, corrections, suspension, administrators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import Conflict, NotFound
from api.core.ids import new_id
from api.db.models import LoginSession, User
from api.http.email_addresses import list_stored_spellings
from api.http.pagination import Cursor, apply_keyset
from api.schemas.accounts.users import UserDetails, UserIn, UserOut, UserPatch
from api.services.accounts import sessions
from api.services.accounts.credentials import (
    end_sessions_and_lock_unvouched_password,
    unlink_identities,
)
from api.services.accounts.invitation_tokens import (
    SUSPENDED,
    LinkCreator,
    PasswordLink,
    issue_links,
    issue_reset_link,
    revoke_unused_links,
)
from api.services.accounts.profile import list_user_courses
from api.services.accounts.uniqueness import check_email_free, flush_new_accounts
from api.services.audit import recorder
from api.services.enrolment.search import person_search_condition

NO_ADDRESS: Final = "This account has no e-mail address to log in with."
NEVER_LOGGED_IN: Final = (
    "This person has never logged in. Invite them, and make them an administrator after their "
    "first login."
)


def list_users(
    session: Session, *, text: str, state: str, after: Cursor | None, limit: int
) -> Sequence[User]:
    """Return accounts by family name.

    *state* is ``active``, ``suspended``, ``admin`` or ``all``.
    """
    query = select(User).where(User.erased_at.is_(None))
    if state == "active":
        query = query.where(User.suspended_at.is_(None))
    elif state == "suspended":
        query = query.where(User.suspended_at.is_not(None))
    elif state == "admin":
        query = query.where(User.is_admin)
    if text:
        query = query.where(person_search_condition(text, User.email, User.student_number))
    return session.scalars(
        apply_keyset(query, User.sort_name, User.id, after=after).limit(limit)
    ).all()


def serialize_user(user: User) -> UserOut:
    """Serialize an account for administrators."""
    return UserOut(
        id=user.id,
        name=user.name,
        email=user.email,
        admin=user.is_admin,
        has_password=user.has_password,
        created_at=user.created_at,
        suspended_at=user.suspended_at,
        erased_at=user.erased_at,
        version=user.version,
    )


def load_user_details(session: Session, user_id: UUID) -> UserDetails:
    """Return an account with its courses; raise `NotFound` as `lock_user` does."""
    user = _require_user(session.get(User, user_id))
    return UserDetails(
        **dict(serialize_user(user)),
        last_login_at=load_last_login(session, user_id),
        courses=tuple(list_user_courses(session, user_id)),
    )


def load_last_login(session: Session, user_id: UUID) -> datetime | None:
    """Return when a user last logged in, None if they never did."""
    return session.scalar(
        select(func.max(LoginSession.created_at)).where(LoginSession.user_id == user_id)
    )


def lock_user(session: Session, user_id: UUID) -> User:
    """Lock and return an account; raise `NotFound` if there is none, or if it is erased.

    Rows that refer to it, such as submissions, can still be written: their writers lock the rows
    that end with the account.
    """
    return _require_user(session.get(User, user_id, with_for_update={"key_share": True}))


def _require_user(user: User | None) -> User:
    if user is None or user.erased_at is not None:
        raise NotFound("There is no such account.")
    return user


def update_user(
    session: Session, caller: Principal, user: User, patch: UserPatch, *, now: datetime
) -> None:
    """Correct the name or the e-mail address of an account."""
    if patch.email is not None and patch.email != user.email:
        check_email_free(session, patch.email)
        user.email = patch.email
        unlink_identities(session, user.id)
        revoke_unused_links(session, [user.id], now=now)  # they may be in the old mailbox
    user.name = patch.name or user.name
    user.version += 1
    details = {"fields": sorted(patch.model_fields_set)}
    recorder.record_account_action(
        session, caller, "user.changed", user=user.id, now=now, after=details
    )


def suspend_user(session: Session, caller: Principal, user: User, *, now: datetime) -> None:
    """Suspend an account; its sessions, tokens and links end."""
    check_not_self(caller, user)
    if user.suspended_at is not None:
        return
    user.suspended_at = now
    user.version += 1
    sessions.end_sessions_and_tokens_for_event(session, "suspended", [user.id], now=now)
    revoke_unused_links(session, [user.id], now=now)
    recorder.record_action(session, caller, "user.suspended", now=now, target=("user", user.id))


def restore_user(session: Session, caller: Principal, user: User, *, now: datetime) -> None:
    """Restore a suspended account; ended tokens stay ended."""
    if user.suspended_at is None:
        return
    user.suspended_at = None
    user.version += 1
    recorder.record_action(session, caller, "user.restored", now=now, target=("user", user.id))


def set_admin(
    session: Session, caller: Principal, user: User, *, admin: bool, now: datetime
) -> None:
    """Grant or revoke the administrator role; not for oneself, so that an administrator remains.

    Raises `Conflict` for a grant to somebody who has never logged in: an unused invitation to such
    an account would be a key to the whole site.
    """
    check_not_self(caller, user)
    if user.is_admin == admin:
        return
    if admin and load_last_login(session, user.id) is None:
        raise Conflict(NEVER_LOGGED_IN)
    user.is_admin = admin
    user.version += 1
    if admin:
        end_sessions_and_lock_unvouched_password(session, caller, user, course=None, now=now)
    else:
        sessions.end_sessions_and_tokens_for_event(session, "role_changed", [user.id], now=now)
    change = ({"admin": not admin}, {"admin": admin})
    target = ("user", user.id)
    recorder.record_action(
        session, caller, "user.admin_changed", now=now, target=target, change=change
    )


def create_reset_link(
    session: Session, caller: Principal, user: User, *, public_url: str, now: datetime
) -> PasswordLink:
    """Return a link by which the owner sets another password."""
    if user.email is None:
        raise Conflict(NO_ADDRESS)
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    creator = LinkCreator(caller.id)
    reset_link = issue_reset_link(session, user, public_url=public_url, creator=creator, now=now)
    recorder.record_account_action(session, caller, "person.reset", user=user.id, now=now)
    return reset_link


def add_user(session: Session, caller: Principal, body: UserIn, *, now: datetime) -> User:
    """Create an account without a password.

    Raises `InvalidInput` if the e-mail address is taken.
    """
    check_email_free(session, body.email)
    user = User(id=new_id(), email=body.email, name=body.name, created_at=now)
    user.student_number = body.student_number
    session.add(user)
    flush_new_accounts(session)
    recorder.record_action(session, caller, "user.created", now=now, target=("user", user.id))
    return user


def create_invitation(
    session: Session, caller: Principal, user: User, *, public_url: str, now: datetime
) -> PasswordLink:
    """Return a link by which the owner of an account without a password sets the first one.

    Earlier invitations end. Raises `Conflict` if there is a password, no address, or a suspension.
    """
    if user.password_hash is not None:
        raise Conflict("This account already has a password. Create a reset link instead.")
    if user.email is None:
        raise Conflict(NO_ADDRESS)
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    revoke_unused_links(session, [user.id], now=now, purpose="invite")
    creator = LinkCreator(caller.id)
    [link] = issue_links(session, [user], "invite", public_url=public_url, creator=creator, now=now)
    recorder.record_account_action(session, caller, "person.invited", user=user.id, now=now)
    return link


def create_user(session: Session, email: str, name: str, *, admin: bool, now: datetime) -> User:
    """Create an account; raise `Invalid` if the e-mail address is taken."""
    check_email_free(session, email)
    user = User(id=new_id(), email=email, name=name, is_admin=admin, created_at=now)
    session.add(user)
    session.flush()
    after = {"admin": admin}
    recorder.record_action(
        session, None, "user.created", now=now, target=("user", user.id), change=({}, after)
    )
    return user


def create_invite_or_reset_link(
    session: Session, email: str, *, public_url: str, now: datetime
) -> PasswordLink:
    """Return a link for the owner of *email*: an invitation, or a reset if a password is set."""
    user = load_user_by_email(session, email)
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    recorder.record_action(session, None, "person.reset", now=now, target=("user", user.id))
    if user.password_hash is None:
        return issue_links(
            session, [user], "invite", public_url=public_url, creator=LinkCreator(), now=now
        )[0]
    return issue_reset_link(session, user, public_url=public_url, creator=LinkCreator(), now=now)


def load_user_by_email(session: Session, email: str) -> User:
    """Return the account of an e-mail address; raise `NotFound` if there is none."""
    user = session.scalar(select(User).where(User.email == email))
    if user is None:
        raise NotFound("There is no account with this e-mail address.")
    return user


def find_user_by_address(session: Session, email: str, *, name: str) -> User | None:
    """Return the account of an address that somebody else vouches for, None if there is none.

    Older versions stored case-folded addresses, and such an address can be that of another person.
    So the account of the folded address needs the same *name*.
    """
    spellings = list_stored_spellings(email)
    users = {
        user.email: user for user in session.scalars(select(User).where(User.email.in_(spellings)))
    }
    if email in users or not users:
        return users.get(email)
    [user] = users.values()
    return user if user.name.casefold() == name.casefold() else None


def revoke_access(session: Session, email: str, *, now: datetime) -> User:
    """End the sessions and tokens of the owner of *email*, and return the account."""
    user = load_user_by_email(session, email)
    sessions.end_sessions_and_tokens_for_event(session, "reset", [user.id], now=now)
    recorder.record_action(session, None, "user.revoked", now=now, target=("user", user.id))
    return user


def check_not_self(caller: Principal, user: User) -> None:
    """Raise `Conflict` if *user* is the caller's own account."""
    if caller.id == user.id:
        raise Conflict("This is your own account. Another administrator must do this.")
