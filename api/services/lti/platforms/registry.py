"""Registered platforms: added, listed, disabled, and found for a launch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import Conflict, FieldError, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import LtiDeployment, LtiPlatform
from api.services.audit import recorder
from api.services.lti.protocol.addresses import get_origin, is_https_url
from api.services.lti.protocol.claims import (
    MAX_ID_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_URL_CHARACTERS,
)

MAX_ISSUER_CHARACTERS = 500
URL_FIELDS = ("authorization_url", "token_url", "jwks_url")
UNKNOWN_PLATFORM = "There is no such platform."
KNOWN_PLATFORM = "A platform with this issuer and client id is already registered."


@dataclass(frozen=True, slots=True)
class PlatformValues:
    """Values of a platform, as its administrator copies them; *origin* is its address."""

    name: str
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    jwks_url: str
    origin: str = ""
    audience: str = ""
    vouches_email: bool = False
    deployments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredPlatform:
    """Platform with its deployments."""

    platform: LtiPlatform
    deployments: tuple[str, ...]


def add_platform(
    session: Session, caller: Principal | None, values: PlatformValues, *, now: datetime
) -> LtiPlatform:
    """Register a platform.

    Raises `InvalidInput` for a value that is missing or invalid, and `Conflict` if it is known.
    """
    check_values(values)
    _check_not_registered(session, values.issuer, values.client_id)
    platform = LtiPlatform(
        id=new_id(),
        name=values.name,
        issuer=values.issuer,
        client_id=values.client_id,
        authorization_url=values.authorization_url,
        token_url=values.token_url,
        jwks_url=values.jwks_url,
        audience=values.audience,
        origins=list_origins(values),
        vouches_email=values.vouches_email,
        created_at=now,
    )
    session.add(platform)
    session.flush()
    for deployment in dict.fromkeys(values.deployments):
        _add_deployment_row(session, platform.id, deployment, now=now)
    recorder.record_action(
        session,
        caller,
        "lti_platform.added",
        now=now,
        target=("lti_platform", platform.id),
        change=({}, {"issuer": values.issuer, "client_id": values.client_id}),
    )
    return platform


def list_origins(values: PlatformValues) -> list[str]:
    """Return the origins that may show pages of a launch in a frame."""
    origins = {get_origin(values.authorization_url)}
    origins |= {get_origin(url) for url in (values.issuer, values.origin) if is_https_url(url)}
    return sorted(origins)


def check_values(values: PlatformValues) -> None:
    """Raise `InvalidInput` for a value that is missing or invalid."""
    errors = [
        FieldError(name, f"must be filled in, with at most {limit} characters")
        for name, limit in (
            ("name", MAX_TEXT_CHARACTERS),
            ("issuer", MAX_ISSUER_CHARACTERS),
            ("client_id", MAX_ID_CHARACTERS),
        )
        if not 0 < len(getattr(values, name)) <= limit
    ]
    errors += [
        FieldError(name, "must be an https address with a host name")
        for name in URL_FIELDS
        if not is_https_url(getattr(values, name))
        or len(getattr(values, name)) > MAX_URL_CHARACTERS
    ]
    if values.origin and not is_https_url(values.origin):
        errors.append(FieldError("origin", "must be an https address, or empty"))
    if len(values.audience) > MAX_URL_CHARACTERS:
        errors.append(FieldError("audience", f"has more than {MAX_URL_CHARACTERS} characters"))
    if not all(0 < len(one) <= MAX_ID_CHARACTERS for one in values.deployments):
        errors.append(FieldError("deployments", f"has more than {MAX_ID_CHARACTERS} characters"))
    if errors:
        raise InvalidInput("Some values of the platform are invalid.", errors=tuple(errors))


def _check_not_registered(session: Session, issuer: str, client_id: str) -> None:
    known = session.scalar(
        select(LtiPlatform.id).where(
            LtiPlatform.issuer == issuer, LtiPlatform.client_id == client_id
        )
    )
    if known is not None:
        raise Conflict(KNOWN_PLATFORM)


def add_deployment(
    session: Session,
    caller: Principal | None,
    platform_id: UUID,
    deployment_id: str,
    *,
    now: datetime,
) -> None:
    """Add a deployment to a platform; one that is known stays as it is.

    Raises `NotFound` and `InvalidInput`.
    """
    platform = lock_platform(session, platform_id)
    if not 0 < len(deployment_id) <= MAX_ID_CHARACTERS:
        raise InvalidInput.for_field("deployment", f"must have 1 to {MAX_ID_CHARACTERS} characters")
    if find_deployment(session, platform.id, deployment_id) is not None:
        return
    _add_deployment_row(session, platform.id, deployment_id, now=now)
    recorder.record_action(
        session,
        caller,
        "lti_platform.changed",
        now=now,
        target=("lti_platform", platform.id),
        change=({}, {"deployment": deployment_id}),
    )


def _add_deployment_row(
    session: Session, platform_id: UUID, deployment_id: str, *, now: datetime
) -> None:
    session.add(
        LtiDeployment(
            id=new_id(), platform_id=platform_id, deployment_id=deployment_id, created_at=now
        )
    )
    session.flush()


def lock_platform(session: Session, platform_id: UUID) -> LtiPlatform:
    """Lock and return a platform; raise `NotFound` if there is none."""
    platform = session.get(LtiPlatform, platform_id, with_for_update=True)
    if platform is None:
        raise NotFound(UNKNOWN_PLATFORM)
    return platform


def set_disabled(
    session: Session,
    caller: Principal | None,
    platform_id: UUID,
    *,
    is_disabled: bool,
    now: datetime,
) -> None:
    """Disable a platform, or enable it.

    The launches of a disabled platform are refused, its rosters are not fetched, and its scores
    wait. Sessions that began with a launch go on.
    """
    platform = lock_platform(session, platform_id)
    if (platform.disabled_at is not None) == is_disabled:
        return
    platform.disabled_at = now if is_disabled else None
    platform.version += 1
    recorder.record_action(
        session,
        caller,
        "lti_platform.changed",
        now=now,
        target=("lti_platform", platform.id),
        change=({}, {"disabled": is_disabled}),
    )


def list_platforms(session: Session) -> Sequence[RegisteredPlatform]:
    """Return all platforms by name, with their deployments."""
    deployments: dict[UUID, list[str]] = {}
    rows = session.execute(
        select(LtiDeployment.platform_id, LtiDeployment.deployment_id).order_by(LtiDeployment.id)
    )
    for platform_id, deployment_id in rows:
        deployments.setdefault(platform_id, []).append(deployment_id)
    platforms = session.scalars(select(LtiPlatform).order_by(LtiPlatform.name, LtiPlatform.id))
    return [
        RegisteredPlatform(platform, tuple(deployments.get(platform.id, ())))
        for platform in platforms
    ]


def find_platforms(session: Session, issuer: str, client_id: str) -> Sequence[LtiPlatform]:
    """Return the enabled platforms of an issuer, and of a client if *client_id* is not ""."""
    query = select(LtiPlatform).where(
        LtiPlatform.issuer == issuer, LtiPlatform.disabled_at.is_(None)
    )
    if client_id:
        query = query.where(LtiPlatform.client_id == client_id)
    return session.scalars(query.order_by(LtiPlatform.id)).all()


def find_deployment(
    session: Session, platform_id: UUID, deployment_id: str
) -> LtiDeployment | None:
    """Return a deployment of a platform, None if it is not registered."""
    return session.scalar(
        select(LtiDeployment).where(
            LtiDeployment.platform_id == platform_id,
            LtiDeployment.deployment_id == deployment_id,
        )
    )
