"""Reminders: messages that a time causes, such as a due time or the morning of a digest.

The worker looks for them now and then. A message is stored once for each recipient and occasion, so
looking again, or in two workers, adds none.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import from_micros, to_micros
from api.db.engine import Database
from api.db.models import Assignment, Course, Enrolment, Excuse, Grade
from api.services.assignments.rules import load_rules
from api.services.courses.active_students import ACTIVE_PEOPLE, select_active_students
from api.services.courses.time_zones import get_zone
from api.services.outbox.kinds import MessageKind
from api.services.outbox.occasions.waiting_work import count_waiting_work
from api.services.outbox.queue import MessageSubject, Outbox

REMINDER_TIME: Final = timedelta(hours=24)
"""How long before a due time a student without an answer is reminded."""
DIGEST_TIME: Final = time(7)
"""Local time of the course from which the digest of a day is sent."""
DIGEST_WINDOW: Final = timedelta(hours=12)
"""How late a digest may be; after that, the next morning has another one."""
STAFF_ROLES: Final = ("grader", "instructor")


@dataclass(frozen=True, slots=True)
class _Occasion:
    """Messages that are due now: their kind, recipients and subject."""

    kind: MessageKind
    recipients: tuple[UUID, ...]
    subject: MessageSubject


def add_reminders(db: Database, outbox: Outbox, *, now: datetime) -> int:
    """Store the reminders and digests that are due now, and return how many were added."""
    if not outbox.is_enabled:
        return 0
    with db.reading() as session:
        occasions = [*_find_due_soon(session, now=now), *_find_digests(session, now=now)]
        new = [
            one for one in occasions if outbox.find_new_recipients(session, *_unpack_occasion(one))
        ]
    count = 0
    for occasion in new:
        with db.transaction() as session:
            kind, recipients, subject = _unpack_occasion(occasion)
            count += outbox.add(session, kind, recipients, subject, now=now)
    return count


def _unpack_occasion(occasion: _Occasion) -> tuple[MessageKind, tuple[UUID, ...], MessageSubject]:
    return occasion.kind, occasion.recipients, occasion.subject


def _find_due_soon(session: Session, *, now: datetime) -> Iterator[_Occasion]:
    """Yield an occasion for each due time within a day, of those who handed in nothing."""
    rows = session.execute(
        select(Assignment, Course)
        .join(Course, Course.id == Assignment.course_id)
        .where(
            Course.archived_at.is_(None),
            Assignment.published_at.is_not(None),
            Assignment.deleted_at.is_(None),
        )
        .order_by(Assignment.id)
    ).all()
    for assignment, course in rows:
        by_due: dict[datetime, list[UUID]] = {}
        for student, due in find_open_due_times(session, assignment, course, now=now).items():
            if due - now <= REMINDER_TIME:
                by_due.setdefault(due, []).append(student)
        for due, students in sorted(by_due.items()):
            subject = MessageSubject(
                course_id=course.id, assignment_id=assignment.id, occasion_at=due
            )
            yield _Occasion("due_soon", tuple(students), subject)


def find_open_due_times(
    session: Session,
    assignment: Assignment,
    course: Course,
    *,
    now: datetime,
    among: Collection[UUID] | None = None,
) -> dict[UUID, datetime]:
    """Return the coming due time of each student, or of *among*, who handed in nothing."""
    query = select_active_students(course.id).where(
        Enrolment.user_id.not_in(
            select(Grade.student_id).where(Grade.assignment_id == assignment.id, Grade.begun)
        ),
        Enrolment.user_id.not_in(
            select(Excuse.student_id).where(
                Excuse.assignment_id == assignment.id,
                Excuse.problem_id.is_(None),
                Excuse.withdrawn_at.is_(None),
            )
        ),
    )
    if among is not None:
        query = query.where(Enrolment.user_id.in_(among))
    students = list(session.scalars(query.order_by(Enrolment.user_id)))
    if not students:
        return {}
    times = {}
    for student, rules in load_rules(session, assignment, course, students).items():
        is_coming = rules.due is not None and rules.due > to_micros(now)
        if rules.due is not None and is_coming and rules.is_released(to_micros(now)):
            times[student] = from_micros(rules.due)
    return times


def _find_digests(session: Session, *, now: datetime) -> Iterator[_Occasion]:
    """Yield this morning's digest of each course in which work waits for the staff."""
    for course in session.scalars(
        select(Course).where(Course.archived_at.is_(None)).order_by(Course.id)
    ):
        zone = get_zone(course.zone)
        morning = datetime.combine(now.astimezone(zone).date(), DIGEST_TIME, zone)
        occasion_at = from_micros(to_micros(morning))
        if not occasion_at <= now < occasion_at + DIGEST_WINDOW:
            continue
        if not count_waiting_work(session, course.id).total:
            continue
        staff = session.scalars(
            select(Enrolment.user_id)
            .where(
                Enrolment.course_id == course.id, Enrolment.role.in_(STAFF_ROLES), *ACTIVE_PEOPLE
            )
            .order_by(Enrolment.user_id)
        )
        subject = MessageSubject(course_id=course.id, occasion_at=occasion_at)
        yield _Occasion("work_waiting", tuple(staff), subject)
