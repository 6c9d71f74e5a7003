"""Accounts of the whole site: search, corrections, suspension, administrators."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller
from api.core.errors import Conflict, NotFound
from api.core.ids import new_id
from api.db.models import User
from api.http.pagination import Cursor, keyset
from api.schemas.accounts.users import UserOut, UserPatch
from api.services.accounts import sessions
from api.services.accounts.credentials import secure_new_staff
from api.services.accounts.invitation_tokens import (
    SUSPENDED,
    Link,
    Maker,
    issue,
    issue_reset,
    withdraw,
)
from api.services.audit import recorder
from api.services.enrolment.enrolments import check_free
from api.services.enrolment.search import called

__all__ = [
    "by_email",
    "change",
    "check_other",
    "create",
    "find",
    "link",
    "listed",
    "locked_user",
    "name_admin",
    "reset",
    "restore",
    "shut_out",
    "suspend",
    "users",
]


def users(
    session: Session, *, text: str, state: str, after: Cursor | None, limit: int
) -> Sequence[User]:
    """Return accounts by family name.

    *state* is ``active``, ``suspended``, ``admin`` or ``all``.
    """
    found = select(User).where(User.erased_at.is_(None))
    if state == "active":
        found = found.where(User.suspended_at.is_(None))
    elif state == "suspended":
        found = found.where(User.suspended_at.is_not(None))
    elif state == "admin":
        found = found.where(User.is_admin)
    if text:
        found = found.where(called(text, User.email, User.student_number))
    return session.scalars(keyset(found, User.sort_name, User.id, after=after).limit(limit)).all()


def listed(user: User) -> UserOut:
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


def find(session: Session, user_id: UUID) -> UserOut:
    """Return an account as administrators see it; raise `NotFound` as `locked_user` does."""
    return listed(_there(session.get(User, user_id)))


def locked_user(session: Session, user_id: UUID) -> User:
    """Lock and return an account; raise `NotFound` if there is none, or if it is erased.

    Rows that refer to it, such as submissions, can still be written: their writers lock the rows
    that end with the account.
    """
    return _there(session.get(User, user_id, with_for_update={"key_share": True}))


def _there(user: User | None) -> User:
    if user is None or user.erased_at is not None:
        raise NotFound("There is no such account.")
    return user


def change(
    session: Session, caller: Caller, user: User, given: UserPatch, *, now: datetime
) -> None:
    """Correct the name or the e-mail address of an account."""
    if given.email is not None and given.email != user.email:
        check_free(session, given.email)
        user.email = given.email
    user.name = given.name or user.name
    user.version += 1
    told = {"fields": sorted(given.model_fields_set)}
    recorder.record_account(session, caller, "user.changed", user=user.id, now=now, told=told)


def suspend(session: Session, caller: Caller, user: User, *, now: datetime) -> None:
    """Suspend an account; its sessions, tokens and links end."""
    check_other(caller, user)
    if user.suspended_at is not None:
        return
    user.suspended_at = now
    user.version += 1
    sessions.settle(session, "suspended", [user.id], now=now)
    withdraw(session, [user.id], now=now)
    recorder.record(session, caller, "user.suspended", now=now, target=("user", user.id))


def restore(session: Session, caller: Caller, user: User, *, now: datetime) -> None:
    """Restore a suspended account; ended tokens stay ended."""
    if user.suspended_at is None:
        return
    user.suspended_at = None
    user.version += 1
    recorder.record(session, caller, "user.restored", now=now, target=("user", user.id))


def name_admin(session: Session, caller: Caller, user: User, *, admin: bool, now: datetime) -> None:
    """Grant or revoke the administrator role; not for oneself, so that an administrator remains."""
    check_other(caller, user)
    if user.is_admin == admin:
        return
    user.is_admin = admin
    user.version += 1
    if admin:
        secure_new_staff(session, caller, user, course=None, now=now)
    else:
        sessions.settle(session, "role_changed", [user.id], now=now)
    change = ({"admin": not admin}, {"admin": admin})
    target = ("user", user.id)
    recorder.record(session, caller, "user.admin_changed", now=now, target=target, change=change)


def reset(session: Session, caller: Caller, user: User, *, public_url: str, now: datetime) -> Link:
    """Return a link by which the owner sets another password."""
    if user.email is None:
        raise Conflict("This account has no e-mail address to log in with.")
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    maker = Maker(caller.id)
    found = issue_reset(session, user, public_url=public_url, maker=maker, now=now)
    recorder.record_account(session, caller, "person.reset", user=user.id, now=now)
    return found


def create(session: Session, email: str, name: str, *, admin: bool, now: datetime) -> User:
    """Create an account; raise `Invalid` if the e-mail address is taken."""
    check_free(session, email)
    user = User(id=new_id(), email=email, name=name, is_admin=admin, created_at=now)
    session.add(user)
    session.flush()
    told = {"admin": admin}
    recorder.record(
        session, None, "user.created", now=now, target=("user", user.id), change=({}, told)
    )
    return user


def link(session: Session, email: str, *, public_url: str, now: datetime) -> Link:
    """Return a link for the owner of *email*: an invitation, or a reset if a password is set."""
    user = by_email(session, email)
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    recorder.record(session, None, "person.reset", now=now, target=("user", user.id))
    if user.password_hash is None:
        return issue(session, [user], "invite", public_url=public_url, maker=Maker(), now=now)[0]
    return issue_reset(session, user, public_url=public_url, maker=Maker(), now=now)


def by_email(session: Session, email: str) -> User:
    """Return the account of an e-mail address; raise `NotFound` if there is none."""
    user = session.scalar(select(User).where(User.email == email))
    if user is None:
        raise NotFound("There is no account with this e-mail address.")
    return user


def shut_out(session: Session, email: str, *, now: datetime) -> User:
    """End the sessions and tokens of the owner of *email*, and return the account."""
    user = by_email(session, email)
    sessions.settle(session, "reset", [user.id], now=now)
    recorder.record(session, None, "user.revoked", now=now, target=("user", user.id))
    return user


def check_other(caller: Caller, user: User) -> None:
    """Raise `Conflict` if *user* is the caller's own account."""
    if caller.id == user.id:
        raise Conflict("This is your own account; another administrator has to do it.")
