"""Deep Linking 2.0: the signed answer with the links that a teacher chose."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import RSAKey

from api.services.lti.protocol.claims import (
    ASSIGNMENT_PARAMETER,
    CLAIM,
    DEEP_LINK_CLAIM,
    LINK_ITEM,
    LTI_VERSION,
    DeepLinkRequest,
)
from api.services.lti.protocol.grade_service import LINE_ITEM_TAG, to_json_number

DEEP_LINK_RESPONSE: Final = "LtiDeepLinkingResponse"
LIFETIME: Final = timedelta(minutes=5)
NONCE_BYTES: Final = 16
WINDOW_NAME: Final = "grader"


@dataclass(frozen=True, slots=True)
class ChosenLink:
    """Link to an assignment: its id and title, its *maximum* points, and when it is due."""

    assignment_id: str
    title: str
    maximum: Fraction
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResponseParties:
    """Parties of an answer: the *client_id* that signs, the *issuer* it is for, the deployment."""

    client_id: str
    issuer: str
    deployment_id: str


def build_link_item(
    link: ChosenLink, request: DeepLinkRequest, *, launch_url: str
) -> dict[str, Any]:
    """Return the content item of a link that opens an assignment.

    Its line item has the id of the assignment as ``resourceId``, by which scores find it.
    """
    item: dict[str, Any] = {
        "type": LINK_ITEM,
        "title": link.title,
        "url": launch_url,
        "custom": {ASSIGNMENT_PARAMETER: link.assignment_id},
    }
    if request.accepts_line_items:
        item["lineItem"] = {
            "label": link.title,
            "scoreMaximum": to_json_number(link.maximum),
            "resourceId": link.assignment_id,
            "tag": LINE_ITEM_TAG,
        }
    if link.due_at is not None:
        item["submission"] = {"endDateTime": link.due_at.isoformat(timespec="seconds")}
    if request.accepts_windows:
        item["window"] = {"targetName": WINDOW_NAME}
    return item


def sign_response(
    key: RSAKey,
    parties: ResponseParties,
    request: DeepLinkRequest,
    items: Iterable[dict[str, Any]],
    *,
    now: datetime,
) -> str:
    """Return the signed answer to a request, as the form field ``JWT`` carries it."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": parties.client_id,
        "aud": [parties.issuer],
        "iat": issued_at,
        "exp": issued_at + int(LIFETIME.total_seconds()),
        "nonce": secrets.token_urlsafe(NONCE_BYTES),
        f"{CLAIM}version": LTI_VERSION,
        f"{CLAIM}message_type": DEEP_LINK_RESPONSE,
        f"{CLAIM}deployment_id": parties.deployment_id,
        f"{DEEP_LINK_CLAIM}content_items": list(items),
    }
    if request.data is not None:
        claims[f"{DEEP_LINK_CLAIM}data"] = request.data
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)
