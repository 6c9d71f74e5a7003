"""Pending logins at a provider: one row per browser and attempt, used once within ten minutes.

The browser has the only secret, in a cookie. State, nonce and PKCE verifier are derived from it, so
that the database holds none of them.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.core.errors import Forbidden
from api.core.ids import new_id
from api.db.models import LoginFlow
from api.services.external_login.identities import AssertedIdentity

FLOW_LIFETIME: Final = timedelta(minutes=10)
START_AGAIN: Final = (
    "This login was started in another browser or tab, took more than ten "
    "minutes, or is already finished. Start again."
)
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class FlowSecret:
    """Secret of a pending login, which only the browser holds."""

    text: str = field(repr=False)

    @classmethod
    def create(cls) -> "FlowSecret":
        """Create an unguessable secret."""
        return cls(secrets.token_urlsafe(SECRET_BYTES))

    @property
    def state(self) -> str:
        """The state that the provider sends back."""
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """The nonce that the ID token must contain."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """The code verifier of PKCE."""
        return self._derive("verifier")

    @property
    def challenge(self) -> str:
        """The code challenge of PKCE, by the method S256."""
        return _encode_base64url(sha256(self.verifier.encode()).digest())

    @property
    def digest(self) -> bytes:
        """The digest of the state, by which the row is found."""
        return sha256(self.state.encode()).digest()

    def _derive(self, purpose: Literal["state", "nonce", "verifier"]) -> str:
        return _encode_base64url(hmac.digest(self.text.encode(), purpose.encode(), "sha256"))


def _encode_base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def store_login_flow(
    session: Session, secret: FlowSecret, *, provider: str, next_path: str, now: datetime
) -> LoginFlow:
    """Store a new login, and delete expired ones."""
    session.execute(delete(LoginFlow).where(LoginFlow.expires_at <= now))
    flow = LoginFlow(
        id=new_id(),
        digest=secret.digest,
        provider=provider,
        next_path=next_path,
        expires_at=now + FLOW_LIFETIME,
    )
    session.add(flow)
    return flow


def consume_state(
    session: Session, secret: FlowSecret, state: str, *, provider: str, now: datetime
) -> None:
    """Mark the pending login as answered by its provider.

    Raises `Forbidden` if the state belongs to another browser or provider, was used or has expired.
    """
    is_same = hmac.compare_digest(state.encode(), secret.state.encode())
    answered = (
        update(LoginFlow)
        .where(
            LoginFlow.digest == secret.digest,
            LoginFlow.provider == provider,
            LoginFlow.answered_at.is_(None),
            LoginFlow.expires_at > now,
        )
        .values(answered_at=now)
        .returning(LoginFlow.id)
    )
    if not is_same or session.scalar(answered) is None:
        raise Forbidden(START_AGAIN)


def lock_answered_flow(session: Session, secret: FlowSecret, *, now: datetime) -> LoginFlow:
    """Lock and return the login of this browser, whose state has just been used."""
    flow = session.scalar(
        select(LoginFlow)
        .where(
            LoginFlow.digest == secret.digest,
            LoginFlow.answered_at == now,
            LoginFlow.expires_at > now,
        )
        .with_for_update()
    )
    if flow is None:
        raise Forbidden(START_AGAIN)
    return flow


def store_identity_to_link(flow: LoginFlow, asserted: AssertedIdentity, *, now: datetime) -> None:
    """Store the identity that waits to be linked to an existing account."""
    flow.answered_at = flow.answered_at or now
    flow.issuer, flow.subject = asserted.issuer, asserted.subject
    flow.email, flow.name = asserted.email, asserted.name
    flow.id_token = asserted.id_token


def load_flow_and_awaiting_identity(
    session: Session, secret: FlowSecret, *, now: datetime
) -> tuple[LoginFlow, AssertedIdentity]:
    """Return the login of this browser that waits for a link; raise `Forbidden` without one."""
    flow = session.scalar(
        select(LoginFlow).where(LoginFlow.digest == secret.digest, LoginFlow.expires_at > now)
    )
    if flow is None or flow.issuer is None or flow.subject is None:
        raise Forbidden(START_AGAIN)
    identity = AssertedIdentity(
        flow.issuer, flow.subject, flow.email, flow.name or "", flow.id_token
    )
    return flow, identity


def end_flow(session: Session, secret: FlowSecret) -> None:
    """Delete a login that has ended."""
    session.execute(delete(LoginFlow).where(LoginFlow.digest == secret.digest))
