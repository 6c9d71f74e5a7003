"""Origins that may frame the page of a refused launch: those of its platform, and no others."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import LtiLaunch, LtiPlatform
from api.services.lti.launches.initiation import LoginRequest, compute_digest


def find_login_origins(session: Session, request: LoginRequest) -> Collection[str]:
    """Return the origins of the platform that begins a launch, none if it is unknown.

    It may be disabled; its page then says so. For an unknown client, it is the only platform of the
    issuer, whose pages need not name their origin.
    """
    of_issuer = select(LtiPlatform.origins).where(LtiPlatform.issuer == request.issuer)
    of_client = of_issuer.where(LtiPlatform.client_id == request.client_id)
    for query in (of_client, of_issuer) if request.client_id else (of_issuer,):
        rows = session.scalars(query.limit(2)).all()
        if rows:
            return rows[0] if len(rows) == 1 else ()
    return ()


def find_launch_origins(session: Session, secret: str) -> Collection[str]:
    """Return the origins of the platform of a launch, none if it is unknown.

    *secret* is the state or the token of the launch, which may have ended.
    """
    origins = session.scalar(
        select(LtiPlatform.origins)
        .join(LtiLaunch, LtiLaunch.platform_id == LtiPlatform.id)
        .where(LtiLaunch.digest == compute_digest(secret))
    )
    return origins or ()


def find_registered_origin(session: Session, origin: str) -> Collection[str]:
    """Return *origin* alone if a platform has it, also a disabled one; otherwise none."""
    rows = session.scalars(select(LtiPlatform.origins))
    return (origin,) if any(origin in origins for origins in rows) else ()
