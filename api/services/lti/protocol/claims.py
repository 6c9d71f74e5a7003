"""Claims of a launch, as far as they are used here."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/"

LTI_VERSION: Final = "1.3.0"
RESOURCE_LINK: Final = "LtiResourceLinkRequest"
DEEP_LINK: Final = "LtiDeepLinkingRequest"
LINE_ITEM_SCOPE: Final = f"{AGS}scope/lineitem"
LINE_ITEM_READ_SCOPE: Final = f"{AGS}scope/lineitem.readonly"
SCORE_SCOPE: Final = f"{AGS}scope/score"
MEMBERSHIP_SCOPE: Final = f"{NRPS}scope/contextmembership.readonly"
ASSIGNMENT_PARAMETER: Final = "assignment"
"""Custom parameter of a link, with the id of the assignment that it opens."""

MAX_ID_CHARACTERS: Final = 255
MAX_TEXT_CHARACTERS: Final = 300
MAX_URL_CHARACTERS: Final = 2000


class ClaimError(Exception):
    """A claim is missing or invalid; the message completes "The message of the platform …"."""


class LaunchClaims(BaseModel):
    """Claims of a launch that is valid; "" stands for a claim that is not there.

    *link_id* and *link_title* are those of the link; *assignment* is the custom parameter.
    """

    model_config = ConfigDict(frozen=True)

    deployment_id: str
    subject: str
    roles: tuple[str, ...] = ()
    name: str = ""
    email: str = ""
    context_id: str
    context_title: str = ""
    link_id: str = ""
    link_title: str = ""
    assignment: str = ""
    line_items_url: str = ""
    line_item_url: str = ""
    memberships_url: str = ""
    scopes: tuple[str, ...] = ()


def parse_claims(claims: Mapping[str, Any], *, tool_url: str) -> LaunchClaims:
    """Return the LTI claims of a verified ID token; *tool_url* is the address of this service.

    Raises `ClaimError` for a claim that is missing or invalid.
    """
    if claims.get(f"{CLAIM}version") != LTI_VERSION:
        raise ClaimError(f"is not of LTI {LTI_VERSION}")
    message_type = claims.get(f"{CLAIM}message_type")
    if message_type == DEEP_LINK:
        raise ClaimError(
            "asks to choose content (deep linking), which is not supported; add the link by hand"
        )
    if message_type != RESOURCE_LINK:
        raise ClaimError("has a type that is not supported")
    target = claims.get(f"{CLAIM}target_link_uri")
    if not _is_own_url(target, tool_url):
        raise ClaimError("leads to an address that is not of this service (target_link_uri)")
    context, link = _get_object(claims, "context"), _get_object(claims, "resource_link")
    endpoint = _read_object(claims.get(f"{AGS}claim/endpoint"))
    memberships = _read_object(claims.get(f"{NRPS}claim/namesroleservice"))
    return LaunchClaims(
        deployment_id=_require_id(claims.get(f"{CLAIM}deployment_id"), "deployment"),
        subject=_require_id(claims.get("sub"), "user (sub)"),
        roles=_read_roles(claims),
        name=_read_name(claims),
        email=_read_text(claims.get("email")),
        context_id=_require_id(context.get("id"), "course (context)"),
        context_title=_read_text(context.get("title")) or _read_text(context.get("label")),
        link_id=_require_id(link.get("id"), "link (resource_link)"),
        link_title=_read_text(link.get("title")),
        assignment=_read_text(_get_object(claims, "custom").get(ASSIGNMENT_PARAMETER)),
        line_items_url=_read_url(endpoint.get("lineitems")),
        line_item_url=_read_url(endpoint.get("lineitem")),
        scopes=_read_texts(endpoint.get("scope")),
        memberships_url=_read_url(memberships.get("context_memberships_url")),
    )


def _is_own_url(target: object, tool_url: str) -> bool:
    return isinstance(target, str) and target.partition("?")[0] in {tool_url, f"{tool_url}/"}


def _get_object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _read_object(claims.get(f"{CLAIM}{name}"))


def _read_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _require_id(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ClaimError(f"does not name the {what}")
    if len(value) > MAX_ID_CHARACTERS or "\0" in value:
        raise ClaimError(f"has an unusable id of the {what}")
    return value


def _read_roles(claims: Mapping[str, Any]) -> tuple[str, ...]:
    if not isinstance(claims.get(f"{CLAIM}roles"), list):
        raise ClaimError("does not name the roles of the user")
    return _read_texts(claims[f"{CLAIM}roles"])


def _read_texts(values: object) -> tuple[str, ...]:
    return tuple(
        value for value in (values if isinstance(values, list) else ()) if isinstance(value, str)
    )


def _read_text(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return " ".join(text.replace("\0", "").split())[:MAX_TEXT_CHARACTERS]


def _read_name(claims: Mapping[str, Any]) -> str:
    pieces = (_read_text(claims.get(name)) for name in ("given_name", "family_name"))
    return _read_text(claims.get("name")) or " ".join(piece for piece in pieces if piece)


def _read_url(value: object) -> str:
    is_usable = isinstance(value, str) and value.startswith("https://")
    return str(value) if is_usable and len(str(value)) <= MAX_URL_CHARACTERS else ""
