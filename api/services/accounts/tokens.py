"""API tokens: created by their owner after a login, shown once, revocable at any time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.roles import ROLE_RANKS, EffectiveRole, grantable_scopes
from api.auth.scopes import SCOPE_GRANTS, Scope
from api.auth.secrets import NewSecret, new_secret
from api.core.errors import Conflict, FieldError, InvalidInput, NotFound, Unauthenticated
from api.core.ids import new_id
from api.db.models import Enrolment, LoginSession, Token, User
from api.services.audit import recorder

MAX_TOKENS: Final = 50
"""Maximum number of usable tokens of an account."""


def load_highest_role(
    session: Session, user: User, *, course: UUID | None = None, excluded_course: UUID | None = None
) -> EffectiveRole | None:
    """Return *user*'s highest role, if any: in *course*, or in all but *excluded_course*."""
    if user.is_admin:
        return "admin"
    query = select(Enrolment.role).where(
        Enrolment.user_id == user.id, Enrolment.withdrawn_at.is_(None)
    )
    if course is not None:
        query = query.where(Enrolment.course_id == course)
    if excluded_course is not None:
        query = query.where(Enrolment.course_id != excluded_course)
    roles: Sequence[EffectiveRole] = session.scalars(query).all()  # type: ignore[assignment]
    return max(roles, key=ROLE_RANKS.__getitem__, default=None)


def _check_course_and_scopes(
    role: EffectiveRole | None, course: UUID | None, scopes: Sequence[Scope]
) -> None:
    """Raise `InvalidInput` for a *course* without a *role*, or *scopes* above the role."""
    if course is not None and role is None:
        fault = "is not one of your courses"
        raise InvalidInput(f"The course {fault}.", errors=(FieldError("course", fault),))
    # People who are in no course yet may create a token in advance.
    useful = grantable_scopes(role or "student")
    if not set(scopes) <= set(useful):
        fault = f"may be {', '.join(useful)}; the others exceed your role"
        raise InvalidInput(f"The scopes {fault}.", errors=(FieldError("scopes", fault),))


def create_token(
    session: Session,
    owner: User,
    *,
    actor: Principal | None,
    name: str,
    scopes: Sequence[Scope],
    days: int,
    course: UUID | None,
    now: datetime,
) -> tuple[Token, NewSecret]:
    """Create a token of *owner*, requested by *actor*; return it with its secret.

    *actor* is the owner, or None for the service.

    The secret is not stored. Raises `Conflict` if the account has `MAX_TOKENS` already, and
    `InvalidInput` for a course that the owner is not in, or scopes above the owner's role.
    """
    _lock_account_and_check_token_count(session, owner, actor, now=now)
    _check_course_and_scopes(load_highest_role(session, owner, course=course), course, scopes)
    secret = new_secret("api")
    token = Token(
        id=new_id(),
        prefix=secret.prefix,
        digest=secret.digest,
        user_id=owner.id,
        name=name,
        scopes=[grant for grant in SCOPE_GRANTS if grant in scopes],
        course_id=course,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    after = {"scopes": token.scopes, "course": str(course) if course else None}
    recorder.record_action(
        session, actor, "token.created", now=now, target=("token", token.id), change=({}, after)
    )
    return token, secret


def _lock_account_and_check_token_count(
    session: Session, owner: User, actor: Principal | None, *, now: datetime
) -> None:
    """Raise `Conflict` if *owner* has `MAX_TOKENS` tokens already.

    The account is locked, so that two concurrent requests cannot both create the last token. Raises
    `Unauthenticated` if the session has ended in the meantime.
    """
    lock_account(session, owner.id, actor)
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
            f"The account has {MAX_TOKENS} tokens, which is the limit. Revoke one that you no "
            "longer need first."
        )


def lock_account(session: Session, user_id: UUID, actor: Principal | None) -> User:
    """Lock and return an account.

    Raises `Unauthenticated` if it is gone, or if the session of *actor* has ended in the meantime.
    """
    account = session.get(
        User, user_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if account is None or not _has_session(session, actor):
        raise Unauthenticated("You were logged out. Log in again.")
    return account


def _has_session(session: Session, caller: Principal | None) -> bool:
    if caller is None or caller.session_id is None:
        return True  # the service, or the program whose login the owner has confirmed
    query = select(LoginSession.revoked_at).where(LoginSession.id == caller.session_id)
    row = session.execute(query).one_or_none()
    return row is not None and row.revoked_at is None


def list_tokens(session: Session, user_id: UUID) -> Sequence[Token]:
    """Return the tokens of a user that are not revoked, newest first."""
    return session.scalars(
        select(Token)
        .where(Token.user_id == user_id, Token.revoked_at.is_(None))
        .order_by(Token.created_at.desc(), Token.id.desc())
    ).all()


def revoke_token(session: Session, caller: Principal, token_id: UUID, *, now: datetime) -> None:
    """Revoke a token of the caller; a token can only revoke itself."""
    if caller.token_id != token_id:
        caller.require_login()
    token = session.get(Token, token_id)
    if token is None or token.user_id != caller.id or token.revoked_at is not None:
        raise NotFound("There is no such token.")
    token.revoked_at = now
    recorder.record_action(session, caller, "token.revoked", now=now, target=("token", token.id))


def revoke_token_as_operator(session: Session, token: Token, *, now: datetime) -> None:
    """Revoke *token* on behalf of the operator of the service, for any owner."""
    token.revoked_at = now
    recorder.record_action(session, None, "token.revoked", now=now, target=("token", token.id))
