"""Operations on the identities of accounts from the command line, directly in the database."""

from typing import Final

from sqlalchemy.orm import Session

from api.cli.operations.admin import EMAIL_ADAPTER, normalize_text, run_in_transaction
from api.config.login_header import ProxyLogin
from api.config.oidc_settings import PROXY_ID, parse_oidc_providers
from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.core.errors import FileError
from api.services.accounts.accounts import load_user_by_email
from api.services.external_login import identities, linked_identities
from api.services.external_login.identities import AssertedIdentity

MAX_SUBJECT_CHARACTERS: Final = 255


def link_identity(settings: ServiceSettings, email: str, provider: str, subject: str) -> str:
    """Link a *subject* of a provider to an account; return the name of its owner."""
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")
    identity = _parse_identity(settings, provider, subject)

    def link(session: Session) -> str:
        user = load_user_by_email(session, address)
        identities.link_identity(session, user.id, identity, now=system_clock())
        return user.name

    return run_in_transaction(settings, link)


def unlink_identity(settings: ServiceSettings, email: str, provider: str, subject: str) -> str:
    """Unlink a *subject* of a provider from an account; return the name of its owner.

    The *provider* can also be an issuer, because a link outlives the provider in the settings.
    """
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")
    if ":" in provider:
        _check_subject(subject)
        identity = AssertedIdentity(provider, subject, None, subject)
    else:
        identity = _parse_identity(settings, provider, subject)

    def unlink(session: Session) -> str:
        user = load_user_by_email(session, address)
        linked_identities.unlink_as_operator(session, user, identity, now=system_clock())
        return user.name

    return run_in_transaction(settings, unlink)


def list_identity_lines(settings: ServiceSettings, email: str) -> list[str]:
    """Return a line for each identity that opens an account, oldest first."""
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")

    def load_lines(session: Session) -> list[str]:
        user = load_user_by_email(session, address)
        return [
            f"{row.issuer}\t{row.subject}\t{row.created_at.isoformat(sep=' ', timespec='minutes')}"
            for row in linked_identities.list_provider_identities(session, user.id)
        ]

    return run_in_transaction(settings, load_lines)


def _parse_identity(settings: ServiceSettings, provider: str, subject: str) -> AssertedIdentity:
    """Return the identity of a *subject* of the provider with this id."""
    _check_subject(subject)
    issuers = {one.id: one.issuer for one in parse_oidc_providers(settings.oidc)}
    if provider == PROXY_ID and settings.login_header:
        issuers[PROXY_ID] = ProxyLogin.parse(settings.login_header).issuer
        subject = subject.encode().lower().decode()  # as `ProxyLogin.find_user` reads names
    if provider not in issuers:
        known = ", ".join(issuers) or "none: set GRADER_OIDC or GRADER_LOGIN_HEADER"
        raise FileError(f"there is no provider {provider!r}; the settings have {known}")
    return AssertedIdentity(issuers[provider], subject, None, subject)


def _check_subject(subject: str) -> None:
    """Raise `FileError` if no provider sends such a *subject*."""
    if subject != subject.strip() or not subject.isprintable() or not subject:
        raise FileError(f"{subject!r} is no subject of a provider")
    if len(subject) > MAX_SUBJECT_CHARACTERS:
        raise FileError(f"a subject has at most {MAX_SUBJECT_CHARACTERS} characters")
