"""Lifecycle of courses: create, list, change, archive."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.auth.roles import EffectiveRole
from api.auth.user_codes import new_join_code
from api.core.errors import Conflict, InvalidInput
from api.core.ids import new_id
from api.db.models import Assignment, Course, Enrolment, User
from api.http.pagination import Cursor, apply_keyset
from api.schemas.courses.courses import (
    CategorySpec,
    CourseChanged,
    CourseIn,
    CoursePatch,
    CourseView,
)
from api.schemas.shared.patch_schemas import changed_fields
from api.schemas.shared.setting import list_grade_affecting_settings
from api.services.accounts.credentials import end_sessions_and_lock_unvouched_password
from api.services.assignments.settings import update_resolved_times
from api.services.audit import recorder
from api.services.audit.change_context import ChangeContext, diff_values, lock_and_refresh
from api.services.courses.stored_settings import read_settings, write_settings
from api.services.courses.time_zones import get_zone
from api.services.grades.effects import recompute_grades

SECRET_BYTES: Final = 32


def serialize_course(course: Course, role: EffectiveRole) -> CourseView:
    """Return a course as a user with *role* sees it."""
    return CourseView.model_validate(
        serialize_settings(course)
        | {
            "id": course.id,
            "role": role,
            "archived_at": course.archived_at,
            "version": course.version,
        }
    )


def list_courses(
    session: Session, caller: Principal, *, archived: bool, after: Cursor | None, limit: int
) -> Sequence[tuple[Course, EffectiveRole]]:
    """Return the courses that *caller* may see, one more than *limit*; an admin sees all."""
    mine = (Enrolment.user_id == caller.id) & Enrolment.withdrawn_at.is_(None)
    query = select(Course, Enrolment.role).outerjoin(
        Enrolment, mine & (Enrolment.course_id == Course.id)
    )
    if not caller.user.is_admin:
        query = query.where(Enrolment.role.is_not(None))
    if caller.only_course is not None:
        query = query.where(Course.id == caller.only_course)
    if not archived:
        query = query.where(Course.archived_at.is_(None))
    rows = session.execute(
        apply_keyset(query, Course.slug, Course.id, after=after).limit(limit + 1)
    )
    return [(course, _effective_role(caller, role)) for course, role in rows]


def _effective_role(caller: Principal, role: str) -> EffectiveRole:
    return "admin" if caller.user.is_admin else role  # type: ignore[return-value]  # the column is text


def create_course(session: Session, caller: Principal, body: CourseIn, *, now: datetime) -> Course:
    """Create a course, with its first instructor if *body* names one."""
    check_course_slug_free(session, body.slug, None)
    _check_categories(body.categories)
    instructor = _load_instructor(session, body.instructor)
    row = build_course(body, now=now)
    session.add(row)
    session.flush()
    if instructor is not None:
        enrol_instructor(session, row, instructor.id, now=now)
        end_sessions_and_lock_unvouched_password(
            session, caller, instructor, course=row.id, now=now
        )
    recorder.record_action(
        session,
        caller,
        "course.created",
        now=now,
        target=("course", row.id),
        change=({}, serialize_settings(row)),
        course_id=row.id,
    )
    return row


def build_course(body: CourseIn, *, now: datetime) -> Course:
    """Return a new course with these settings and a fresh secret."""
    row = Course(id=new_id(), secret=secrets.token_hex(SECRET_BYTES), created_at=now, version=1)
    write_settings(CourseIn, row, dict(body) | {"zone": get_zone(body.zone).key})
    row.join_code = new_join_code() if body.self_enrollment else None
    return row


def enrol_instructor(session: Session, course: Course, user_id: UUID, *, now: datetime) -> None:
    """Enroll a user as an instructor of a new course."""
    session.add(Enrolment(course_id=course.id, user_id=user_id, role="instructor", created_at=now))
    session.flush()


def _load_instructor(session: Session, email: str | None) -> User | None:
    if email is None:
        return None
    active = User.suspended_at.is_(None) & User.erased_at.is_(None)
    user = session.scalar(
        select(User).where(User.email == email, active).with_for_update(key_share=True)
    )
    if user is None:
        message = (
            "does not belong to an account; create the course without an instructor, and "
            "add the person to it"
        )
        raise InvalidInput.for_field("instructor", message)
    return user


def check_course_slug_free(session: Session, slug: str, row: Course | None) -> None:
    """Raise `Conflict` if another course has the slug."""
    other = session.scalar(select(Course.id).where(Course.slug == slug))
    if other is not None and (row is None or other != row.id):
        raise Conflict("There is already a course with this short name. Choose another.")


def serialize_settings(course: Course) -> dict[str, Any]:
    """Return the settings of a course as JSON data."""
    return read_settings(CourseIn, course)


def _check_categories(categories: Sequence[CategorySpec]) -> None:
    message = ""
    if len({category.id for category in categories}) < len(categories):
        message = "must have different names"
    elif categories and not any(category.weight for category in categories):
        message = "must not all have the weight 0"
    if message:
        raise InvalidInput.for_field("categories", message)


def load_assignments(session: Session, course: Course) -> list[Assignment]:
    """Return the assignments of a course that are not deleted, ordered by id."""
    rows = session.scalars(
        select(Assignment)
        .where(Assignment.course_id == course.id, Assignment.deleted_at.is_(None))
        .order_by(Assignment.id)
    )
    return list(rows)


def update_course(session: Session, act: ChangeContext, body: CoursePatch) -> CourseChanged:
    """Change settings of a course; with another zone, all times keep their local time."""
    course, values = act.course, changed_fields(body)
    assignments = load_assignments(session, course)
    with act.rollback_if_dry_run(session):
        before = serialize_settings(course)
        apply_settings(session, course, values)
        check_assignment_categories_exist(course, assignments)
        difference = diff_values(before, serialize_settings(course))
        if any(difference):
            course.version += 1
            act.record(session, "course.changed", ("course", course.id), change=difference)
        moved = (
            assignments if list_grade_affecting_settings(CourseIn) & difference[1].keys() else []
        )
        for row in moved:
            lock_and_refresh(session, row)
            update_resolved_times(row, course)
            row.version += 1
        effect = recompute_grades(
            session, act, moved, cause=act.to_grade_cause("settings", course.id)
        )
        role: EffectiveRole = act.member.role if act.member else "admin"
        return CourseChanged(course=serialize_course(course, role), effect=effect)


def apply_settings(session: Session, course: Course, settings: Mapping[str, Any]) -> None:
    """Write the *settings* settings to the row of a course."""
    values = dict(settings)
    if "slug" in settings:
        check_course_slug_free(session, settings["slug"], course)
    if "zone" in settings:
        values["zone"] = get_zone(settings["zone"]).key
    if "categories" in settings:
        _check_categories(settings["categories"])
    write_settings(CourseIn, course, values)
    if course.self_enrollment and course.join_code is None:
        course.join_code = new_join_code()


def check_assignment_categories_exist(course: Course, assignments: Sequence[Assignment]) -> None:
    """Raise `InvalidInput` if an assignment is in a category that the course lacks."""
    known = [category["id"] for category in course.categories]
    for row in assignments:
        if row.category and row.category not in known:
            message = f"must keep {row.category}, where the assignment {row.slug} is"
            raise InvalidInput.for_field("categories", message)


def set_archived(
    session: Session, member: CourseMembership, *, is_archived: bool, now: datetime
) -> Course:
    """Archive or restore a course; an archived one keeps its data but is left out of lists."""
    course = member.course
    if is_archived != (course.archived_at is not None):
        course.archived_at = now if is_archived else None
        course.version += 1
        act = ChangeContext.for_member(member, now=now)
        action = "course.archived" if is_archived else "course.restored"
        act.record(session, action, ("course", course.id))
    return course


def load_zones(session: Session, assignments: Collection[UUID]) -> dict[UUID, str]:
    """Return the time zone of the course of each assignment."""
    rows = session.execute(
        select(Assignment.id, Course.zone)
        .join(Course, Course.id == Assignment.course_id)
        .where(Assignment.id.in_(assignments))
    )
    return {row[0]: row[1] for row in rows}
