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

from api.auth.authorization import Member
from api.auth.roles import may_reset
from api.db.models import Enrolment, User
from api.services.accounts.credentials import is_sole_waiting
from api.services.accounts.tokens import highest

__all__ = ["ELSEWHERE", "NUMBERS", "Custody", "custody_of", "invited_here", "may_edit"]

NUMBERS: Final = {"student_number": "student number", "login": "login"}
"""What every course gives to an account that has none: nobody logs in with it."""
ELSEWHERE: Final = "This person is in another course too, or is staff; an administrator can do it."


@dataclass(frozen=True, slots=True)
class Custody:
    """Permissions of a member on the account of a person: edit its identity, or invite its owner.

    *is_locked*: the owner has to replace a locked password.
    """

    may_edit: bool
    may_invite: bool
    is_locked: bool = False


def custody_of(session: Session, member: Member, user_id: UUID) -> Custody:
    """Return the permissions of *member* on the account of a person in the course."""
    enrolment, user = session.execute(
        select(Enrolment, User)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id == member.course.id, Enrolment.user_id == user_id)
    ).one()
    here = select(Enrolment.id).where(Enrolment.id == enrolment.id, invited_here())
    may_invite = not user.is_admin and session.scalar(here) is not None
    return Custody(may_edit(session, member, enrolment, user), may_invite, user.has_locked_password)


def may_edit(session: Session, member: Member, enrolment: Enrolment, user: User) -> bool:
    """Tell whether *member* may change the account's identity, and let its owner set a password."""
    return may_reset(
        member.role,
        here=enrolment.role,  # type: ignore[arg-type]  # the column holds a role
        elsewhere=highest(session, user, but=member.course.id),
    )


def invited_here() -> ColumnElement[bool]:
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
    return or_(first, is_sole_waiting())
