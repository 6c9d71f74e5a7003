"""Begin of a launch: the platform names itself and the user, and the browser is sent to it."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.core.errors import Forbidden, InvalidInput
from api.core.ids import new_id
from api.db.models import LtiLaunch, LtiPlatform
from api.services.lti.platforms.configuration import ToolAddresses
from api.services.lti.platforms.registry import find_platforms

LAUNCH_LIFETIME: Final = timedelta(minutes=10)
SECRET_BYTES: Final = 32
UNKNOWN_PLATFORM: Final = (
    "This learning platform is not registered here, or it is disabled. An administrator of Grader "
    "can register it."
)
SEVERAL_CLIENTS: Final = (
    "The learning platform did not say which registration it means (client_id), and there are "
    "several."
)
INCOMPLETE: Final = "The learning platform did not send {name}. Open the link there again."
WRONG_TARGET: Final = (
    "The link of the learning platform leads to another address. Its target link URL must be {url}"
)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """Request with which a platform begins a launch."""

    issuer: str
    login_hint: str = field(repr=False)
    target: str
    client_id: str
    deployment_id: str
    message_hint: str = field(repr=False)

    def list_parameters(self) -> dict[str, str]:
        """Return the parameters with which the request can be sent again."""
        parameters = {
            "iss": self.issuer,
            "login_hint": self.login_hint,
            "target_link_uri": self.target,
            "client_id": self.client_id,
            "lti_deployment_id": self.deployment_id,
            "lti_message_hint": self.message_hint,
        }
        return {name: value for name, value in parameters.items() if value}


@dataclass(frozen=True, slots=True)
class LaunchState:
    """State of a launch that begins; the nonce follows from it, so that neither is stored."""

    text: str = field(repr=False)

    @classmethod
    def create(cls) -> "LaunchState":
        """Create an unguessable state."""
        return cls(secrets.token_urlsafe(SECRET_BYTES))

    @property
    def nonce(self) -> str:
        """The nonce that the ID token must contain."""
        code = hmac.digest(self.text.encode(), b"nonce", "sha256")
        return urlsafe_b64encode(code).rstrip(b"=").decode("ascii")

    @property
    def digest(self) -> bytes:
        """The digest by which the row of the launch is found."""
        return compute_digest(self.text)


def derive_url_token(token: str) -> str:
    """Return the token that URLs contain for the launch of *token*.

    Servers log URLs. *token* cannot be derived from it, and it opens no session in a browser that
    did not begin the launch.
    """
    code = hmac.digest(token.encode(), b"url", "sha256")
    return urlsafe_b64encode(code).rstrip(b"=").decode("ascii")


def compute_digest(secret: str) -> bytes:
    """Return the stored form of a secret of a launch."""
    return sha256(secret.encode()).digest()


def find_platform(
    session: Session, request: LoginRequest, *, addresses: ToolAddresses
) -> LtiPlatform:
    """Return the platform that begins a launch.

    Raises `InvalidInput` for an incomplete request, and `Forbidden` for an unknown platform.
    """
    for name in ("iss", "login_hint", "target_link_uri"):
        if name not in request.list_parameters():
            raise InvalidInput(INCOMPLETE.format(name=name))
    platforms = find_platforms(session, request.issuer, request.client_id)
    if not platforms:
        raise Forbidden(UNKNOWN_PLATFORM)
    if len(platforms) > 1:
        raise InvalidInput(SEVERAL_CLIENTS)
    if request.target.partition("?")[0].rstrip("/") not in addresses.targets:
        raise Forbidden(WRONG_TARGET.format(url=addresses.launch_url))
    return platforms[0]


def start_launch(
    session: Session, platform: LtiPlatform, browser_secret: str, *, now: datetime
) -> LaunchState:
    """Store a launch that begins in a browser, and delete those that have expired."""
    session.execute(delete(LtiLaunch).where(LtiLaunch.expires_at <= now))
    state = LaunchState.create()
    session.add(
        LtiLaunch(
            id=new_id(),
            digest=state.digest,
            browser_digest=compute_digest(browser_secret),
            platform_id=platform.id,
            expires_at=now + LAUNCH_LIFETIME,
        )
    )
    return state


def build_authorization_url(
    platform: LtiPlatform, request: LoginRequest, state: LaunchState, addresses: ToolAddresses
) -> str:
    """Return where the browser gets the message of the platform."""
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": addresses.launch_url,
        "login_hint": request.login_hint,
        "state": state.text,
        "nonce": state.nonce,
    }
    if request.message_hint:
        parameters["lti_message_hint"] = request.message_hint
    url = platform.authorization_url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
