"""Log-in: attempts are counted before the password is checked, also for unknown accounts.

An attempt is first stored as a failure and deleted on success, so that many concurrent attempts
cannot all be the first. The password is checked between two transactions, since hashing is slow by
design. No count depends on whether an account exists, or on what its owner does elsewhere.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.auth.limits import LIMITS, Action, Failures, rule_login
from api.auth.passwords import Passwords
from api.auth.secrets import matches, new_secret, parse
from api.core.errors import Forbidden, RateLimited, ServiceError, Unauthenticated
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import LOCKED, Knock, LoginSession, User
from api.services.accounts import sessions
from api.services.accounts.sessions import Begun
from api.services.rate_limits import rate_limit_events

__all__ = [
    "Attempt",
    "Counted",
    "count",
    "forgive",
    "is_still",
    "log_in",
    "new_device",
    "session_of",
]

WRONG = "The e-mail address or the password is not right."
SLOWED = "Too many failed log-ins. Try again in {seconds} s."
SUSPENDED = "This account is suspended. Ask your instructor."
LOCKED_OUT = (
    "You were given a new role, and your password came from another course. Set a new one with the "
    "link from who gave you the role, or ask an administrator for a link."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to log in: for which *email*, from which network *address*.

    *device* is the secret of a known browser, "" if it has none.
    """

    email: str
    address: str
    now: datetime
    password: str = field(repr=False)
    device: str = field(default="", repr=False)

    @property
    def by_account(self) -> str:
        """The key of failures for the account from any address."""
        return rate_limit_events.key_of("login_account", self.email)

    @property
    def by_address(self) -> str:
        """The key of failures from the address for any account."""
        return rate_limit_events.key_of("login_address", self.address)

    @property
    def by_pair(self) -> str:
        """The key of failures for the account from the address."""
        return rate_limit_events.key_of("login_pair", self.email, self.address)

    @property
    def by_device(self) -> str:
        """The key of failures for the account in the browser."""
        return rate_limit_events.key_of("login_device", self.email, self.device)

    @property
    def known(self) -> str:
        """The key of the event that the account has logged in with the browser."""
        return rate_limit_events.key_of(rate_limit_events.KNOWN, self.email, self.device)


@dataclass(frozen=True, slots=True)
class Counted:
    """An attempt stored as failures: their ids, and the wait in seconds if it fails."""

    knocks: tuple[UUID, ...]
    seconds: int
    is_known_device: bool

    def failure(self) -> ServiceError:
        """Return the error for a wrong password."""
        return _slowed(self.seconds) if self.seconds else Unauthenticated(WRONG)


def log_in(db: Database, attempt: Attempt, *, passwords: Passwords, before: str = "") -> Begun:
    """Check the password and return a new session.

    *before* is the cookie of an earlier session in this browser, which ends. Raises
    `Unauthenticated`, `RateLimited`, or `Forbidden` for a suspended account or a locked password.
    """
    user_id, counted, stored = _counted(db, attempt)
    usable = None if stored is None else stored.removeprefix(LOCKED)
    if not passwords.verify(attempt.password, usable) or user_id is None or stored is None:
        raise counted.failure()
    if stored.startswith(LOCKED):
        raise Forbidden(LOCKED_OUT)
    new_hash = passwords.hash(attempt.password) if passwords.needs_rehash(stored) else stored
    with db.transaction() as session:
        user = session.get(User, user_id, with_for_update={"key_share": True})
        if user is None or not is_still(user, stored):
            raise counted.failure()
        if user.suspended_at is not None:
            raise Forbidden(SUSPENDED)
        forgive(session, counted)
        user.password_hash = new_hash
        this = session_of(session, before)
        sessions.settle(session, "login", [user.id], now=attempt.now, this=this)
        device = attempt.device if counted.is_known_device else ""
        device = new_device(session, attempt.email, now=attempt.now, device=device)
        return sessions.begin(session, user, now=attempt.now, device=device)


def _counted(db: Database, attempt: Attempt) -> tuple[UUID | None, Counted, str | None]:
    """Count the attempt; return the account's id, the count, and the stored hash."""
    with db.transaction() as session:
        counted = count(session, attempt)
        user = session.scalar(select(User).where(User.email == attempt.email))
        return (None, counted, None) if user is None else (user.id, counted, user.password_hash)


def is_still(user: User, stored: str | None) -> bool:
    """Tell whether the password is unchanged since *stored* was read."""
    now = None if user.password_hash is None else user.password_hash.encode()
    return now is None if stored is None else matches(stored.encode(), now)


def count(session: Session, attempt: Attempt, *, is_known_device: bool | None = None) -> Counted:
    """Store an attempt as failed; raise `RateLimited` if its password is not to be checked.

    A refused attempt is not stored, or a wait would never end. Whether the browser is known is
    looked up unless *is_known_device* is given.
    """
    if is_known_device is None:
        known = attempt.device and rate_limit_events.times(
            session, attempt.known, since=attempt.now
        )
        is_known_device = bool(known)
    keys = [attempt.by_device] if is_known_device else [attempt.by_account, attempt.by_address]
    rate_limit_events.lock(session, keys)
    failures = _failures(session, attempt, is_known_device=is_known_device)
    ruling = rule_login(failures, attempt.now)
    if not ruling.is_checked:
        raise _slowed(ruling.seconds)
    if not is_known_device:
        keys.append(attempt.by_pair)
    rows = [Knock(id=new_id(), key=key, at=attempt.now) for key in keys]
    session.add_all(rows)
    rate_limit_events.prune(session, now=attempt.now)
    # During a flood from one address, an attempt must not read an hour of events.
    memory = LIMITS["login_address"].memory
    rate_limit_events.forget(session, attempt.by_address, before=attempt.now - memory)
    return Counted(tuple(row.id for row in rows), ruling.seconds, is_known_device)


def _failures(session: Session, attempt: Attempt, *, is_known_device: bool) -> Failures:
    def stored(key: str, *actions: Action) -> list[datetime]:
        memory = max(LIMITS[action].memory for action in actions)
        return rate_limit_events.times(session, key, since=attempt.now - memory)

    if is_known_device:
        return Failures(stored(attempt.by_device, "login_device"), [], [], [])
    return Failures(
        device=None,
        account=stored(attempt.by_account, "login_account", "login_account_cap"),
        address=stored(attempt.by_address, "login_address", "login_address_cap"),
        pair=stored(attempt.by_pair, "login_pair"),
    )


def _slowed(seconds: int) -> RateLimited:
    return RateLimited(SLOWED.format(seconds=seconds), retry_after=seconds)


def forgive(session: Session, counted: Counted) -> None:
    """Delete the stored failure of an attempt that succeeded.

    Earlier failures stay: otherwise others could see by their waits that the owner has logged in.
    """
    session.execute(delete(Knock).where(Knock.id.in_(counted.knocks)))


def new_device(session: Session, email: str, *, now: datetime, device: str = "") -> str:
    """Return the secret by which a browser is known to an account from now on.

    A known *device* stays. Any other browser gets a new secret: an earlier user of it may have the
    old one.
    """
    device = device or new_secret("device").text
    key = rate_limit_events.key_of(rate_limit_events.KNOWN, email, device)
    rate_limit_events.remember_device(session, key, now=now)
    return device


def session_of(session: Session, cookie: str) -> UUID | None:
    """Return the id of the session that *cookie* belongs to, None if there is none."""
    shown = parse(cookie)
    if shown is None or shown.kind != "session":
        return None
    found = session.scalar(select(LoginSession).where(LoginSession.prefix == shown.prefix))
    return found.id if found is not None and matches(shown.digest, found.digest) else None
