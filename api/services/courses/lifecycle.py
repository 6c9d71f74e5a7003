"""Lifecycle of courses: create, list, change, archive."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller, Member
from api.auth.roles import Standing
from api.core.errors import Conflict, Invalid
from api.core.ids import new_id
from api.db.models import Assignment, Course, Enrolment, User
from api.http.pagination import Cursor, keyset
from api.schemas.courses.courses import (
    CategorySpec,
    CourseChanged,
    CourseIn,
    CoursePatch,
    CourseView,
)
from api.schemas.shared.patching import changed
from api.schemas.shared.setting import grade_settings
from api.services.accounts.credentials import secure_new_staff
from api.services.assignments import timeline
from api.services.assignments.settings import resolve_into
from api.services.audit import recorder
from api.services.audit.change_context import Act, differences, hold
from api.services.courses.stored_settings import read_settings, write_settings
from api.services.grades.effects import settle

__all__ = [
    "archive",
    "assignments_of",
    "change",
    "check_slug",
    "check_used",
    "create",
    "enrol_instructor",
    "new_course",
    "put",
    "settings_of",
    "view",
    "visible",
    "zones_of",
]

SECRET_BYTES: Final = 32


def view(course: Course, role: Standing) -> CourseView:
    """Return a course as a user with *role* sees it."""
    return CourseView.model_validate(
        settings_of(course)
        | {
            "id": course.id,
            "role": role,
            "archived_at": course.archived_at,
            "version": course.version,
        }
    )


def visible(
    session: Session, caller: Caller, *, archived: bool, after: Cursor | None, limit: int
) -> Sequence[tuple[Course, Standing]]:
    """Return the courses that *caller* may see, one more than *limit*; an admin sees all."""
    mine = (Enrolment.user_id == caller.id) & Enrolment.withdrawn_at.is_(None)
    found = select(Course, Enrolment.role).outerjoin(
        Enrolment, mine & (Enrolment.course_id == Course.id)
    )
    if not caller.user.is_admin:
        found = found.where(Enrolment.role.is_not(None))
    if caller.only_course is not None:
        found = found.where(Course.id == caller.only_course)
    if not archived:
        found = found.where(Course.archived_at.is_(None))
    rows = session.execute(keyset(found, Course.slug, Course.id, after=after).limit(limit + 1))
    return [(course, _standing(caller, role)) for course, role in rows]


def _standing(caller: Caller, role: str) -> Standing:
    return "admin" if caller.user.is_admin else role  # type: ignore[return-value]  # the column is text


def create(session: Session, caller: Caller, body: CourseIn, *, now: datetime) -> Course:
    """Create a course, with its first instructor if *body* names one."""
    check_slug(session, body.slug, None)
    _check_categories(body.categories)
    instructor = _instructor(session, body.instructor)
    row = new_course(body, now=now)
    session.add(row)
    session.flush()
    if instructor is not None:
        enrol_instructor(session, row, instructor.id, now=now)
        secure_new_staff(session, caller, instructor, course=row.id, now=now)
    recorder.record(
        session,
        caller,
        "course.created",
        now=now,
        target=("course", row.id),
        change=({}, settings_of(row)),
        course_id=row.id,
    )
    return row


def new_course(body: CourseIn, *, now: datetime) -> Course:
    """Return a new course with these settings and a fresh secret."""
    row = Course(id=new_id(), secret=secrets.token_hex(SECRET_BYTES), created_at=now, version=1)
    write_settings(CourseIn, row, dict(body) | {"zone": timeline.zone(body.zone).key})
    return row


def enrol_instructor(session: Session, course: Course, user_id: UUID, *, now: datetime) -> None:
    """Enroll a user as an instructor of a new course."""
    session.add(Enrolment(course_id=course.id, user_id=user_id, role="instructor", created_at=now))
    session.flush()


def _instructor(session: Session, email: str | None) -> User | None:
    if email is None:
        return None
    active = User.suspended_at.is_(None) & User.erased_at.is_(None)
    found = session.scalar(
        select(User).where(User.email == email, active).with_for_update(key_share=True)
    )
    if found is None:
        said = "is the address of no account; make the course without one, and add the person to it"
        raise Invalid.of("instructor", said)
    return found


def check_slug(session: Session, slug: str, row: Course | None) -> None:
    """Raise `Conflict` if another course has the slug."""
    other = session.scalar(select(Course.id).where(Course.slug == slug))
    if other is not None and (row is None or other != row.id):
        raise Conflict("There is a course of this short name; choose another.")


def settings_of(course: Course) -> dict[str, Any]:
    """Return the settings of a course as JSON data."""
    return read_settings(CourseIn, course)


def _check_categories(given: Sequence[CategorySpec]) -> None:
    said = ""
    if len({one.id for one in given}) < len(given):
        said = "must have different names"
    elif given and not any(one.weight for one in given):
        said = "must not all have the weight 0"
    if said:
        raise Invalid.of("categories", said)


def assignments_of(session: Session, course: Course) -> list[Assignment]:
    """Return the assignments of a course that are not deleted, ordered by id."""
    rows = session.scalars(
        select(Assignment)
        .where(Assignment.course_id == course.id, Assignment.deleted_at.is_(None))
        .order_by(Assignment.id)
    )
    return list(rows)


def change(session: Session, act: Act, body: CoursePatch) -> CourseChanged:
    """Change settings of a course; with another zone, all times keep their local time."""
    course, given = act.course, changed(body)
    assignments = assignments_of(session, course)
    with act.trial(session):
        before = settings_of(course)
        put(session, course, given)
        check_used(course, assignments)
        told = differences(before, settings_of(course))
        if any(told):
            course.version += 1
            act.record(session, "course.changed", ("course", course.id), change=told)
        moved = assignments if grade_settings(CourseIn) & told[1].keys() else []
        for row in moved:
            hold(session, row)
            resolve_into(row, course)
            row.version += 1
        effect = settle(session, act, moved, cause=act.cause("settings", course.id))
        role: Standing = act.member.role if act.member else "admin"
        return CourseChanged(course=view(course, role), effect=effect)


def put(session: Session, course: Course, given: Mapping[str, Any]) -> None:
    """Write the *given* settings to the row of a course."""
    values = dict(given)
    if "slug" in given:
        check_slug(session, given["slug"], course)
    if "zone" in given:
        values["zone"] = timeline.zone(given["zone"]).key
    if "categories" in given:
        _check_categories(given["categories"])
    write_settings(CourseIn, course, values)


def check_used(course: Course, assignments: Sequence[Assignment]) -> None:
    """Raise `Invalid` if an assignment is in a category that the course lacks."""
    known = [one["id"] for one in course.categories]
    for row in assignments:
        if row.category and row.category not in known:
            said = f"must keep {row.category}, where the assignment {row.slug} is"
            raise Invalid.of("categories", said)


def archive(session: Session, member: Member, *, is_archived: bool, now: datetime) -> Course:
    """Archive or restore a course; an archived one keeps its data but is left out of lists."""
    course = member.course
    if is_archived != (course.archived_at is not None):
        course.archived_at = now if is_archived else None
        course.version += 1
        act = Act.of(member, now=now)
        action = "course.archived" if is_archived else "course.restored"
        act.record(session, action, ("course", course.id))
    return course


def zones_of(session: Session, assignments: Collection[UUID]) -> dict[UUID, str]:
    """Return the time zone of the course of each assignment."""
    rows = session.execute(
        select(Assignment.id, Course.zone)
        .join(Course, Course.id == Assignment.course_id)
        .where(Assignment.id.in_(assignments))
    )
    return {row[0]: row[1] for row in rows}
