"""Operations of administrators from the command line, directly in the database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.auth.roles import grantable_scopes
from api.auth.scopes import SCOPE_GRANTS, Scope
from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.core.errors import FileError, ServiceError
from api.db.engine import Database
from api.db.models import Token, User
from api.db.wait_for_database import explain_database_error, find_missing_sqlite_file
from api.http.field_types import Email, Line
from api.services.accounts import accounts, tokens
from api.services.accounts.invitation_tokens import PasswordLink

EMAIL_ADAPTER: TypeAdapter[str] = TypeAdapter(Email)
NAME_ADAPTER: TypeAdapter[str] = TypeAdapter(Line)
TOKEN_PREFIX: Final = "gr_api_"  # noqa: S105  # not a secret
T = TypeVar("T")


def add_user(settings: ServiceSettings, email: str, name: str, *, admin: bool) -> tuple[str, str]:
    """Create an account; return its link and when the link expires."""
    address, display_name = (
        normalize_text(EMAIL_ADAPTER, email, "e-mail address"),
        normalize_text(NAME_ADAPTER, name, "name"),
    )

    def create_account(session: Session) -> PasswordLink:
        now = system_clock()
        accounts.create_user(session, address, display_name, admin=admin, now=now)
        return accounts.create_invite_or_reset_link(
            session, address, public_url=settings.public_url, now=now
        )

    return _format_link(run_in_transaction(settings, create_account))


def create_password_link(settings: ServiceSettings, email: str) -> tuple[str, str]:
    """Return a link for an account and when the link expires."""
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")
    link = run_in_transaction(
        settings,
        lambda session: accounts.create_invite_or_reset_link(
            session, address, public_url=settings.public_url, now=system_clock()
        ),
    )
    return _format_link(link)


def create_token(
    settings: ServiceSettings, email: str, *, scopes: str, days: int
) -> tuple[str, str]:
    """Return a new token of an account and when it expires.

    *scopes* are names separated by commas; "" means all scopes that its owner can use.
    """
    address, now = normalize_text(EMAIL_ADAPTER, email, "e-mail address"), system_clock()
    requested_scopes = _parse_scopes(scopes)

    def issue_token(session: Session) -> tuple[str, str]:
        owner = accounts.load_user_by_email(session, address)
        if owner.suspended_at is not None:
            raise FileError("the account is suspended, so its tokens do not work")
        default_scopes = grantable_scopes(tokens.load_highest_role(session, owner) or "student")
        token, secret = tokens.create_token(
            session,
            owner,
            actor=None,
            name="command line",
            scopes=requested_scopes or default_scopes,
            days=days,
            course=None,
            now=now,
        )
        return secret.text, _format_minutes(token.expires_at or now)

    return run_in_transaction(settings, issue_token)


def list_user_lines(settings: ServiceSettings) -> list[str]:
    """Return a line for each account: e-mail address, name and state."""
    accounts_by_name = (
        select(User).where(User.erased_at.is_(None)).order_by(User.sort_name, User.id)
    )
    return run_in_transaction(
        settings, lambda session: [_format_user(user) for user in session.scalars(accounts_by_name)]
    )


def revoke_credentials(settings: ServiceSettings, email: str) -> str:
    """Revoke all sessions and tokens of an account; return its owner's name."""
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")
    return run_in_transaction(
        settings,
        lambda session: accounts.revoke_access(session, address, now=system_clock()).name,
    )


def list_token_lines(settings: ServiceSettings, email: str) -> list[str]:
    """Return a line for each token of an account that is not revoked, newest first."""
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")

    def load_lines(session: Session) -> list[str]:
        owner = accounts.load_user_by_email(session, address)
        return [_format_token(one) for one in tokens.list_tokens(session, owner.id)]

    return run_in_transaction(settings, load_lines)


def revoke_token(settings: ServiceSettings, email: str, beginning: str) -> str:
    """Revoke the token of an account with this *beginning*; return the token's name."""
    address = normalize_text(EMAIL_ADAPTER, email, "e-mail address")
    prefix = beginning.removeprefix(TOKEN_PREFIX)

    def revoke_match(session: Session) -> str:
        owner = accounts.load_user_by_email(session, address)
        matches = [one for one in tokens.list_tokens(session, owner.id) if one.prefix == prefix]
        if not matches:
            raise FileError(
                "the account has no such token. `grader token list` shows how each begins"
            )
        tokens.revoke_token_as_operator(session, matches[0], now=system_clock())
        return matches[0].name

    return run_in_transaction(settings, revoke_match)


def _format_token(token: Token) -> str:
    used = _format_minutes(token.last_used_at) if token.last_used_at else "never used"
    ends = _format_minutes(token.expires_at) if token.expires_at else "no end"
    return "\t".join((TOKEN_PREFIX + token.prefix, ",".join(token.scopes), ends, used, token.name))


def _format_user(user: User) -> str:
    flags = {
        "administrator": user.is_admin,
        "no password yet": user.password_hash is None,
        "must set a new password": user.has_locked_password,
        "suspended": user.suspended_at is not None,
    }
    columns = [user.email or "-", user.name, ", ".join(name for name, so in flags.items() if so)]
    return "\t".join(columns).rstrip("\t")


def _parse_scopes(text: str) -> Sequence[Scope]:
    names = [one.strip() for one in text.split(",")] if text else []
    if set(names) - set(SCOPE_GRANTS):
        raise FileError(f"the scopes are {', '.join(SCOPE_GRANTS)}, separated by commas")
    return [scope for scope in SCOPE_GRANTS if scope in names]


def normalize_text(adapter: TypeAdapter[str], text: str, label: str) -> str:
    """Return *text* as *adapter* reads it; raise `FileError` if it is no such *label*."""
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise FileError(f"{text!r} is no {label} that can be used") from error


def run_in_transaction(settings: ServiceSettings, work: Callable[[Session], T]) -> T:
    """Return the result of *work* in a committed transaction; its errors become `FileError`."""
    with open_database(settings) as db, db.transaction() as session:
        return work(session)


@contextmanager
def open_database(settings: ServiceSettings) -> Iterator[Database]:
    """Yield the database; its errors become `FileError` with one sentence."""
    missing = find_missing_sqlite_file(settings.database)
    if missing:
        raise FileError(f"there is no database at {missing}. Run: grader db upgrade")
    db = Database(settings.database)
    try:
        yield db
    except ServiceError as error:
        raise FileError(error.detail) from error
    except SQLAlchemyError as error:
        raise FileError(explain_database_error(error)) from error
    finally:
        db.close()


def _format_link(link: PasswordLink) -> tuple[str, str]:
    return link.url, _format_minutes(link.expires_at)


def _format_minutes(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="minutes")
