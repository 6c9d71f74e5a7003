"""Overview of the rosters of a course for staff: when each is compared, and who has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, NotFound
from api.db.models import Enrolment, LtiContext, LtiMember, User
from api.services.audit import recorder

NO_ROSTER = (
    "The platform offers no roster for this course. Let the tool read names and roles there, and "
    "open a link as an instructor."
)


@dataclass(frozen=True, slots=True)
class DepartedMember:
    """Person who is in the course here, and no longer on the roster of the platform."""

    user_id: UUID
    name: str
    role: str
    left_at: datetime


def list_departed_members(session: Session, course_id: UUID) -> Sequence[DepartedMember]:
    """Return the people of a course who left it at a platform, by name.

    People who are withdrawn here, or still in another connected context, are not among them.
    """
    present = (
        select(LtiMember.user_id)
        .join(LtiContext, LtiContext.id == LtiMember.context_id)
        .where(LtiContext.course_id == course_id, LtiMember.left_at.is_(None))
    )
    rows = session.execute(
        select(User.id, User.name, Enrolment.role, LtiMember.left_at)
        .join(LtiMember, LtiMember.user_id == User.id)
        .join(LtiContext, LtiContext.id == LtiMember.context_id)
        .join(
            Enrolment,
            (Enrolment.user_id == User.id) & (Enrolment.course_id == LtiContext.course_id),
        )
        .where(
            LtiContext.course_id == course_id,
            LtiMember.left_at.is_not(None),
            Enrolment.withdrawn_at.is_(None),
            User.id.not_in(present),
        )
        .order_by(User.sort_name, User.id)
    )
    unique = {row[0]: DepartedMember(row[0], row[1], row[2], row[3]) for row in rows if row[3]}
    return list(unique.values())


def set_roster_synchronization(
    session: Session, member: CourseMembership, context_id: UUID, *, is_on: bool, now: datetime
) -> None:
    """Let the worker compare a roster now and at intervals, or not any more.

    Raises `Forbidden` without the right to manage people, `NotFound` for a context of another
    course, and `Conflict` if the platform offers no roster.
    """
    member.require("manage_people")
    context = session.get(LtiContext, context_id, with_for_update=True)
    if context is None or context.course_id != member.course.id:
        raise NotFound("There is no such course of a learning platform.")
    if is_on and not context.memberships_url:
        raise Conflict(NO_ROSTER)
    was_on = context.roster_due_at is not None
    context.roster_due_at = now if is_on else None
    if was_on != is_on:
        recorder.record_action(
            session,
            member,
            "lti_context.changed",
            now=now,
            change=({"syncs_roster": was_on}, {"syncs_roster": is_on}),
        )
