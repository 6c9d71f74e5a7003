"""Verification of a launch: state, signature, issuer, audience, times, nonce and deployment."""

import hmac
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.core.errors import Forbidden, ServiceUnavailable
from api.db.engine import Database
from api.db.models import LtiLaunch, LtiPlatform
from api.services.lti.launches.initiation import (
    SECRET_BYTES,
    LaunchState,
    compute_digest,
    derive_url_token,
)
from api.services.lti.platforms.registry import find_deployment
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.claims import ClaimError, LaunchClaims, parse_claims

if TYPE_CHECKING:
    from api.services.lti.tool import LtiTool

START_AGAIN: Final = (
    "This launch took more than ten minutes, was used before, or was begun in another browser. "
    "Open the link in the learning platform again."
)
NOT_ACCEPTED: Final = (
    "The message of {name} {reason}. Open the link there again; if this continues, tell the "
    "administrator of the platform."
)
UNKNOWN_DEPLOYMENT: Final = (
    "The deployment {deployment!r} of {name} is not registered here. Give this id to an "
    "administrator of Grader."
)
UNAVAILABLE: Final = (
    "The keys of {name} cannot be fetched, so its message cannot be checked. Try again in a minute."
)

log = logging.getLogger("api.lti")


@dataclass(frozen=True, slots=True)
class VerifiedLaunch:
    """Launch whose message is valid; *token* continues it once in any browser.

    *platform* sent the message.
    """

    platform: LtiPlatform
    claims: LaunchClaims
    token: str = field(repr=False)

    @property
    def url_token(self) -> str:
        """The token that continues the launch only in the browser that began it."""
        return derive_url_token(self.token)


def consume_state(
    db: Database, state_text: str, *, now: datetime
) -> tuple[UUID, LtiPlatform, LaunchState]:
    """Mark a state as used, and return the launch that it began.

    It is used up even if the message turns out to be invalid, so no message is accepted twice.
    Raises `Forbidden` if the state is unknown, was used or has expired.
    """
    state = LaunchState(state_text)
    presented = state.digest
    with db.transaction() as session:
        launch = session.scalar(
            update(LtiLaunch)
            .where(
                LtiLaunch.digest == presented,
                LtiLaunch.answered_at.is_(None),
                LtiLaunch.expires_at > now,
            )
            .values(answered_at=now)
            .returning(LtiLaunch)
        )
        if launch is None or not hmac.compare_digest(launch.digest, presented):
            raise Forbidden(START_AGAIN)
        platform = session.get_one(LtiPlatform, launch.platform_id)
        if platform.disabled_at is not None:
            raise Forbidden(START_AGAIN)
        session.expunge(platform)
        return launch.id, platform, state


def verify_launch(
    db: Database,
    tool: "LtiTool",
    launch_id: UUID,
    platform: LtiPlatform,
    state: LaunchState,
    *,
    id_token: str,
    now: datetime,
) -> VerifiedLaunch:
    """Verify the message of a platform and store what it states.

    Raises `Forbidden` for a message that is not acceptable, and `ServiceUnavailable` if the keys of
    the platform cannot be fetched.
    """
    try:
        claims = parse_claims(
            tool.verify_id_token(platform, id_token, nonce=state.nonce, now=now),
            targets=tool.addresses.targets,
        )
    except ClaimError as error:
        log.warning("a launch from %s was refused: it %s", platform.issuer, error)
        raise Forbidden(NOT_ACCEPTED.format(name=platform.name, reason=error)) from error
    except PlatformError as error:
        log.warning("the keys of %s cannot be fetched: %s", platform.issuer, error)
        raise ServiceUnavailable(UNAVAILABLE.format(name=platform.name)) from error
    token = secrets.token_urlsafe(SECRET_BYTES)
    with db.transaction() as session:
        deployment = find_deployment(session, platform.id, claims.deployment_id)
        if deployment is None:
            raise Forbidden(
                UNKNOWN_DEPLOYMENT.format(deployment=claims.deployment_id, name=platform.name)
            )
        launch = session.get_one(LtiLaunch, launch_id)
        launch.digest = compute_digest(derive_url_token(token))
        launch.deployment_id, launch.claims = deployment.id, claims.model_dump(mode="json")
    return VerifiedLaunch(platform, claims, token)


def load_verified_launch(
    session: Session, token: str, browser_secret: str, *, now: datetime, locks: bool = True
) -> LtiLaunch:
    """Return the launch that *token* continues in the browser that began it; *locks* locks it.

    *token* is the one in addresses.

    Raises `Forbidden` for another browser, and if the launch has ended. Otherwise somebody could
    send another person their own launch, and have them link it to their account.
    """
    launch = find_launch(session, token, now=now, locks=locks)
    if not hmac.compare_digest(launch.browser_digest, compute_digest(browser_secret)):
        raise Forbidden(START_AGAIN)
    return launch


def find_launch(session: Session, token: str, *, now: datetime, locks: bool = True) -> LtiLaunch:
    """Return the verified launch that *token* continues, in whichever browser; *locks* locks it.

    Raises `Forbidden` if the launch has ended.
    """
    presented = compute_digest(token)
    query = select(LtiLaunch).where(
        LtiLaunch.digest == presented,
        LtiLaunch.deployment_id.is_not(None),
        LtiLaunch.expires_at > now,
    )
    launch = session.scalar(query.with_for_update() if locks else query)
    if launch is None or not hmac.compare_digest(launch.digest, presented):
        raise Forbidden(START_AGAIN)
    return launch


def bind_launch_to_other_browser(
    session: Session, token: str, browser_secret: str, *, now: datetime
) -> str:
    """Bind a launch to another browser, once, and return the token that continues it there.

    *token* is that of `VerifiedLaunch`, which is in no address.
    A frame without cookies cannot show that it began the launch. So its user confirms in a new tab
    who they are, and cannot link the launch to an account just because they are logged in.
    """
    launch = find_launch(session, derive_url_token(token), now=now)
    if launch.is_moved:
        raise Forbidden(START_AGAIN)
    new_token = secrets.token_urlsafe(SECRET_BYTES)
    launch.digest, launch.is_moved = compute_digest(new_token), True
    launch.browser_digest = compute_digest(browser_secret)
    return new_token
