"""Links for the people of a course: invitations for a mail merge, and single resets."""

import csv
import io
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict, FieldError, Forbidden, Invalid
from api.db.models import Enrolment, User
from api.services.accounts.account_ownership import ELSEWHERE, invited_here, may_edit
from api.services.accounts.invitation_tokens import SUSPENDED, Link, Maker, issue, issue_reset
from api.services.audit import recorder
from api.services.courses.active_students import PRESENT
from api.services.enrolment.enrolments import locked
from api.services.files.csv_rows import guard

__all__ = ["COLUMNS", "invite", "left_out", "reset", "write_links"]

COLUMNS = ("name", "email", "link", "expires")


def invite(
    session: Session,
    member: Member,
    named: Collection[UUID] | None,
    *,
    public_url: str,
    now: datetime,
) -> list[Link]:
    """Create an invitation for each person *named*, or for all in the course without a password.

    The holder of a link can log in as that person. So people with a password get none, nor do
    people whom another course had first or has as staff: their account does not belong to this
    course.
    """
    here = select(User).where(*_invitable(member)).join(Enrolment, Enrolment.user_id == User.id)
    if named is not None:
        here = here.where(User.id.in_(named))
    users = session.scalars(here.order_by(User.sort_name, User.id)).all()
    if named is not None and len(users) < len(set(named)):
        missing = sorted(set(named) - {user.id for user in users}, key=str)
        raise Invalid(
            "Some cannot be invited from here: they are not in the course, have no e-mail address, "
            "have a password already, were in another course first, or are staff of one. An "
            "administrator can make a link for them.",
            errors=tuple(FieldError(f"people {one}", "cannot be invited") for one in missing),
        )
    links = issue(session, users, "invite", public_url=public_url, maker=Maker.of(member), now=now)
    _note(session, member, [user.id for user in users], now=now)
    return links


def _note(session: Session, member: Member, users: Sequence[UUID], *, now: datetime) -> None:
    """Record the invitations in the audit log of every course of the invited people."""
    told: dict[UUID, list[str]] = {member.course.id: [str(one) for one in users]}
    others = select(Enrolment.course_id, Enrolment.user_id).where(
        Enrolment.user_id.in_(users),
        Enrolment.course_id != member.course.id,
        Enrolment.withdrawn_at.is_(None),
    )
    for course, user in session.execute(others.order_by(Enrolment.course_id, Enrolment.user_id)):
        told.setdefault(course, []).append(str(user))
    for course, people in told.items():
        recorder.record(
            session,
            member.caller,
            "person.invited",
            now=now,
            target=("course", course),
            change=({}, {"people": people}),
            course_id=course,
        )


def left_out(session: Session, member: Member) -> tuple[int, int]:
    """Return how many people without a password get no link: without an address, and others.

    The others were in another course first, or are staff of one or administrators.
    """
    waiting = (
        select(func.count())
        .select_from(User)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(*_waiting(member))
    )
    nowhere = session.scalar(waiting.where(User.email.is_(None))) or 0
    all_, here = session.scalar(waiting) or 0, waiting.where(*_invitable(member))
    return nowhere, all_ - nowhere - (session.scalar(here) or 0)


def _waiting(member: Member) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of people in the course who have set no password."""
    return (
        Enrolment.course_id == member.course.id,
        *PRESENT,
        ~User.has_password,
        User.suspended_at.is_(None),
    )


def _invitable(member: Member) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of people whom the course may invite."""
    return (*_waiting(member), User.email.is_not(None), User.is_admin.is_(False), invited_here())


def reset(
    session: Session, member: Member, user_id: UUID, *, public_url: str, now: datetime
) -> Link:
    """Return a link by which a person of the course sets another password."""
    enrolment, user = locked(session, member, user_id)
    if enrolment.is_test or user.email is None:
        raise Conflict("This person has no e-mail address to log in with.")
    if enrolment.withdrawn_at is not None:
        raise Conflict("This person is not in the course any more.")
    if not may_edit(session, member, enrolment, user):
        raise Forbidden(ELSEWHERE)
    if user.suspended_at is not None:
        raise Conflict(SUSPENDED)
    link = issue_reset(session, user, public_url=public_url, maker=Maker.of(member), now=now)
    recorder.record_account(session, member, "person.reset", user=user.id, now=now)
    return link


def write_links(links: Sequence[Link]) -> str:
    """Return links as CSV for a mail merge."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in links:
        told = (one.user.name, one.user.email or "")
        expires = one.expires_at.isoformat(timespec="minutes")
        writer.writerow([*map(guard, told), one.address, expires])
    return out.getvalue()
