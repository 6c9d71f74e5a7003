"""Dynamic registration: a platform registers itself by a link that works once.

An administrator creates the link and pastes it into the platform. Without such a link anybody
could register a fake platform and launch as a teacher.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import Forbidden, InvalidInput
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import LtiPlatform, LtiRegistrationLink
from api.services.audit import recorder
from api.services.lti.platforms.configuration import (
    PLATFORM_FIELD,
    REGISTRATION_FIELD,
    ToolAddresses,
    build_registration,
)
from api.services.lti.platforms.registry import PlatformValues, add_platform
from api.services.lti.protocol.addresses import PlatformError, get_origin, is_https_url
from api.services.lti.protocol.claims import MAX_TEXT_CHARACTERS

if TYPE_CHECKING:
    from api.services.lti.protocol.public_http import PlatformHttp

LINK_LIFETIME: Final = timedelta(hours=24)
SECRET_BYTES: Final = 32
ENDPOINTS: Final = (
    *("authorization_endpoint", "token_endpoint", "jwks_uri"),
    "registration_endpoint",
)
"""Endpoints in the metadata of a platform that browsers or Grader contact."""
CANVAS_SUFFIX: Final = ".instructure.com"
CANVAS_ORIGINS: Final = frozenset(
    f"https://canvas{environment}{CANVAS_SUFFIX}" for environment in ("", ".beta", ".test")
)
"""Origins of Canvas whose issuers and metadata all schools share that Instructure hosts."""
OTHER_PLATFORM: Final = "{url} is not at {origin}, for which the link was created"
LINK_ENDED: Final = (
    "This link was used, has expired, or is not complete. An administrator of Grader can create "
    "another one."
)


@dataclass(frozen=True, slots=True)
class NewRegistrationLink:
    """New link, which is shown once."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """Request of a platform to be registered: where its metadata are, and its token, if any."""

    secret: str = field(repr=False)
    openid_configuration: str
    token: str = field(repr=False)


def create_registration_link(
    session: Session,
    caller: Principal | None,
    *,
    name: str,
    origin: str,
    addresses: ToolAddresses,
    now: datetime,
) -> NewRegistrationLink:
    """Create a link by which the platform at *origin* registers itself, once, within a day."""
    if not 0 < len(name) <= MAX_TEXT_CHARACTERS:
        raise InvalidInput.for_field("name", "must be filled in")
    if not is_https_url(origin):
        raise InvalidInput.for_field("origin", "must be the https address of the platform")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row = LtiRegistrationLink(
        id=new_id(),
        digest=_hash_secret(secret),
        name=name,
        origin=get_origin(origin),
        created_by=None if caller is None else caller.id,
        created_at=now,
        expires_at=now + LINK_LIFETIME,
    )
    session.add(row)
    recorder.record_action(
        session, caller, "lti_platform.invited", now=now, change=({}, {"origin": row.origin})
    )
    return NewRegistrationLink(f"{addresses.public_url}/lti/register/{secret}", row.expires_at)


def _hash_secret(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def find_registration_link(session: Session, secret: str, *, now: datetime) -> LtiRegistrationLink:
    """Return a link that can be used; raise `Forbidden` otherwise."""
    row = _find_link_row(session, secret)
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise Forbidden(LINK_ENDED)
    return row


def find_registration_link_origin(session: Session, secret: str) -> str:
    """Return the address of the platform of a link, also of one that has ended; "" without one."""
    row = _find_link_row(session, secret)
    return "" if row is None else row.origin


def _find_link_row(session: Session, secret: str) -> LtiRegistrationLink | None:
    presented = _hash_secret(secret)
    row = session.scalar(select(LtiRegistrationLink).where(LtiRegistrationLink.digest == presented))
    return row if row is not None and hmac.compare_digest(row.digest, presented) else None


class RegistrationResult(NamedTuple):
    """A registered platform, and whether it named its deployment."""

    platform: LtiPlatform
    has_deployment: bool


def register_platform(
    db: Database,
    http: "PlatformHttp",
    request: RegistrationRequest,
    *,
    addresses: ToolAddresses,
    now: datetime,
) -> RegistrationResult:
    """Register this tool at a platform, and the platform here.

    Raises `Forbidden` for a link that has ended, and `InvalidInput` if the platform refuses or its
    metadata are not usable; the link can then be used again.
    """
    with db.transaction() as session:
        link_id, name, origin = _consume_registration_link(session, request.secret, now=now)
    try:
        values = _register_tool(http, request, name=name, origin=origin, addresses=addresses)
        with db.transaction() as session:
            platform = add_platform(session, None, values, now=now)
            return RegistrationResult(platform, bool(values.deployments))
    except BaseException as error:
        with db.transaction() as session:
            session.get_one(LtiRegistrationLink, link_id).used_at = None
        if isinstance(error, PlatformError):
            raise InvalidInput(f"The platform was not registered: {error}.") from error
        raise


def _consume_registration_link(
    session: Session, secret: str, *, now: datetime
) -> tuple[UUID, str, str]:
    link = find_registration_link(session, secret, now=now)
    session.refresh(link, with_for_update=True)
    if link.used_at is not None:
        raise Forbidden(LINK_ENDED)
    link.used_at = now
    return link.id, link.name, link.origin


def _register_tool(
    http: "PlatformHttp",
    request: RegistrationRequest,
    *,
    name: str,
    origin: str,
    addresses: ToolAddresses,
) -> PlatformValues:
    """Fetch the metadata of the platform, send the registration, and return its values."""
    headers = {"Authorization": f"Bearer {request.token}"} if request.token else {}
    _check_origin(request.openid_configuration, origin)
    metadata = http.get_object(request.openid_configuration, headers=headers)
    urls = _read_endpoints(http, metadata)
    issuer, endpoint = _require_text_value(metadata, "issuer"), urls["registration_endpoint"]
    _check_origin(issuer, origin)
    registration = build_registration(addresses, placements=_read_placements(metadata))
    reply = http.send("POST", endpoint, headers=headers, body=registration)
    if not reply.is_success or not isinstance(reply.value, dict):
        raise PlatformError(f"{endpoint}: status {reply.status}")
    configuration = reply.value.get(REGISTRATION_FIELD)
    deployment = configuration.get("deployment_id") if isinstance(configuration, dict) else None
    return PlatformValues(
        name=name,
        issuer=issuer,
        client_id=_require_text_value(reply.value, "client_id"),
        authorization_url=urls["authorization_endpoint"],
        token_url=urls["token_endpoint"],
        jwks_url=urls["jwks_uri"],
        origin=origin,
        audience=_read_audience(metadata),
        deployments=(deployment,) if isinstance(deployment, str) and deployment else (),
    )


def _check_origin(url: str, origin: str) -> None:
    """Raise `PlatformError` unless *url* belongs to the platform at *origin*.

    Otherwise, anyone with the link could register their own platform.
    """
    allowed = {origin} | (CANVAS_ORIGINS if origin.endswith(CANVAS_SUFFIX) else frozenset())
    if not is_https_url(url) or get_origin(url) not in allowed:
        raise PlatformError(OTHER_PLATFORM.format(url=url[:MAX_TEXT_CHARACTERS], origin=origin))


def _read_endpoints(http: "PlatformHttp", metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return the endpoints of a platform; raise `PlatformError` unless all are public.

    They are checked before this tool is registered there, which cannot be undone.
    """
    urls = {name: _require_text_value(metadata, name) for name in ENDPOINTS}
    for name, url in urls.items():
        try:
            http.require_public_url(url)
        except PlatformError as error:
            raise PlatformError(f"its {name} cannot be used: {error}") from error
    return urls


def _read_audience(metadata: Mapping[str, Any]) -> str:
    """Return the audience of access tokens, "" for the token URL.

    Canvas names the bare host of its authorization server, and accepts only its token URL.
    """
    server = metadata.get("authorization_server")
    return server if isinstance(server, str) and is_https_url(server) else ""


def _read_placements(metadata: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the placements that a platform offers for each type of message."""
    configuration = metadata.get(PLATFORM_FIELD)
    messages = configuration.get("messages_supported") if isinstance(configuration, dict) else None
    offered: dict[str, frozenset[str]] = {}
    for message in messages if isinstance(messages, list) else []:
        kind = message.get("type") if isinstance(message, dict) else None
        names = message.get("placements") if isinstance(message, dict) else None
        if isinstance(kind, str) and isinstance(names, list):
            offered[kind] = frozenset(name for name in names if isinstance(name, str))
    return offered


def _require_text_value(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise PlatformError(f"its reply lacks {name}")
    return value
