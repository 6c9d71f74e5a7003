"""Corrections of registered platforms: new values for all fields but issuer and client id."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import NotFound
from api.db.models import LtiPlatform
from api.http.etags import IfMatchVersions
from api.services.audit import recorder
from api.services.lti.platforms.registry import (
    UNKNOWN_PLATFORM,
    URL_FIELDS,
    PlatformValues,
    check_values,
    list_origins,
    lock_platform,
)
from api.services.lti.protocol.addresses import get_origin, is_https_url

CHANGEABLE_FIELDS: Final = ("name", "origin", *URL_FIELDS, "audience", "vouches_email")
"""Fields that can be corrected; issuer and client id identify a platform."""


def load_platform_values(session: Session, platform_id: UUID) -> tuple[PlatformValues, int]:
    """Return the values of a platform, without its deployments, and the version of the platform.

    Raises `NotFound`.
    """
    platform = session.get(LtiPlatform, platform_id)
    if platform is None:
        raise NotFound(UNKNOWN_PLATFORM)
    return _read_values(platform), platform.version


def _read_values(platform: LtiPlatform) -> PlatformValues:
    return PlatformValues(
        name=platform.name,
        issuer=platform.issuer,
        client_id=platform.client_id,
        authorization_url=platform.authorization_url,
        token_url=platform.token_url,
        jwks_url=platform.jwks_url,
        origin=_find_registered_origin(platform),
        audience=platform.audience,
        vouches_email=platform.vouches_email,
    )


def _find_registered_origin(platform: LtiPlatform) -> str:
    """Return the address of a platform, which is stored among its `origins` only.

    It may be that of the authorization URL. A correction of this URL must then keep it.
    """
    issuer_origin = get_origin(platform.issuer) if is_https_url(platform.issuer) else ""
    authorization_origin = get_origin(platform.authorization_url)
    others = [one for one in platform.origins if one not in {issuer_origin, authorization_origin}]
    if others:
        return str(others[0])
    return authorization_origin if authorization_origin in platform.origins else issuer_origin


def change_platform(
    session: Session,
    caller: Principal | None,
    platform_id: UUID,
    changes: Mapping[str, Any],
    *,
    expected: IfMatchVersions,
    now: datetime,
) -> LtiPlatform:
    """Correct values of a platform; *changes* are new ones of the `CHANGEABLE_FIELDS`.

    Raises `NotFound`, `PreconditionFailed` unless *expected* has the version of the platform, and
    `InvalidInput` for an invalid value.
    """
    platform = lock_platform(session, platform_id)
    expected.check(platform.version)
    before = _read_values(platform)
    values = replace(before, **changes)
    check_values(values)
    changed = [name for name in CHANGEABLE_FIELDS if getattr(values, name) != getattr(before, name)]
    if not changed:
        return platform
    for name in changed:
        if name != "origin":
            setattr(platform, name, getattr(values, name))
    platform.origins = list_origins(values)
    platform.version += 1
    recorder.record_action(
        session,
        caller,
        "lti_platform.changed",
        now=now,
        target=("lti_platform", platform.id),
        change=(
            {name: getattr(before, name) for name in changed},
            {name: getattr(values, name) for name in changed},
        ),
    )
    return platform
