"""Configuration of this tool: what an administrator copies, and the forms that platforms fetch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from api.services.lti.protocol.claims import (
    DEEP_LINK,
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    MEMBERSHIP_SCOPE,
    RESOURCE_LINK,
    SCORE_SCOPE,
)

TITLE: Final = "Grader"
DESCRIPTION: Final = "Homework in deep learning that is graded immediately."
SCOPES: Final = (LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE, SCORE_SCOPE, MEMBERSHIP_SCOPE)
CLAIM_NAMES: Final = ("iss", "sub", "name", "given_name", "family_name", "email")
PLATFORM_FIELD: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
REGISTRATION_FIELD: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS_PREFIX: Final = "https://canvas.instructure.com/lti/"
PRIVACY_FIELD: Final = f"{CANVAS_PREFIX}privacy_level"
CANVAS_PLACEMENTS: Final = {
    "course_navigation": RESOURCE_LINK,
    "assignment_selection": DEEP_LINK,
    "link_selection": DEEP_LINK,
}
"""Places of Canvas where Grader appears, and the type of message that each sends."""


@dataclass(frozen=True, slots=True)
class ToolAddresses:
    """Addresses of this tool, below the public address of the service."""

    public_url: str

    @property
    def login_url(self) -> str:
        """The address at which a platform begins a launch."""
        return f"{self.public_url}/lti/login"

    @property
    def launch_url(self) -> str:
        """The redirect address, which is also the target of every link."""
        return f"{self.public_url}/lti/launch"

    @property
    def deep_link_url(self) -> str:
        """The target of a launch that chooses what links open."""
        return f"{self.public_url}/lti/deep-link"

    @property
    def targets(self) -> tuple[str, ...]:
        """The addresses that a launch may name as its target."""
        return self.launch_url, self.deep_link_url

    def is_deep_link(self, target: str) -> bool:
        """Return whether a launch to *target* chooses what links open."""
        return target.partition("?")[0].rstrip("/") == self.deep_link_url

    @property
    def jwks_url(self) -> str:
        """The address of the public keys."""
        return f"{self.public_url}/lti/jwks"

    @property
    def configuration_url(self) -> str:
        """The address of the configuration as JSON."""
        return f"{self.public_url}/lti/config.json"

    @property
    def domain(self) -> str:
        """The host of the service, with its port if it is unusual."""
        return urlsplit(self.public_url).netloc

    def list_values(self) -> tuple[tuple[str, str], ...]:
        """Return what an administrator of a platform copies, with labels."""
        return (
            ("Login initiation URL", self.login_url),
            ("Redirect URL and target link URL", self.launch_url),
            ("Deep linking (content selection) URL", self.deep_link_url),
            ("Public keyset (JWKS) URL", self.jwks_url),
            ("Domain", self.domain),
            ("Configuration as JSON (Canvas)", self.configuration_url),
        )


def build_registration(
    addresses: ToolAddresses, *, placements: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """Return the client registration of dynamic registration.

    *placements* are those that the platform offers for each type of message. If a tool asks for
    none, Canvas uses a single one, and drops the other message.
    """
    messages = [
        _build_message(RESOURCE_LINK, addresses.launch_url, placements),
        _build_message(DEEP_LINK, addresses.deep_link_url, placements),
    ]
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": addresses.login_url,
        "redirect_uris": [addresses.launch_url],
        "client_name": TITLE,
        "jwks_uri": addresses.jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        REGISTRATION_FIELD: {
            "domain": addresses.domain,
            "target_link_uri": addresses.launch_url,
            "description": DESCRIPTION,
            "claims": list(CLAIM_NAMES),
            "messages": messages,
            PRIVACY_FIELD: "public",
        },
    }


def _build_message(
    kind: str, url: str, placements: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """Return a message that this tool accepts, with the placements that the platform offers."""
    message: dict[str, Any] = {"type": kind, "target_link_uri": url, "label": TITLE}
    wanted = _choose_placements(kind, placements.get(kind, ()))
    return message | ({"placements": wanted} if wanted else {})


def _choose_placements(kind: str, offered: Collection[str]) -> list[str]:
    """Return our places for messages of *kind*, as the platform names them.

    Canvas writes `link_selection` in its documentation and older versions, and newer versions add
    their prefix.
    """
    wanted = [name for name, sent in CANVAS_PLACEMENTS.items() if sent == kind]
    prefixed = [name for name in wanted if CANVAS_PREFIX + name in offered]
    return [CANVAS_PREFIX + name for name in prefixed] + [
        name for name in wanted if name in offered and name not in prefixed
    ]


def build_canvas_configuration(addresses: ToolAddresses) -> dict[str, Any]:
    """Return the configuration as JSON that Canvas fetches for a developer key."""
    urls = {RESOURCE_LINK: addresses.launch_url, DEEP_LINK: addresses.deep_link_url}
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "oidc_initiation_url": addresses.login_url,
        "target_link_uri": addresses.launch_url,
        "public_jwk_url": addresses.jwks_url,
        "scopes": list(SCOPES),
        "custom_fields": {},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": addresses.domain,
                "privacy_level": "public",
                "settings": {
                    "platform": "canvas.instructure.com",
                    "placements": [
                        {
                            "placement": name,
                            "enabled": True,
                            "text": TITLE,
                            "target_link_uri": urls[kind],
                            "message_type": kind,
                        }
                        for name, kind in CANVAS_PLACEMENTS.items()
                    ],
                },
            }
        ],
    }
