"""Links for the people of a course: invitations for a mail merge, and single resets."""

import csv
import io
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, FieldError, Forbidden, InvalidInput
from api.db.models import Enrolment, OutboxMessage, User
from api.services.accounts.account_ownership import (
    NEEDS_ADMIN,
    inviting_enrolment_condition,
    may_edit_account,
)
from api.services.accounts.invitation_tokens import (
    SUSPENDED,
    LinkCreator,
    PasswordLink,
    issue_links,
    issue_reset_link,
)
from api.services.audit import recorder
from api.services.courses.active_students import ACTIVE_PEOPLE
from api.services.enrolment.enrolments import lock_person
from api.services.files.csv_rows import escape_formula
from api.services.outbox.queue import MessageSubject, Outbox

CSV_COLUMNS = ("name", "email", "link", "expires")


def create_invitation_links(
    session: Session,
    member: CourseMembership,
    user_ids: Collection[UUID] | None,
    *,
    public_url: str,
    now: datetime,
) -> list[PasswordLink]:
    """Create an invitation for each person *user_ids*, or for all in the course without a password.

    The holder of a link can log in as that person. So people with a password get none, nor do
    people whom another course had first or has as staff: their account does not belong to this
    course.
    """
    users = _load_invitable_people(session, member, user_ids)
    links = issue_links(
        session,
        users,
        "invite",
        public_url=public_url,
        creator=LinkCreator.from_member(member),
        now=now,
    )
    _record_invitations(session, member, [user.id for user in users], now=now)
    return links


def queue_invitations(
    session: Session,
    outbox: Outbox,
    member: CourseMembership,
    user_ids: Collection[UUID] | None,
    *,
    now: datetime,
) -> int:
    """Send an invitation to the people who would get a link, and return how many will be sent.

    People for whom an invitation of this course is on its way get no second one. Raises `Conflict`
    if no e-mail is set up.
    """
    outbox.require_enabled()
    waiting = select(OutboxMessage.recipient_id).where(
        OutboxMessage.kind == "invitation",
        OutboxMessage.course_id == member.course.id,
        OutboxMessage.status == "waiting",
    )
    invited = set(session.scalars(waiting))
    recipients = [
        user.id
        for user in _load_invitable_people(session, member, user_ids)
        if user.id not in invited
    ]
    subject = MessageSubject(course_id=member.course.id, created_by=member.caller.id)
    outbox.add(session, "invitation", recipients, subject, now=now)
    if recipients:
        _record_invitations(session, member, recipients, now=now)
    return len(recipients)


def _load_invitable_people(
    session: Session, member: CourseMembership, user_ids: Collection[UUID] | None
) -> Sequence[User]:
    """Return the people *user_ids*, or all in the course, whom it may invite.

    Raises `InvalidInput` if one of *user_ids* cannot be invited.
    """
    query = (
        select(User)
        .where(*_invitable_conditions(member))
        .join(Enrolment, Enrolment.user_id == User.id)
    )
    if user_ids is not None:
        query = query.where(User.id.in_(user_ids))
    users = session.scalars(query.order_by(User.sort_name, User.id)).all()
    if user_ids is not None and len(users) < len(set(user_ids)):
        missing = sorted(set(user_ids) - {user.id for user in users}, key=str)
        raise InvalidInput(
            "Some people cannot be invited from this course: they are not in it, have no e-mail "
            "address, already have a password, were in another course first, or are staff of "
            "one. An administrator can create a link for them.",
            errors=tuple(FieldError(f"people {one}", "cannot be invited") for one in missing),
        )
    return users


def _record_invitations(
    session: Session, member: CourseMembership, users: Sequence[UUID], *, now: datetime
) -> None:
    """Record the invitations in the audit log of every course of the invited people."""
    people_by_course: dict[UUID, list[str]] = {member.course.id: [str(one) for one in users]}
    others = select(Enrolment.course_id, Enrolment.user_id).where(
        Enrolment.user_id.in_(users),
        Enrolment.course_id != member.course.id,
        Enrolment.withdrawn_at.is_(None),
    )
    for course, user in session.execute(others.order_by(Enrolment.course_id, Enrolment.user_id)):
        people_by_course.setdefault(course, []).append(str(user))
    for course, people in people_by_course.items():
        recorder.record_action(
            session,
            member.caller,
            "person.invited",
            now=now,
            target=("course", course),
            change=({}, {"people": people}),
            course_id=course,
        )


def count_people_without_invitation_link(
    session: Session, member: CourseMembership
) -> tuple[int, int]:
    """Return how many people without a password get no link: without an address, and others.

    The others were in another course first, or are staff of one or administrators.
    """
    waiting = (
        select(func.count())
        .select_from(User)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(*_no_password_conditions(member))
    )
    without_email = session.scalar(waiting.where(User.email.is_(None))) or 0
    total, invitable = session.scalar(waiting) or 0, waiting.where(*_invitable_conditions(member))
    return without_email, total - without_email - (session.scalar(invitable) or 0)


def _no_password_conditions(member: CourseMembership) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of people in the course who have set no password."""
    return (
        Enrolment.course_id == member.course.id,
        *ACTIVE_PEOPLE,
        ~User.has_password,
        User.suspended_at.is_(None),
    )


def _invitable_conditions(member: CourseMembership) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of people whom the course may invite."""
    return (
        *_no_password_conditions(member),
        User.email.is_not(None),
        User.is_admin.is_(False),
        inviting_enrolment_condition(),
    )


def create_reset_link(
    session: Session, member: CourseMembership, user_id: UUID, *, public_url: str, now: datetime
) -> PasswordLink:
    """Return a link by which a person of the course sets another password."""
    enrolment, user = lock_person(session, member, user_id)
    if enrolment.is_test or user.email is None:
        raise Conflict("This person has no e-mail address to log in with.")
    if enrolment.withdrawn_at is not None:
        raise Conflict("This person is no longer in the course.")
    if not may_edit_account(session, member, enrolment, user):
        raise Forbidden(NEEDS_ADMIN)
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    link = issue_reset_link(
        session, user, public_url=public_url, creator=LinkCreator.from_member(member), now=now
    )
    recorder.record_account_action(session, member, "person.reset", user=user.id, now=now)
    return link


def format_links_csv(links: Sequence[PasswordLink]) -> str:
    """Return links as CSV for a mail merge."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for link in links:
        identity = (link.user.name, link.user.email or "")
        expires = link.expires_at.isoformat(timespec="minutes")
        writer.writerow([*map(escape_formula, identity), link.url, expires])
    return out.getvalue()
