"""Account ownership: which course may change an account, and which one invites its owner.

A course gets a person by adding a known e-mail address. So membership alone lets its staff neither
rename the person nor log in as them while another course has them as well. A staff role locks a
password that staff elsewhere may know (`api.services.accounts.credentials`).
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from api.auth.authorization import CourseMembership
from api.auth.roles import can_create_reset_link
from api.db.models import Enrolment, User
from api.services.accounts.credentials import only_course_awaiting_password_condition
from api.services.accounts.tokens import load_highest_role

STUDENT_ID_LABELS: Final = {"student_number": "student number", "login": "login"}
"""Identifiers that any course may set on an account without them.

Nobody logs in with them.
"""
NEEDS_ADMIN: Final = "This person is also in another course, or is staff. Ask an administrator."


@dataclass(frozen=True, slots=True)
class AccountPermissions:
    """Permissions of a member on the account of a person: edit its identity, or invite its owner.

    *is_locked*: the owner has to replace a locked password.
    """

    may_edit: bool
    may_invite: bool
    is_locked: bool = False


def load_account_permissions(
    session: Session, member: CourseMembership, user_id: UUID
) -> AccountPermissions:
    """Return the permissions of *member* on the account of a person in the course."""
    enrolment, user = session.execute(
        select(Enrolment, User)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id == member.course.id, Enrolment.user_id == user_id)
    ).one()
    inviting = select(Enrolment.id).where(
        Enrolment.id == enrolment.id, inviting_enrolment_condition()
    )
    may_invite = not user.is_admin and session.scalar(inviting) is not None
    return AccountPermissions(
        may_edit_account(session, member, enrolment, user), may_invite, user.has_locked_password
    )


def may_edit_account(
    session: Session, member: CourseMembership, enrolment: Enrolment, user: User
) -> bool:
    """Tell whether *member* may change the account's identity, and let its owner set a password."""
    return can_create_reset_link(
        member.role,
        role_in_course=enrolment.role,  # type: ignore[arg-type]  # the column holds a role
        has_other_role=load_highest_role(session, user, excluded_course=member.course.id)
        is not None,
    )


def inviting_enrolment_condition() -> ColumnElement[bool]:
    """Return the condition of an enrollment whose course invites the person.

    It is the person's earliest enrollment in force, and they are staff of no other course; or it
    alone waits for a new password.
    """
    other = aliased(Enrolment)
    earlier = or_(
        other.created_at < Enrolment.created_at,
        and_(other.created_at == Enrolment.created_at, other.id < Enrolment.id),
    )
    first = ~exists().where(
        other.user_id == Enrolment.user_id,
        other.course_id != Enrolment.course_id,
        other.withdrawn_at.is_(None),
        or_(other.role != "student", earlier),
    )
    return or_(first, only_course_awaiting_password_condition())
