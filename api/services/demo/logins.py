"""Fresh logins for the demo course: new passwords and tokens, and an end to all older ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.auth.passwords import Passwords
from api.auth.roles import Role, grantable
from api.auth.secrets import new_secret
from api.db import Database
from api.ids import new_id
from api.services.demo.scenery import LOGINS
from api.services.people import sessions
from api.tables import Enrolment, Token, User

__all__ = ["Login", "fresh_logins"]

LASTS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Login:
    """How to come in as somebody: by e-mail and password, or by a token."""

    role: str
    user_id: UUID
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def fresh_logins(
    db: Database, course_id: UUID, *, passwords: Passwords, now: datetime
) -> dict[str, Login]:
    """Return new logins by role; the passwords, sessions and tokens of the last start end."""
    chosen = {role: token_hex(8) for role in LOGINS}
    hashes = {role: passwords.hash(password) for role, password in chosen.items()}
    with db.transaction() as session:
        session.execute(
            update(Token).where(Token.is_demo, Token.revoked_at.is_(None)).values(revoked_at=now)
        )
        people = _people(session, course_id)
        sessions.settle(session, "reset", [user.id for user, _ in people], now=now)
        sessions.end(session, [user.id for user, _ in people], now=now)
        found: dict[str, Login] = {}
        for user, role in people:
            user.password_hash = hashes[role]
            token = _token(session, user, role, now=now)
            found[role] = Login(role, user.id, user.email or "", chosen[role], token)
    return {role: found[role] for role in LOGINS if role in found}


def _people(session: Session, course_id: UUID) -> list[tuple[User, Role]]:
    """Return those whose logins are told, each with the role, as far as they are still there."""
    emails = {named.email: role for role, named in LOGINS.items()}
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


def _token(session: Session, user: User, role: Role, *, now: datetime) -> str:
    secret = new_secret("api")
    session.add(
        Token(
            id=new_id(),
            prefix=secret.prefix,
            digest=secret.digest,
            user_id=user.id,
            name="demo",
            scopes=list(grantable(role)),
            is_demo=True,
            created_at=now,
            expires_at=now + LASTS,
        )
    )
    return secret.text
