"""API tokens: created by their owner after a login, shown once, revocable at any time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller
from api.auth.roles import RANKS, Standing, grantable
from api.auth.scopes import SCOPES, Scope
from api.auth.secrets import Secret, new_secret
from api.core.errors import Conflict, FieldError, Invalid, NotFound, Unauthenticated
from api.core.ids import new_id
from api.db.models import Enrolment, LoginSession, Token, User
from api.services.audit import recorder

__all__ = ["MAX_TOKENS", "create", "highest", "revoke", "revoke_by_operator", "tokens_of"]

MAX_TOKENS: Final = 50
"""How many tokens that can be used an account may have."""


def highest(
    session: Session, user: User, *, course: UUID | None = None, but: UUID | None = None
) -> Standing | None:
    """Return the highest role of *user* in any course, in one, or in all *but* one, if any."""
    if user.is_admin:
        return "admin"
    held = select(Enrolment.role).where(
        Enrolment.user_id == user.id, Enrolment.withdrawn_at.is_(None)
    )
    if course is not None:
        held = held.where(Enrolment.course_id == course)
    if but is not None:
        held = held.where(Enrolment.course_id != but)
    roles: Sequence[Standing] = session.scalars(held).all()  # type: ignore[assignment]
    return max(roles, key=RANKS.__getitem__, default=None)


def create(
    session: Session,
    owner: User,
    *,
    by: Caller | None,
    name: str,
    scopes: Sequence[Scope],
    days: int,
    course: UUID | None,
    now: datetime,
) -> tuple[Token, Secret]:
    """Create a token of *owner*, requested *by* them or the service; return it with its secret.

    The secret is not stored. Raises `Conflict` if the account has `MAX_TOKENS` already, and
    `Invalid` for a course that the owner is not in, or scopes above the owner's role.
    """
    _check_count(session, owner, by, now=now)
    standing = highest(session, owner, course=course)
    if course is not None and standing is None:
        fault = "is no course that you are in"
        raise Invalid(f"The course {fault}.", errors=(FieldError("course", fault),))
    # People who are in no course yet may create a token in advance.
    useful = grantable(standing or "student")
    if not set(scopes) <= set(useful):
        fault = f"may be {', '.join(useful)}; the others are above your role"
        raise Invalid(f"The scopes {fault}.", errors=(FieldError("scopes", fault),))
    secret = new_secret("api")
    token = Token(
        id=new_id(),
        prefix=secret.prefix,
        digest=secret.digest,
        user_id=owner.id,
        name=name,
        scopes=[one for one in SCOPES if one in scopes],
        course_id=course,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    told = {"scopes": token.scopes, "course": str(course) if course else None}
    recorder.record(
        session, by, "token.created", now=now, target=("token", token.id), change=({}, told)
    )
    return token, secret


def _check_count(session: Session, owner: User, by: Caller | None, *, now: datetime) -> None:
    """Raise `Conflict` if *owner* has `MAX_TOKENS` tokens already.

    The account is locked, so that two concurrent requests cannot both create the last token. Raises
    `Unauthenticated` if the session has ended in the meantime.
    """
    held = session.get(User, owner.id, with_for_update={"key_share": True}, populate_existing=True)
    if held is None or (by is not None and not _is_logged_in(session, by)):
        raise Unauthenticated("You were logged out; log in again.")
    usable = session.scalar(
        select(func.count())
        .select_from(Token)
        .where(
            Token.user_id == owner.id,
            Token.revoked_at.is_(None),
            or_(Token.expires_at.is_(None), Token.expires_at > now),
        )
    )
    if usable is not None and usable >= MAX_TOKENS:
        raise Conflict(
            f"The account has {MAX_TOKENS} tokens, the most that one can have. Revoke one that is "
            "not needed any more first."
        )


def _is_logged_in(session: Session, caller: Caller) -> bool:
    this = select(LoginSession.revoked_at).where(LoginSession.id == caller.session_id)
    row = session.execute(this).one_or_none()
    return row is not None and row.revoked_at is None


def tokens_of(session: Session, user_id: UUID) -> Sequence[Token]:
    """Return the tokens of a user that are not revoked, newest first."""
    return session.scalars(
        select(Token)
        .where(Token.user_id == user_id, Token.revoked_at.is_(None))
        .order_by(Token.created_at.desc(), Token.id.desc())
    ).all()


def revoke(session: Session, caller: Caller, token_id: UUID, *, now: datetime) -> None:
    """Revoke a token of the caller; a token can only revoke itself."""
    if caller.token_id != token_id:
        caller.need_login()
    token = session.get(Token, token_id)
    if token is None or token.user_id != caller.id or token.revoked_at is not None:
        raise NotFound("There is no such token.")
    token.revoked_at = now
    recorder.record(session, caller, "token.revoked", now=now, target=("token", token.id))


def revoke_by_operator(session: Session, token: Token, *, now: datetime) -> None:
    """Revoke *token* on behalf of the operator of the service, for any owner."""
    token.revoked_at = now
    recorder.record(session, None, "token.revoked", now=now, target=("token", token.id))
