"""Link of an unknown user of a platform to an account, by a login or a password, or a new one.

Invitation links are no proof: their creator could keep access to the account.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from api.auth.passwords import PasswordHasher
from api.core.errors import Conflict, Forbidden, InvalidInput
from api.db.engine import Database
from api.db.models import LtiLaunch, User
from api.services.accounts.login import LoginAttempt, log_in
from api.services.lti.launches import accounts
from api.services.lti.launches.entry import BrowserLogin, LaunchEntry, finish_entry, load_platform
from api.services.lti.launches.verification import START_AGAIN, load_verified_launch
from api.services.lti.protocol.claims import LaunchClaims

NO_PROOF: Final = "Enter the e-mail address and the password of your account in Grader."
HAS_ACCOUNT: Final = (
    "An account with your e-mail address already exists. Log in to it; you cannot create a second "
    "one."
)


@dataclass(frozen=True, slots=True)
class BoundLaunch:
    """A launch to continue: its token, the secret of its browser, and the time of the request."""

    token: str = field(repr=False)
    browser_secret: str = field(repr=False)
    now: datetime

    def load(self, session: Session, *, locks: bool = True) -> LtiLaunch:
        """Return the row of the launch; see `load_verified_launch`."""
        return load_verified_launch(
            session, self.token, self.browser_secret, now=self.now, locks=locks
        )


@dataclass(frozen=True, slots=True)
class LinkChoices:
    """What the user of a launch can choose: which accounts may be linked, or a new one."""

    platform_name: str
    claims: LaunchClaims
    account: User | None
    allows_new_account: bool


def load_account_choices(session: Session, bound: BoundLaunch, login: BrowserLogin) -> LinkChoices:
    """Return the choices of a launch whose user is not known; raise `Forbidden` if it has ended."""
    launch = bound.load(session, locks=False)
    claims = LaunchClaims(**launch.claims)
    caller = None if launch.is_moved or login.caller is None else login.caller
    return LinkChoices(
        load_platform(session, launch).name,
        claims,
        None if caller is None else caller.user,
        allows_new_account=not accounts.has_account_with_address(
            session, claims.email, name=claims.name
        ),
    )


def link_to_logged_in_account(
    session: Session, bound: BoundLaunch, login: BrowserLogin
) -> LaunchEntry:
    """Link the account that the browser is logged in to, and continue."""
    launch = bound.load(session)
    if login.caller is None or launch.is_moved:
        raise Forbidden(START_AGAIN)
    return _link_and_enter(session, launch, login.caller.user, login, now=bound.now)


def create_account_and_enter(
    session: Session, bound: BoundLaunch, login: BrowserLogin
) -> LaunchEntry:
    """Create an account for the user, and continue; raise `Conflict` if their address has one."""
    launch = bound.load(session)
    claims = LaunchClaims(**launch.claims)
    if accounts.has_account_with_address(session, claims.email, name=claims.name):
        raise Conflict(HAS_ACCOUNT)
    platform_user = accounts.get_platform_user(launch)
    if accounts.find_account(session, platform_user) is not None:
        raise Forbidden(START_AGAIN)
    user = accounts.create_account(
        session,
        load_platform(session, launch),
        platform_user,
        name=claims.name,
        address=claims.email,
        now=bound.now,
    )
    return finish_entry(session, launch, user, login, now=bound.now)


def link_by_password(
    db: Database,
    bound: BoundLaunch,
    attempt: LoginAttempt,
    *,
    passwords: PasswordHasher,
    login: BrowserLogin,
) -> LaunchEntry:
    """Link the account that *attempt* logs in to, and continue.

    Raises `InvalidInput` if something is not filled in, the errors of a login by password, and
    `Forbidden` for an administrator.
    """
    if not (attempt.email and attempt.password):
        raise InvalidInput(NO_PROOF)
    new_session = log_in(db, attempt, passwords=passwords, previous_cookie=login.cookie)
    with db.transaction() as session:
        launch = bound.load(session)
        user = session.get_one(User, new_session.user.id)
        entry = _link_and_enter(session, launch, user, login, now=bound.now)
        return replace(entry, new_session=entry.new_session or new_session)


def _link_and_enter(
    session: Session, launch: LtiLaunch, user: User, login: BrowserLogin, *, now: datetime
) -> LaunchEntry:
    platform = load_platform(session, launch)
    accounts.link_account(
        session, user, accounts.get_platform_user(launch), issuer=platform.issuer, now=now
    )
    return finish_entry(session, launch, user, login, now=now)
