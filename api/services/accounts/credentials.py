"""Credentials of people who become staff: a link from another course must not open the role.

Staff who create a link can use it themselves, and then know the password of the account. A course
*vouches* for a password that its used links set up; so do administrators and the command line.
Nobody vouches for a password that was chosen when somebody joined a course with an unconfirmed
e-mail address (`ACCOUNT_BY_JOINING`). A staff role in a course that does not vouch locks the
password, until its owner sets another with a link from that course and the locked password, or with
a link from an administrator.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.core.errors import Gone
from api.db.models import (
    LOCKED_PASSWORD_PREFIX,
    CalendarFeed,
    ChangeCounter,
    Enrolment,
    Identity,
    Invite,
    LtiUser,
    User,
)
from api.rate_limits import stored_events
from api.services.accounts import sessions
from api.services.audit import recorder

SEVERAL_COURSES: Final = (
    "Several courses gave you a role, so only an administrator can create a link for you. Ask one."
)
ACCOUNT_BY_JOINING: Final = "join"
"""Purpose of the used link that stands for an account whose e-mail address was not confirmed."""
USED_LINK_CONDITIONS: Final = (Invite.used_at.is_not(None), Invite.revoked_at.is_(None))


def end_sessions_and_lock_unvouched_password(
    session: Session,
    actor: CourseMembership | Principal,
    user: User,
    *,
    course: UUID | None,
    now: datetime,
) -> None:
    """End the sessions of *user*, who gets a staff role, and lock a password from elsewhere.

    The caller has locked the row of *user*. *course* is where the role is held, None for the whole
    site. Links of other courses, and the tokens of a locked password, end too. An administrator
    gains nothing by a role in a course, and keeps everything.
    """
    if user.is_admin and course is not None:
        return
    end_sessions_and_links(session, user.id, course, now=now)
    if is_password_vouched(session, user.id, course):
        return
    delete_platform_links_and_calendar(session, user.id)
    if user.has_password:
        _lock_password(session, actor, user, now=now)


def end_sessions_and_links(
    session: Session, user_id: UUID, course: UUID | None, *, now: datetime
) -> None:
    """End the sessions of somebody who gets a staff role in *course*, and other courses' links.

    The person who created such a link could set the password with it.
    """
    sessions.end_sessions_and_tokens_for_event(session, "role_changed", [user_id], now=now)
    unused = update(Invite).where(
        Invite.user_id == user_id,
        Invite.used_at.is_(None),
        Invite.revoked_at.is_(None),
        Invite.course_id.is_not(None),
    )
    if course is not None:
        unused = unused.where(Invite.course_id != course)
    session.execute(unused.values(revoked_at=now))


def is_password_vouched(session: Session, user_id: UUID, course: UUID | None) -> bool:
    """Tell whether *course* or an administrator vouches for the password.

    A password that no link set up is vouched for, too.
    """
    query = select(Invite.purpose, Invite.course_id)
    links = session.execute(query.where(Invite.user_id == user_id, *USED_LINK_CONDITIONS)).all()
    vouching = {link.course_id for link in links if link.purpose != ACCOUNT_BY_JOINING}
    return not links or bool(vouching & {None, course})


def _lock_password(
    session: Session, actor: CourseMembership | Principal, user: User, *, now: datetime
) -> None:
    user.password_hash = f"{LOCKED_PASSWORD_PREFIX}{user.password_hash}"
    user.version += 1
    sessions.end_sessions_and_tokens_for_event(session, "password_locked", [user.id], now=now)
    stored_events.forget_devices(session, user.email)
    recorder.record_account_action(session, actor, "user.password_locked", user=user.id, now=now)


def _password_vouched_by_course_condition(
    course: InstrumentedAttribute[UUID], user: InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    """Return the condition that a course vouches for the password of a user."""
    link = aliased(Invite)
    return exists().where(
        link.user_id == user,
        link.course_id == course,
        link.purpose != ACCOUNT_BY_JOINING,
        link.used_at.is_not(None),
        link.revoked_at.is_(None),
    )


def only_course_awaiting_password_condition() -> ColumnElement[bool]:
    """Return the condition of an enrollment whose course alone waits for a new password.

    The password is locked, and no other course with a staff role lacks a link that set it up.
    """
    other = aliased(Enrolment)
    others = exists().where(
        other.user_id == Enrolment.user_id,
        other.course_id != Enrolment.course_id,
        *_unvouched_staff_conditions(other),
    )
    person = aliased(User)
    locked = exists().where(
        person.id == Enrolment.user_id, person.password_hash.startswith(LOCKED_PASSWORD_PREFIX)
    )
    return and_(locked, *_unvouched_staff_conditions(Enrolment), ~others)


def _unvouched_staff_conditions(enrolment: type[Enrolment]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a staff role whose course does not vouch for the password."""
    return (
        enrolment.role != "student",
        enrolment.withdrawn_at.is_(None),
        ~_password_vouched_by_course_condition(enrolment.course_id, enrolment.user_id),
    )


def password_vouched_elsewhere_condition(course: UUID) -> ColumnElement[bool]:
    """Return the condition that another course or an administrator vouches for a password."""
    return exists().where(
        Invite.user_id == User.id,
        Invite.course_id.is_distinct_from(course),
        Invite.purpose != ACCOUNT_BY_JOINING,
        *USED_LINK_CONDITIONS,
    )


def requires_locked_password_too(session: Session, invite: Invite, user: User) -> bool:
    """Tell whether a link sets a new password only together with the locked one.

    It does if a course made the link and another course has the person. Raises `Gone` if more
    courses than that one wait for a new password: one link would open the roles of all.
    """
    course = invite.course_id
    if course is None or not user.has_locked_password:
        return False
    elsewhere = (
        Enrolment.user_id == user.id,
        Enrolment.course_id != course,
        Enrolment.withdrawn_at.is_(None),
    )
    if session.scalar(
        select(Enrolment.id).where(*elsewhere, *_unvouched_staff_conditions(Enrolment)).limit(1)
    ):
        raise Gone(SEVERAL_COURSES)
    return session.scalar(select(Enrolment.id).where(*elsewhere).limit(1)) is not None


def unlink_identities(session: Session, user_id: UUID) -> None:
    """Delete an account's links to providers and platforms, and its calendar's secret address.

    Others have changed its e-mail address. The links were made for the owner of the old address,
    who may be somebody else.
    """
    session.execute(delete(Identity).where(Identity.user_id == user_id))
    evict_cached_sessions(session, user_id)
    delete_platform_links_and_calendar(session, user_id)


def evict_cached_sessions(session: Session, user_id: UUID) -> None:
    """Let all processes check the sessions of an account again before the next submission.

    A name at a trusted proxy may no longer open the account.
    """
    session.add(ChangeCounter(scope=user_id))


def delete_platform_links_and_calendar(session: Session, user_id: UUID) -> None:
    """Delete an account's links to learning platforms, and its calendar's secret address.

    Somebody who had the account before could have linked their own user of a platform, and can know
    the address of the calendar.
    """
    for model in (LtiUser, CalendarFeed):
        session.execute(delete(model).where(model.user_id == user_id))


def revoke_used_links(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Revoke the used links of an account, so that they do not vouch for a later password."""
    used = update(Invite).where(Invite.user_id == user_id, *USED_LINK_CONDITIONS)
    session.execute(used.values(revoked_at=now))
