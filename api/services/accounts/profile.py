"""Profile: the caller's own account, and changes to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.passwords import PasswordHasher
from api.auth.principal import Principal
from api.core.errors import FieldError, InvalidInput, Unauthenticated
from api.db.engine import Database
from api.db.models import Course, Enrolment, Section, User
from api.schemas.accounts.account import CourseOfMine, Me
from api.services.accounts import login, sessions
from api.services.accounts.invitation_tokens import check_password_allowed, revoke_unused_links
from api.services.accounts.login import LoginAttempt
from api.services.accounts.sessions import NewSession
from api.services.audit import recorder

INCORRECT_CURRENT_PASSWORD: Final = "The current password is incorrect."  # noqa: S105  # not a secret
LOGGED_OUT: Final = "You were logged out. Log in again."


def load_profile(session: Session, caller: Principal) -> Me:
    """Return the account of the caller; a token for one course shows only that course."""
    user = caller.user
    return Me(
        id=user.id,
        name=user.name,
        email=user.email,
        student_number=user.student_number,
        admin=user.is_admin,
        courses=tuple(list_user_courses(session, user.id, only=caller.only_course)),
        version=user.version,
    )


def list_user_courses(
    session: Session, user_id: UUID, *, only: UUID | None = None
) -> Sequence[CourseOfMine]:
    """Return the courses of a user, by title."""
    query = (
        select(Course, Enrolment.role, Section.name)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .outerjoin(Section, Section.id == Enrolment.section_id)
        .where(Enrolment.user_id == user_id, Enrolment.withdrawn_at.is_(None))
        .order_by(Course.title, Course.id)
    )
    if only is not None:
        query = query.where(Course.id == only)
    return [
        CourseOfMine(
            course=course.id,
            slug=course.slug,
            title=course.title,
            role=role,  # type: ignore[arg-type]  # the column holds a role
            section=section,
        )
        for course, role, section in session.execute(query)
    ]


def lock_account_and_get_version(session: Session, caller: Principal) -> int:
    """Lock the caller's account and return its version."""
    session.refresh(caller.user, with_for_update={"key_share": True})
    return caller.user.version


def change_name(session: Session, caller: Principal, name: str, *, now: datetime) -> None:
    """Change the caller's name, as staff read it."""
    user = caller.user
    before, user.name, user.version = user.name, name, user.version + 1
    change = ({"name": before}, {"name": name})
    recorder.record_action(
        session, caller, "user.renamed", now=now, target=("user", user.id), change=change
    )


def change_password(
    db: Database,
    caller: Principal,
    attempt: LoginAttempt,
    new_password: str,
    *,
    passwords: PasswordHasher,
) -> NewSession:
    """Check the current password, set a new one, and return a new session.

    All other sessions end, and so do outstanding links. Wrong tries count for this session alone,
    which the *attempt* has as its device, so others cannot use them up. Raises `InvalidInput` for
    a wrong or an unusable password, `RateLimited`, and `Unauthenticated` if the account changed
    meanwhile.
    """
    with db.transaction() as session:
        counted = login.record_attempt(session, attempt, is_known_device=True)
        user = session.get(User, caller.id)
    stored = None if user is None else user.password_hash
    if not passwords.verify(attempt.password, stored) or user is None or stored is None:
        message = "is not your password"
        raise InvalidInput(INCORRECT_CURRENT_PASSWORD, errors=(FieldError("current", message),))
    check_password_allowed(user, new_password, field_name="new")
    hashed = passwords.hash(new_password)
    with db.transaction() as session:
        user = session.get(User, caller.id, with_for_update={"key_share": True})
        if (
            user is None
            or user.suspended_at is not None
            or not login.is_password_unchanged(user, stored)
        ):
            raise Unauthenticated(LOGGED_OUT)
        login.delete_recorded_attempt(session, counted)
        user.password_hash = hashed
        revoke_unused_links(session, [user.id], now=attempt.now)
        sessions.end_sessions_and_tokens_for_event(
            session, "password_changed", [user.id], now=attempt.now
        )
        target = ("user", user.id)
        recorder.record_action(
            session, caller, "user.password_changed", now=attempt.now, target=target
        )
        return sessions.create_session(session, user, now=attempt.now)
