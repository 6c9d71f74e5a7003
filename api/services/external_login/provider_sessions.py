"""Provider logins that began sessions; the logout at the provider sends their ID tokens back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from api.db.models import LoginSession, ProviderSession

LOGOUT_RETURN_PATH: Final = "/logged-out"
"""Path to which a provider sends the browser back after the logout there."""
MAX_ID_TOKEN_CHARACTERS: Final = 4_000
"""A longer token is not stored: together with the rest, many servers refuse the address."""


@dataclass(frozen=True, slots=True)
class ProviderLogin:
    """Provider login that began a session."""

    provider: str
    id_token: str = field(repr=False)


def shorten_id_token(id_token: str) -> str:
    """Return a token for the logout to send back, "" if it is too long."""
    return id_token if len(id_token) <= MAX_ID_TOKEN_CHARACTERS else ""


def store_provider_login(
    session: Session, session_id: UUID, login: ProviderLogin, *, now: datetime
) -> None:
    """Store the provider login that began a session, and delete those of ended sessions."""
    is_ended = or_(LoginSession.revoked_at.is_not(None), LoginSession.expires_at <= now)
    ended = select(LoginSession.id).where(is_ended)
    session.execute(
        delete(ProviderSession)
        .where(ProviderSession.session_id.in_(ended))
        .execution_options(synchronize_session=False)
    )
    session.add(
        ProviderSession(session_id=session_id, provider=login.provider, id_token=login.id_token)
    )


def take_provider_login(session: Session, session_id: UUID) -> ProviderLogin | None:
    """Delete and return the provider login that began a session, None if there is none."""
    row = session.get(ProviderSession, session_id)
    if row is None:
        return None
    session.delete(row)
    return ProviderLogin(row.provider, row.id_token)
