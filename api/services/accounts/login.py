"""Login: attempts are counted before the password is checked, also for unknown accounts.

An attempt is first stored as a failure and deleted on success, so that many concurrent attempts
cannot all be the first. The password is checked between two transactions, since hashing is slow by
design. No count depends on whether an account exists, or on what its owner does elsewhere.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.auth.passwords import PasswordHasher
from api.auth.secrets import digests_match, new_secret, parse_secret
from api.auth.sessions import DEVICE_LIFETIME
from api.core.errors import Forbidden, RateLimited, ServiceError, Unauthenticated
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import LOCKED_PASSWORD_PREFIX, LoginSession, RateLimitEvent, User
from api.http.email_addresses import list_stored_spellings
from api.rate_limits import stored_events
from api.rate_limits.event_limits import EVENT_LIMITS, LimitedAction, LoginFailures, decide_login
from api.services.accounts import sessions
from api.services.accounts.sessions import NewSession

WRONG_CREDENTIALS = "The e-mail address or the password is incorrect."
TOO_MANY_FAILURES = "Too many failed logins. Try again in {seconds} s."
SUSPENDED = "This account is suspended. Ask your instructor."
LOCKED_OUT = (
    "You have a new role, and your password comes from another course. Set a new "
    "one with the link from the person who gave you the role, or ask an "
    "administrator for a link."
)


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """An attempt to log in: for which *email*, from which network *address*.

    *device* is the secret of a known browser, "" if it has none.
    """

    email: str
    address: str
    now: datetime
    password: str = field(repr=False)
    device: str = field(default="", repr=False)

    @property
    def counted_email(self) -> str:
        """The address for which attempts are counted: one for all spellings of an account."""
        return self.email.casefold()

    @property
    def account_key(self) -> str:
        """The key of failures for the account from any address."""
        return stored_events.build_event_key("login_account", self.counted_email)

    @property
    def address_key(self) -> str:
        """The key of failures from the address for any account."""
        return stored_events.build_event_key("login_address", self.address)

    @property
    def pair_key(self) -> str:
        """The key of failures for the account from the address."""
        return stored_events.build_event_key("login_pair", self.counted_email, self.address)

    @property
    def device_key(self) -> str:
        """The key of failures for the account in the browser."""
        return stored_events.build_event_key("login_device", self.counted_email, self.device)

    @property
    def known_device_key(self) -> str:
        """The key of the event that the account has logged in with the browser."""
        return stored_events.build_event_key(
            stored_events.KNOWN_DEVICE_KIND, self.counted_email, self.device
        )


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """An attempt stored as failures: their ids, and the wait in seconds if it fails."""

    event_ids: tuple[UUID, ...]
    wait_seconds: int
    is_known_device: bool

    def to_error(self) -> ServiceError:
        """Return the error for a wrong password."""
        return (
            _too_many_failures(self.wait_seconds)
            if self.wait_seconds
            else Unauthenticated(WRONG_CREDENTIALS)
        )


def log_in(
    db: Database, attempt: LoginAttempt, *, passwords: PasswordHasher, previous_cookie: str = ""
) -> NewSession:
    """Check the password and return a new session.

    *previous_cookie* is the cookie of an earlier session in this browser, which ends. Raises
    `Unauthenticated`, `RateLimited`, or `Forbidden` for a suspended account or a locked password.
    """
    user_id, counted, stored = _record_attempt_and_load_account(db, attempt)
    usable = None if stored is None else stored.removeprefix(LOCKED_PASSWORD_PREFIX)
    if not passwords.verify(attempt.password, usable) or user_id is None or stored is None:
        raise counted.to_error()
    if stored.startswith(LOCKED_PASSWORD_PREFIX):
        raise Forbidden(LOCKED_OUT)
    new_hash = passwords.hash(attempt.password) if passwords.needs_rehash(stored) else stored
    with db.transaction() as session:
        user = session.get(User, user_id, with_for_update={"key_share": True})
        if user is None or not is_password_unchanged(user, stored):
            raise counted.to_error()
        if user.suspended_at is not None:
            raise Forbidden(SUSPENDED)
        delete_recorded_attempt(session, counted)
        user.password_hash = new_hash
        previous_session = find_session_id(session, previous_cookie)
        sessions.end_sessions_and_tokens_for_event(
            session, "login", [user.id], now=attempt.now, current_session=previous_session
        )
        device = attempt.device if counted.is_known_device else ""
        device = store_device_secret(session, attempt.email, now=attempt.now, device=device)
        return sessions.create_session(session, user, now=attempt.now, device=device)


def _record_attempt_and_load_account(
    db: Database, attempt: LoginAttempt
) -> tuple[UUID | None, RecordedAttempt, str | None]:
    """Count the attempt; return the account's id, the count, and the stored hash."""
    with db.transaction() as session:
        counted = record_attempt(session, attempt)
        user = find_user_by_stored_spelling(session, attempt.email)
        return (None, counted, None) if user is None else (user.id, counted, user.password_hash)


def find_user_by_stored_spelling(session: Session, email: str) -> User | None:
    """Return the account of an address whose owner will prove to own it, None if there is none."""
    spellings = list_stored_spellings(email)
    users = session.scalars(select(User).where(User.email.in_(spellings))).all()
    return next((user for user in users if user.email == email), users[0] if users else None)


def is_password_unchanged(user: User, stored: str | None) -> bool:
    """Tell whether the password is unchanged since *stored* was read."""
    current = None if user.password_hash is None else user.password_hash.encode()
    return current is None if stored is None else digests_match(stored.encode(), current)


def record_attempt(
    session: Session, attempt: LoginAttempt, *, is_known_device: bool | None = None
) -> RecordedAttempt:
    """Store an attempt as failed; raise `RateLimited` if its password is not to be checked.

    A refused attempt is not stored, or a wait would never end. Whether the browser is known is
    looked up unless *is_known_device* is given.
    """
    if is_known_device is None:
        known = attempt.device and stored_events.load_event_times(
            session, attempt.known_device_key, since=attempt.now
        )
        is_known_device = bool(known)
    keys = [attempt.device_key] if is_known_device else [attempt.account_key, attempt.address_key]
    stored_events.lock_keys(session, keys)
    failures = _load_failures(session, attempt, is_known_device=is_known_device)
    ruling = decide_login(failures, attempt.now)
    if not ruling.checks_password:
        raise _too_many_failures(ruling.wait_seconds)
    if not is_known_device:
        keys.append(attempt.pair_key)
    rows = [RateLimitEvent(id=new_id(), key=key, at=attempt.now) for key in keys]
    session.add_all(rows)
    stored_events.prune_events(session, now=attempt.now)
    # During a flood from one address, an attempt must not read an hour of events.
    memory = EVENT_LIMITS["login_address"].retention
    stored_events.delete_events(session, attempt.address_key, before=attempt.now - memory)
    return RecordedAttempt(tuple(row.id for row in rows), ruling.wait_seconds, is_known_device)


def _load_failures(
    session: Session, attempt: LoginAttempt, *, is_known_device: bool
) -> LoginFailures:
    def load_timestamps(key: str, *actions: LimitedAction) -> list[datetime]:
        memory = max(EVENT_LIMITS[action].retention for action in actions)
        return stored_events.load_event_times(session, key, since=attempt.now - memory)

    if is_known_device:
        return LoginFailures(load_timestamps(attempt.device_key, "login_device"), [], [], [])
    return LoginFailures(
        device=None,
        account=load_timestamps(attempt.account_key, "login_account", "login_account_cap"),
        address=load_timestamps(attempt.address_key, "login_address", "login_address_cap"),
        pair=load_timestamps(attempt.pair_key, "login_pair"),
    )


def _too_many_failures(seconds: int) -> RateLimited:
    return RateLimited(TOO_MANY_FAILURES.format(seconds=seconds), retry_after=seconds)


def delete_recorded_attempt(session: Session, counted: RecordedAttempt) -> None:
    """Delete the stored failure of an attempt that succeeded.

    Earlier failures stay: otherwise others could see by their waits that the owner has logged in.
    """
    session.execute(delete(RateLimitEvent).where(RateLimitEvent.id.in_(counted.event_ids)))


def store_device_secret(session: Session, email: str, *, now: datetime, device: str = "") -> str:
    """Store and return the secret by which an account knows a browser from now on.

    A known *device* stays. Any other browser gets a new secret: an earlier user of it may have the
    old one.
    """
    device = device or new_secret("device").text
    key = stored_events.build_event_key(stored_events.KNOWN_DEVICE_KIND, email.casefold(), device)
    stored_events.store_known_device(session, key, until=now + DEVICE_LIFETIME)
    return device


def find_session_id(session: Session, cookie: str) -> UUID | None:
    """Return the id of the session that *cookie* belongs to, None if there is none."""
    parsed = parse_secret(cookie)
    if parsed is None or parsed.kind != "session":
        return None
    row = session.scalar(select(LoginSession).where(LoginSession.prefix == parsed.prefix))
    return row.id if row is not None and digests_match(parsed.digest, row.digest) else None
