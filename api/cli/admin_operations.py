"""Operations of administrators from the command line, directly in the database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.auth.roles import grantable
from api.auth.scopes import SCOPES, Scope
from api.config.settings import Settings
from api.core.clock import system_clock
from api.core.errors import FileError, ServiceError
from api.db.engine import Database
from api.db.models import Token, User
from api.db.wait_for_database import missing_file, why_unusable
from api.http.fields import Email, Line
from api.services.accounts import accounts, tokens
from api.services.accounts.invitation_tokens import Link

__all__ = [
    "add_user",
    "link_for",
    "listed_tokens",
    "listed_users",
    "opened",
    "revoke_all",
    "revoke_token",
    "token_for",
]

EMAIL: TypeAdapter[str] = TypeAdapter(Email)
NAME: TypeAdapter[str] = TypeAdapter(Line)
BEGINNING: Final = "gr_api_"
T = TypeVar("T")


def add_user(settings: Settings, email: str, name: str, *, admin: bool) -> tuple[str, str]:
    """Create an account; return its link and when the link expires."""
    address, told = _read(EMAIL, email, "e-mail address"), _read(NAME, name, "name")

    def work(session: Session) -> Link:
        now = system_clock()
        accounts.create(session, address, told, admin=admin, now=now)
        return accounts.link(session, address, public_url=settings.public_url, now=now)

    return _shown(_in_transaction(settings, work))


def link_for(settings: Settings, email: str) -> tuple[str, str]:
    """Return a link for an account and when the link expires."""
    address = _read(EMAIL, email, "e-mail address")
    link = _in_transaction(
        settings,
        lambda session: accounts.link(
            session, address, public_url=settings.public_url, now=system_clock()
        ),
    )
    return _shown(link)


def token_for(settings: Settings, email: str, *, scopes: str, days: int) -> tuple[str, str]:
    """Return a new token of an account and when it expires.

    *scopes* are names separated by commas; "" means all scopes that its owner can use.
    """
    address, now = _read(EMAIL, email, "e-mail address"), system_clock()
    wanted = _scopes(scopes)

    def work(session: Session) -> tuple[str, str]:
        owner = accounts.by_email(session, address)
        if owner.suspended_at is not None:
            raise FileError("the account is suspended; a token of it would open nothing")
        useful = grantable(tokens.highest(session, owner) or "student")
        token, secret = tokens.create(
            session,
            owner,
            by=None,
            name="command line",
            scopes=wanted or useful,
            days=days,
            course=None,
            now=now,
        )
        return secret.text, _minutes(token.expires_at or now)

    return _in_transaction(settings, work)


def listed_users(settings: Settings) -> list[str]:
    """Return a line for each account: e-mail address, name and state."""
    accounts_by_name = (
        select(User).where(User.erased_at.is_(None)).order_by(User.sort_name, User.id)
    )
    return _in_transaction(
        settings, lambda session: [_line(user) for user in session.scalars(accounts_by_name)]
    )


def revoke_all(settings: Settings, email: str) -> str:
    """Revoke all sessions and tokens of an account; return its owner's name."""
    address = _read(EMAIL, email, "e-mail address")
    return _in_transaction(
        settings,
        lambda session: accounts.shut_out(session, address, now=system_clock()).name,
    )


def listed_tokens(settings: Settings, email: str) -> list[str]:
    """Return a line for each token of an account that is not revoked, newest first."""
    address = _read(EMAIL, email, "e-mail address")

    def work(session: Session) -> list[str]:
        owner = accounts.by_email(session, address)
        return [_token_line(one) for one in tokens.tokens_of(session, owner.id)]

    return _in_transaction(settings, work)


def revoke_token(settings: Settings, email: str, beginning: str) -> str:
    """Revoke the token of an account with this *beginning*; return the token's name."""
    address = _read(EMAIL, email, "e-mail address")
    sought = beginning.removeprefix(BEGINNING)

    def work(session: Session) -> str:
        owner = accounts.by_email(session, address)
        found = [one for one in tokens.tokens_of(session, owner.id) if one.prefix == sought]
        if not found:
            raise FileError(
                "the account has no such token; `grader token list` tells how each begins"
            )
        tokens.revoke_by_operator(session, found[0], now=system_clock())
        return found[0].name

    return _in_transaction(settings, work)


def _token_line(token: Token) -> str:
    used = _minutes(token.last_used_at) if token.last_used_at else "never used"
    ends = _minutes(token.expires_at) if token.expires_at else "no end"
    return "\t".join((BEGINNING + token.prefix, ",".join(token.scopes), ends, used, token.name))


def _line(user: User) -> str:
    special = {
        "administrator": user.is_admin,
        "no password yet": user.password_hash is None,
        "has to set a new password": user.has_locked_password,
        "suspended": user.suspended_at is not None,
    }
    told = [user.email or "-", user.name, ", ".join(name for name, so in special.items() if so)]
    return "\t".join(told).rstrip("\t")


def _scopes(told: str) -> Sequence[Scope]:
    wanted = [one.strip() for one in told.split(",")] if told else []
    if set(wanted) - set(SCOPES):
        raise FileError(f"the scopes are {', '.join(SCOPES)}, with commas between them")
    return [scope for scope in SCOPES if scope in wanted]


def _read(adapter: TypeAdapter[str], text: str, what: str) -> str:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise FileError(f"{text!r} is no {what} that can be used") from error


def _in_transaction(settings: Settings, work: Callable[[Session], T]) -> T:
    with opened(settings) as db, db.transaction() as session:
        return work(session)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """Yield the database; its errors become `FileError` with one sentence."""
    missing = missing_file(settings.database)
    if missing:
        raise FileError(f"there is no database at {missing}. Run: grader db upgrade")
    db = Database(settings.database)
    try:
        yield db
    except ServiceError as error:
        raise FileError(error.detail) from error
    except SQLAlchemyError as error:
        raise FileError(why_unusable(error)) from error
    finally:
        db.close()


def _shown(link: Link) -> tuple[str, str]:
    return link.address, _minutes(link.expires_at)


def _minutes(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="minutes")
