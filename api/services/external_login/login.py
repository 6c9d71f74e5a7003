"""Login with an asserted identity: open its account, create one, or ask for a link to one."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.passwords import PasswordHasher
from api.config.settings import ServiceSettings
from api.core.errors import Forbidden, InvalidInput
from api.db.engine import Database
from api.db.models import LoginFlow, User
from api.services.accounts import sessions
from api.services.accounts.acceptance import (
    LinkAcceptance,
    consume_link,
    require_link_and_consume_limit,
)
from api.services.accounts.login import LoginAttempt, find_session_id, log_in
from api.services.accounts.sessions import NewSession
from api.services.external_login import flows, identities
from api.services.external_login.flows import START_AGAIN, FlowSecret
from api.services.external_login.identities import AssertedIdentity
from api.services.external_login.provider_sessions import ProviderLogin, store_provider_login

NO_PROOF = "Enter the password of this account, or your invitation link."


@dataclass(frozen=True, slots=True)
class LinkProof:
    """Proof that an account is one's own: its password, or a link from its staff.

    *address* is the network address, *device* the secret of a known browser.
    """

    address: str
    device: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AwaitingLink:
    """Identity of a first login, and the existing account that has its address."""

    provider: str
    identity: AssertedIdentity
    user_id: UUID
    account_name: str
    account_email: str


def log_in_or_await_link(
    session: Session,
    flow: LoginFlow,
    asserted: AssertedIdentity,
    *,
    settings: ServiceSettings,
    now: datetime,
    previous_cookie: str = "",
) -> NewSession | None:
    """Return a new session for an identity, or None if it waits for a link to an account.

    Raises `Forbidden` for a suspended account, and for somebody unknown who gets none.
    """
    user = _find_or_create_account(session, asserted, settings=settings, now=now)
    if user is None:
        flows.store_identity_to_link(flow, asserted, now=now)
        return None
    session.delete(flow)
    new_session = _begin_session(session, user, now=now, previous_cookie=previous_cookie)
    _store_provider(session, new_session, flow, asserted, now=now)
    return new_session


def log_in_directly(
    session: Session,
    secret: FlowSecret,
    asserted: AssertedIdentity,
    *,
    next_path: str,
    settings: ServiceSettings,
    now: datetime,
    previous_cookie: str = "",
) -> NewSession | None:
    """Return a new session for an identity that a proxy asserts in the request itself.

    Returns None if the identity waits for a link to an account; only then a pending login of
    *secret* is stored. Raises the errors of `log_in_or_await_link`.
    """
    user = _find_or_create_account(session, asserted, settings=settings, now=now)
    if user is None:
        flow = flows.store_login_flow(session, secret, provider="", next_path=next_path, now=now)
        flows.store_identity_to_link(flow, asserted, now=now)
        return None
    return _begin_session(session, user, now=now, previous_cookie=previous_cookie)


def _find_or_create_account(
    session: Session, asserted: AssertedIdentity, *, settings: ServiceSettings, now: datetime
) -> User | None:
    """Return the account that an identity opens, or None if it may be linked to another one."""
    user = identities.find_account(session, asserted)
    if user is not None:
        return user
    if identities.find_linkable_account(session, asserted) is not None:
        return None
    return identities.create_account(session, asserted, new_accounts=settings.new_accounts, now=now)


def _store_provider(
    session: Session,
    new_session: NewSession,
    flow: LoginFlow,
    asserted: AssertedIdentity,
    *,
    now: datetime,
) -> None:
    """Store the provider login that began a session; a login by a proxy has no logout."""
    if flow.provider:
        login = ProviderLogin(flow.provider, asserted.id_token)
        store_provider_login(session, new_session.session_id, login, now=now)


def _begin_session(
    session: Session, user: User, *, now: datetime, previous_cookie: str
) -> NewSession:
    sessions.end_sessions_and_tokens_for_event(
        session,
        "login",
        [user.id],
        now=now,
        current_session=find_session_id(session, previous_cookie),
    )
    return sessions.create_session(session, user, now=now)


def load_awaiting_link(session: Session, secret: FlowSecret, *, now: datetime) -> AwaitingLink:
    """Return what this browser may link; raise `Forbidden` if there is nothing."""
    flow, identity = flows.load_flow_and_awaiting_identity(session, secret, now=now)
    user = identities.find_linkable_account(session, identity)
    if user is None or user.email is None:
        raise Forbidden(START_AGAIN)
    return AwaitingLink(flow.provider, identity, user.id, user.name, user.email)


def link_account(
    db: Database,
    secret: FlowSecret,
    proof: LinkProof,
    *,
    passwords: PasswordHasher,
    now: datetime,
    previous_cookie: str = "",
) -> tuple[NewSession, str]:
    """Link the waiting identity to the account with its address; return a session and a path.

    Raises `InvalidInput` without a proof, and the errors of a password login or of a link.
    """
    with db.reading() as session:
        awaiting = load_awaiting_link(session, secret, now=now)
    if proof.password:
        attempt = LoginAttempt(
            awaiting.account_email, proof.address, now, proof.password, proof.device
        )
        new_session = log_in(db, attempt, passwords=passwords, previous_cookie=previous_cookie)
    elif not proof.link:
        raise InvalidInput(NO_PROOF)
    else:
        acceptance = LinkAcceptance(proof.address, now, proof.link, "")
        require_link_and_consume_limit(db, acceptance)
        with db.transaction() as session:
            user = consume_link(session, acceptance, owner=awaiting.user_id)
            new_session = _begin_session(session, user, now=now, previous_cookie=previous_cookie)
            return new_session, _finish_link(session, secret, new_session, now=now)
    with db.transaction() as session:
        return new_session, _finish_link(session, secret, new_session, now=now)


def _finish_link(
    session: Session, secret: FlowSecret, new_session: NewSession, *, now: datetime
) -> str:
    """Link the waiting identity to an account, end the flow, and return the path to go on to."""
    flow, identity = flows.load_flow_and_awaiting_identity(session, secret, now=now)
    next_path = flow.next_path
    identities.link_identity(session, new_session.user.id, identity, now=now)
    _store_provider(session, new_session, flow, identity, now=now)
    flows.end_flow(session, secret)
    return next_path
