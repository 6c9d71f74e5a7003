"""Logging in: counted before the password is looked at, in the same time for whoever is unknown.

The attempt is written first and taken back by success, so that many at once cannot all be the
first; the password is checked between two transactions, since that takes time on purpose.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from api.auth.limits import Failures, login_wait
from api.auth.passwords import Passwords
from api.auth.secrets import matches, parse
from api.db import Database
from api.errors import Forbidden, Unauthenticated
from api.ids import new_id
from api.services import knocks
from api.services.people import sessions
from api.services.people.sessions import Begun
from api.tables import LOCKED, Knock, LoginSession, User

__all__ = ["Attempt", "count", "forgive", "is_still", "log_in", "session_of"]

WRONG = "The e-mail address or the password is not right."
SUSPENDED = "This account is suspended. Ask your instructor."
LOCKED_OUT = (
    "You were given a new role, and your password came from another course. Set a new one with the "
    "link from who gave you the role, or ask an administrator for a link."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a password: for which *email*, from which *address*."""

    email: str
    address: str
    now: datetime
    password: str = field(repr=False)

    @property
    def account(self) -> str:
        """The key of what failed for the account from anywhere."""
        return knocks.key_of("login_account", self.email)

    @property
    def place(self) -> str:
        """The key of what failed from the address for any account."""
        return knocks.key_of("login_address", self.address)

    @property
    def pair(self) -> str:
        """The key of what failed for the account from the address."""
        return knocks.key_of("login_pair", self.email, self.address)

    @property
    def known(self) -> str:
        """The key that says that the account has logged in from the address."""
        return knocks.key_of(knocks.KNOWN, self.email, self.address)


def log_in(db: Database, attempt: Attempt, *, passwords: Passwords, before: str = "") -> Begun:
    """Return a new session for who shows the right password.

    *before* is the cookie of a session in this browser, which ends. Raises `Unauthenticated`,
    `RateLimited`, or `Forbidden` for somebody suspended.
    """
    user_id, knock, stored = _counted(db, attempt)
    usable = None if stored is None else stored.removeprefix(LOCKED)
    if not passwords.verify(attempt.password, usable) or user_id is None or stored is None:
        raise Unauthenticated(WRONG)
    if stored.startswith(LOCKED):
        raise Forbidden(LOCKED_OUT)
    anew = passwords.hash(attempt.password) if passwords.needs_rehash(stored) else stored
    with db.transaction() as session:
        user = session.get(User, user_id, with_for_update={"key_share": True})
        if user is None or not is_still(user, stored):
            raise Unauthenticated(WRONG)
        if user.suspended_at is not None:
            raise Forbidden(SUSPENDED)
        forgive(session, attempt, knock)
        user.password_hash = anew
        this = session_of(session, before)
        sessions.settle(session, "login", [user.id], now=attempt.now, this=this)
        return sessions.begin(session, user, now=attempt.now)


def _counted(db: Database, attempt: Attempt) -> tuple[UUID | None, tuple[UUID, ...], str | None]:
    """Return who has the e-mail, what was counted, and the hash of their password."""
    with db.transaction() as session:
        knock = count(session, attempt)
        user = session.scalar(select(User).where(User.email == attempt.email))
        return (None, knock, None) if user is None else (user.id, knock, user.password_hash)


def is_still(user: User, stored: str | None) -> bool:
    """Tell whether nobody set another password since *stored* was read."""
    now = None if user.password_hash is None else user.password_hash.encode()
    return now is None if stored is None else matches(stored.encode(), now)


def count(session: Session, attempt: Attempt) -> tuple[UUID, ...]:
    """Count an attempt as failed, or raise `RateLimited` where it has to wait; return the counts.

    One that is refused is not counted, or a wait would never end.
    """
    knocks.lock(session, [attempt.account, attempt.place])
    failures = Failures(
        account=knocks.times(session, attempt.account),
        address=knocks.times(session, attempt.place),
        pair=knocks.times(session, attempt.pair),
        known=bool(knocks.times(session, attempt.known)),
    )
    knocks.refuse(login_wait(failures, attempt.now))
    rows = [
        Knock(id=new_id(), key=key, at=attempt.now)
        for key in (attempt.account, attempt.place, attempt.pair)
    ]
    session.add_all(rows)
    knocks.prune(session, now=attempt.now)
    return tuple(row.id for row in rows)


def forgive(session: Session, attempt: Attempt, counted: tuple[UUID, ...]) -> None:
    """Take back what was counted for a success, and what failed for the account and from here.

    Other failures from the address stay: one account of one's own opens no way to the others. That
    the account logged in from here is kept.
    """
    theirs = (attempt.account, attempt.pair, attempt.known)
    session.execute(delete(Knock).where(or_(Knock.id.in_(counted), Knock.key.in_(theirs))))
    session.add(Knock(key=attempt.known, at=attempt.now))


def session_of(session: Session, cookie: str) -> UUID | None:
    """Return the id of the session that *cookie* is for, None where there is none."""
    shown = parse(cookie)
    if shown is None or shown.kind != "session":
        return None
    found = session.scalar(select(LoginSession).where(LoginSession.prefix == shown.prefix))
    return found.id if found is not None and matches(shown.digest, found.digest) else None
