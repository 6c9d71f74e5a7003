"""Logins of the demo course: new passwords and tokens at each start, and their revocation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from api.auth.passwords import PasswordHasher
from api.auth.roles import Role, grantable_scopes
from api.auth.secrets import new_secret
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import Course, Enrolment, Invite, Token, User
from api.demo.course_fixture import LOGIN_PEOPLE
from api.rate_limits import stored_events
from api.services.accounts import sessions
from api.services.accounts.credentials import (
    password_vouched_elsewhere_condition,
    revoke_used_links,
)
from api.services.accounts.invitation_tokens import revoke_unused_links
from api.services.audit import recorder

TOKEN_LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """Login of a demo user: e-mail and password, or a token."""

    role: str
    user_id: UUID
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def renew_logins(
    db: Database, course_id: UUID, *, passwords: PasswordHasher, now: datetime
) -> dict[str, DemoLogin]:
    """Return new logins by role; revoke the passwords, sessions and tokens of the last start."""
    new_passwords = {role: token_hex(8) for role in LOGIN_PEOPLE}
    hashes = {role: passwords.hash(password) for role, password in new_passwords.items()}
    with db.transaction() as session:
        session.execute(
            update(Token).where(Token.is_demo, Token.revoked_at.is_(None)).values(revoked_at=now)
        )
        people = _load_login_users(session, course_id)
        sessions.end_sessions_and_tokens_for_event(
            session, "reset", [user.id for user, _ in people], now=now
        )
        sessions.end_all_sessions(session, [user.id for user, _ in people], now=now)
        logins: dict[str, DemoLogin] = {}
        for user, role in people:
            revoke_used_links(session, user.id, now=now)
            user.password_hash = hashes[role]
            token = _add_token(session, user, role, now=now)
            logins[role] = DemoLogin(role, user.id, user.email or "", new_passwords[role], token)
    return {role: logins[role] for role in LOGIN_PEOPLE if role in logins}


def revoke_logins(session: Session, course_id: UUID, *, now: datetime) -> int:
    """Revoke all logins that the demo course gave; return how many accounts had one.

    Affects accounts of the course whose password neither another course nor an administrator set
    up: anybody who read the demo's log could have set it.
    """
    users = session.scalars(
        select(User)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(
            Enrolment.course_id == course_id,
            User.password_hash.is_not(None) | _has_token_condition(),
            User.is_admin.is_(False),
            ~password_vouched_elsewhere_condition(course_id),
        )
        .with_for_update(key_share=True, of=User)
    ).all()
    ids = [user.id for user in users]
    for user in users:
        user.password_hash = None
        user.version += 1
        stored_events.forget_devices(session, user.email)
    sessions.end_sessions_and_tokens_for_event(session, "password_locked", ids, now=now)
    revoke_unused_links(session, ids, now=now)
    revoked_invites = update(Invite).where(
        Invite.course_id == course_id, Invite.used_at.is_(None), Invite.revoked_at.is_(None)
    )
    session.execute(revoked_invites.values(revoked_at=now))
    if users:
        # Somebody who read the demo's log could have turned this on, to get an account later.
        joinable = update(Course).where(Course.id == course_id, Course.self_enrollment)
        session.execute(joinable.values(self_enrollment=False, join_code=None))
        target = ("course", course_id)
        recorder.record_action(
            session, None, "demo.ended", now=now, target=target, course_id=course_id
        )
    return len(users)


def _has_token_condition() -> ColumnElement[bool]:
    return exists().where(Token.user_id == User.id, Token.revoked_at.is_(None))


def _load_login_users(session: Session, course_id: UUID) -> list[tuple[User, Role]]:
    """Return the users with a published login and their roles, if they still have them."""
    emails = {named.email: role for role, named in LOGIN_PEOPLE.items()}
    rows = session.execute(
        select(User, Enrolment.role)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(
            Enrolment.course_id == course_id,
            Enrolment.withdrawn_at.is_(None),
            User.email.in_(emails),
            User.suspended_at.is_(None),
        )
    )
    return [
        (user, role)
        for user, held in rows
        if (role := emails.get(user.email or "")) is not None and role == held
    ]


def _add_token(session: Session, user: User, role: Role, *, now: datetime) -> str:
    secret = new_secret("api")
    session.add(
        Token(
            id=new_id(),
            prefix=secret.prefix,
            digest=secret.digest,
            user_id=user.id,
            name="demo",
            scopes=list(grantable_scopes(role)),
            is_demo=True,
            created_at=now,
            expires_at=now + TOKEN_LIFETIME,
        )
    )
    return secret.text
