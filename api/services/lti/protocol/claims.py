"""Claims of a launch, as far as they are used here."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from api.core.json_text import REPLACEMENT
from api.services.lti.protocol.addresses import is_https_url

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/"

LTI_VERSION: Final = "1.3.0"
RESOURCE_LINK: Final = "LtiResourceLinkRequest"
DEEP_LINK: Final = "LtiDeepLinkingRequest"
DEEP_LINK_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
LINK_ITEM: Final = "ltiResourceLink"
LINE_ITEM_SCOPE: Final = f"{AGS}scope/lineitem"
LINE_ITEM_READ_SCOPE: Final = f"{AGS}scope/lineitem.readonly"
SCORE_SCOPE: Final = f"{AGS}scope/score"
MEMBERSHIP_SCOPE: Final = f"{NRPS}scope/contextmembership.readonly"
ASSIGNMENT_PARAMETER: Final = "assignment"
"""Custom parameter of a link, with the id of the assignment that it opens."""

MAX_ID_CHARACTERS: Final = 255
MAX_TEXT_CHARACTERS: Final = 300
MAX_URL_CHARACTERS: Final = 2000
MAX_DATA_CHARACTERS: Final = 20_000


class ClaimError(Exception):
    """A claim is missing or invalid; the message completes "The message of the platform …"."""


class DeepLinkRequest(BaseModel):
    """Request of a platform to choose what links open; the answer goes to *return_url*.

    *data* goes back unchanged. *accepts_multiple*: several links may be chosen at once.
    *accepts_line_items*: a link may bring a column of the gradebook. *accepts_windows*: it may
    say that it opens in a window of its own.
    """

    model_config = ConfigDict(frozen=True)

    return_url: str
    data: str | None = None
    accepts_multiple: bool = False
    accepts_line_items: bool = True
    accepts_windows: bool = False


class LaunchClaims(BaseModel):
    """Claims of a launch that is valid; "" stands for a claim that is not there.

    *link_id* and *link_title* are those of the link; *assignment* is the custom parameter.
    *deep_link* is None unless the launch is for choosing what links open; it then has no link.
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
    deep_link: DeepLinkRequest | None = None


def parse_claims(claims: Mapping[str, Any], *, targets: Collection[str]) -> LaunchClaims:
    """Return the LTI claims of a verified ID token; *targets* are the addresses of this service.

    Raises `ClaimError` for a claim that is missing or invalid.
    """
    if claims.get(f"{CLAIM}version") != LTI_VERSION:
        raise ClaimError(f"is not of LTI {LTI_VERSION}")
    message_type = claims.get(f"{CLAIM}message_type")
    if message_type not in {RESOURCE_LINK, DEEP_LINK}:
        raise ClaimError("has a type that is not supported")
    deep_link = _read_deep_link_request(claims) if message_type == DEEP_LINK else None
    # Deep linking needs no target: the specification lets platforms leave it out.
    target = claims.get(f"{CLAIM}target_link_uri")
    if not _is_tool_url(target, targets) and not (deep_link is not None and target is None):
        raise ClaimError("leads to an address that is not of this service (target_link_uri)")
    context, link = _get_object(claims, "context"), _get_object(claims, "resource_link")
    link_id = _require_id(link.get("id"), "link (resource_link)") if deep_link is None else ""
    endpoint = _read_object(claims.get(f"{AGS}claim/endpoint"))
    memberships = _read_object(claims.get(f"{NRPS}claim/namesroleservice"))
    return LaunchClaims(
        deployment_id=_require_id(claims.get(f"{CLAIM}deployment_id"), "deployment"),
        subject=_require_id(claims.get("sub"), "user (sub)"),
        roles=_read_roles(claims),
        name=read_name(claims),
        email=read_text(claims.get("email")),
        context_id=_require_id(context.get("id"), "course (context)"),
        context_title=read_text(context.get("title")) or read_text(context.get("label")),
        link_id=link_id,
        link_title=read_text(link.get("title")),
        assignment=read_text(_get_object(claims, "custom").get(ASSIGNMENT_PARAMETER)),
        line_items_url=_read_url(endpoint.get("lineitems")),
        line_item_url=_read_url(endpoint.get("lineitem")),
        scopes=read_texts(endpoint.get("scope")),
        memberships_url=_read_url(memberships.get("context_memberships_url")),
        deep_link=deep_link,
    )


def _is_tool_url(target: object, targets: Collection[str]) -> bool:
    return isinstance(target, str) and target.partition("?")[0].rstrip("/") in targets


def _read_deep_link_request(claims: Mapping[str, Any]) -> DeepLinkRequest:
    """Return the settings of a request to choose links; raise `ClaimError` for unusable ones."""
    settings = _read_object(claims.get(f"{DEEP_LINK_CLAIM}deep_linking_settings"))
    return_url = _read_url(settings.get("deep_link_return_url"))
    if not is_https_url(return_url):
        raise ClaimError("does not say where the chosen links go (deep_link_return_url)")
    if LINK_ITEM not in read_texts(settings.get("accept_types")):
        raise ClaimError(f"does not accept links to a tool (accept_types lacks {LINK_ITEM})")
    data = settings.get("data")
    if data is not None and not (isinstance(data, str) and len(data) <= MAX_DATA_CHARACTERS):
        raise ClaimError("has data for the answer that is not text, or is too long (data)")
    return DeepLinkRequest(
        return_url=return_url,
        data=data,
        accepts_multiple=settings.get("accept_multiple") is True,
        accepts_line_items=settings.get("accept_lineitem") is not False,
        accepts_windows="window"
        in read_texts(settings.get("accept_presentation_document_targets")),
    )


def _get_object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _read_object(claims.get(f"{CLAIM}{name}"))


def _read_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _require_id(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ClaimError(f"does not name the {what}")
    if len(value) > MAX_ID_CHARACTERS or REPLACEMENT in value:
        raise ClaimError(f"has an unusable id of the {what}")
    return value


def _read_roles(claims: Mapping[str, Any]) -> tuple[str, ...]:
    if not isinstance(claims.get(f"{CLAIM}roles"), list):
        raise ClaimError("does not name the roles of the user")
    return read_texts(claims[f"{CLAIM}roles"])


def read_texts(values: object) -> tuple[str, ...]:
    """Return the texts of a list; anything else has none."""
    return tuple(
        value for value in (values if isinstance(values, list) else ()) if isinstance(value, str)
    )


def read_text(value: object) -> str:
    """Return a text on one line, shortened; "" for anything else."""
    text = value if isinstance(value, str) else ""
    return " ".join(text.replace(REPLACEMENT, "").split())[:MAX_TEXT_CHARACTERS]


def read_name(claims: Mapping[str, Any]) -> str:
    """Return the name of a person, "" if the platform does not tell it."""
    pieces = (read_text(claims.get(name)) for name in ("given_name", "family_name"))
    return read_text(claims.get("name")) or " ".join(piece for piece in pieces if piece)


def _read_url(value: object) -> str:
    is_usable = isinstance(value, str) and value.startswith("https://")
    return str(value) if is_usable and len(str(value)) <= MAX_URL_CHARACTERS else ""
