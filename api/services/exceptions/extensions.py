"""Extensions and accommodations, and their effect on a student."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, Course, Enrolment, Extension
from api.http.pagination import Cursor, apply_keyset
from api.schemas.assignments.exceptions import (
    ExtensionGranted,
    ExtensionIn,
    ExtensionOut,
    Preview,
    StudentTimes,
)
from api.schemas.assignments.timeline import ExtensionSpec
from api.schemas.shared.effects import Effect
from api.services.assignments.rules import Accommodations, build_rules, load_accommodations
from api.services.audit.change_context import ChangeContext, lock_and_refresh
from api.services.courses.time_zones import get_zone
from api.services.enrolment.sections import check_section_exists
from api.services.exceptions.students import (
    filter_ever_enrolled,
    list_section_students,
    load_student_enrolment,
)
from api.services.grades.effects import recompute_grades
from api.services.student.times import serialize_times


def grant_extension(session: Session, act: ChangeContext, body: ExtensionIn) -> ExtensionGranted:
    """Grant an extension; return it with the resulting times and its effect on grades.

    Raises `Conflict` if an active extension grants the same to the same people.
    """
    assignments = _lock_assignments(session, act.course, body.assignment)
    students = _load_recipients(session, act.course, body)
    _check_not_already_granted(session, act.course, body)
    with act.rollback_if_dry_run(session):
        before = _load_current_accommodations(session, assignments, body)
        row = Extension(
            id=new_id(),
            course_id=act.course.id,
            assignment_id=body.assignment,
            student_id=body.student,
            section_id=body.section,
            spec=body.grants.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
            reason=body.grants.reason,
            created_by=act.author_id,
            created_at=act.now,
        )
        session.add(row)
        session.flush()
        after = [replace(one, extensions=(*one.extensions, body.grants)) for one in before]
        response = serialize_extension(row)
        act.record(
            session,
            "extension.granted",
            ("extension", row.id),
            change=({}, response.model_dump(mode="json", exclude_none=True)),
            reason=row.reason,
        )
        effect = recompute_grades(
            session,
            act,
            assignments,
            cause=act.to_grade_cause("extension", row.id),
            students=students,
        )
        previews = tuple(
            _preview_student_times(assignment, act, old, new)
            for assignment, old, new in zip(assignments, before, after, strict=True)
        )
        return ExtensionGranted(extension=response, previews=previews, effect=effect)


def _load_recipients(session: Session, course: Course, body: ExtensionIn) -> list[UUID]:
    """Return the students who receive an extension."""
    if (body.student is None) == (body.section is None):
        message = "names the recipient of the extension; send either a student or a section"
        raise InvalidInput.for_field("student", message)
    if body.student is not None:
        return [load_student_enrolment(session, course, body.student, field="student").user_id]
    check_section_exists(session, course.id, body.section)
    return list_section_students(session, course, body.section)


def _check_not_already_granted(session: Session, course: Course, body: ExtensionIn) -> None:
    """Raise `Conflict` if the same extension is active already, even with another reason."""
    specs = session.scalars(
        select(Extension.spec).where(
            Extension.course_id == course.id,
            Extension.assignment_id.is_not_distinct_from(body.assignment),
            Extension.student_id.is_not_distinct_from(body.student),
            Extension.section_id.is_not_distinct_from(body.section),
            Extension.withdrawn_at.is_(None),
        )
    )
    wanted = _without_reason(body.grants)
    if any(_without_reason(ExtensionSpec.model_validate(spec)) == wanted for spec in specs):
        raise Conflict("This extension already exists.")


def _without_reason(spec: ExtensionSpec) -> ExtensionSpec:
    return spec.model_copy(update={"reason": ""})


def _lock_assignments(
    session: Session, course: Course, assignment_id: UUID | None
) -> list[Assignment]:
    """Return the assignments of an extension, locked in the order of their ids."""
    statement = select(Assignment).where(
        Assignment.course_id == course.id, Assignment.deleted_at.is_(None)
    )
    if assignment_id is not None:
        statement = statement.where(Assignment.id == assignment_id)
    rows = list(session.scalars(statement.order_by(Assignment.id)))
    if assignment_id is not None and not rows:
        raise InvalidInput.for_field("assignment", "is not an assignment of the course")
    for row in rows:
        lock_and_refresh(session, row)
    return rows


def _load_current_accommodations(
    session: Session, assignments: Sequence[Assignment], body: ExtensionIn
) -> list[Accommodations]:
    """Return the student's earlier exceptions in each assignment; none for a section."""
    if body.student is None:
        return [Accommodations()] * len(assignments)
    student_id = body.student
    return [load_accommodations(session, row, [student_id])[student_id] for row in assignments]


def _preview_student_times(
    row: Assignment, act: ChangeContext, before: Accommodations, after: Accommodations
) -> Preview:
    student_times = [
        serialize_times(build_rules(row, act.course, one), act.course.zone, now=act.now)
        for one in (before, after)
    ]
    return Preview(
        assignment=row.id, slug=row.slug, before=student_times[0], after=student_times[1]
    )


def serialize_extension(row: Extension) -> ExtensionOut:
    """Return an extension as staff see it."""
    return ExtensionOut(
        id=row.id,
        assignment=row.assignment_id,
        student=row.student_id,
        section=row.section_id,
        grants=ExtensionSpec.model_validate(row.spec),
        created_by=row.created_by,
        created_at=row.created_at,
    )


def list_extensions(
    session: Session,
    course: Course,
    *,
    assignment: UUID | None,
    student: UUID | None,
    section: UUID | None,
    after: Cursor | None,
    limit: int,
) -> Sequence[Extension]:
    """Return the active extensions of a course, oldest first; one more than *limit*.

    An extension for all assignments matches each of them; one for a section matches each of its
    students.
    """
    statement = select(Extension).where(
        Extension.course_id == course.id, Extension.withdrawn_at.is_(None)
    )
    if assignment is not None:
        conditions = (Extension.assignment_id == assignment, Extension.assignment_id.is_(None))
        statement = statement.where(or_(*conditions))
    if student is not None:
        section_ids = select(Enrolment.section_id).where(
            Enrolment.course_id == course.id, Enrolment.user_id == student
        )
        statement = statement.where(
            or_(Extension.student_id == student, Extension.section_id.in_(section_ids))
        )
    if section is not None:
        statement = statement.where(Extension.section_id == section)
    paged = apply_keyset(statement, Extension.created_at, Extension.id, after=after)
    return session.scalars(paged.limit(limit + 1)).all()


def withdraw_extension(session: Session, act: ChangeContext, extension_id: UUID) -> Effect:
    """Withdraw an extension; work that was on time because of it keeps its credit."""
    row = session.get(Extension, extension_id)
    if row is None or row.course_id != act.course.id or row.withdrawn_at is not None:
        raise NotFound("There is no such extension in this course.")
    assignments = _lock_assignments(session, act.course, row.assignment_id)
    with act.rollback_if_dry_run(session):
        row.withdrawn_at = act.now
        audit_values = serialize_extension(row).model_dump(mode="json", exclude_none=True)
        act.record(session, "extension.withdrawn", ("extension", row.id), change=(audit_values, {}))
        recipients = (
            [row.student_id]
            if row.student_id is not None
            else list_section_students(session, act.course, row.section_id)
        )
        students = filter_ever_enrolled(session, act.course, recipients)
        return recompute_grades(
            session,
            act,
            assignments,
            cause=act.to_grade_cause("extension", row.id),
            students=students,
        )


def load_student_times(
    session: Session, member: CourseMembership, assignment: Assignment, user: UUID, *, now: datetime
) -> StudentTimes:
    """Return a student's times and limits in an assignment, with the extensions behind them."""
    course = member.course
    enrolment = load_student_enrolment(session, course, user)
    granted = load_accommodations(session, assignment, [user])[user]
    student_rules = build_rules(assignment, course, granted)
    condition = Extension.student_id == user
    if enrolment.section_id is not None:
        condition = or_(condition, Extension.section_id == enrolment.section_id)
    rows = session.scalars(
        select(Extension)
        .where(
            Extension.course_id == course.id,
            Extension.withdrawn_at.is_(None),
            or_(Extension.assignment_id.is_(None), Extension.assignment_id == assignment.id),
            condition,
        )
        .order_by(Extension.created_at, Extension.id)
    )
    return StudentTimes(
        times=serialize_times(student_rules, get_zone(course.zone).key, now=now),
        attempts=student_rules.attempts,
        cool_down_seconds=student_rules.cool_down // 1_000_000,
        late_days=granted.late_days,
        extensions=tuple(serialize_extension(row) for row in rows),
    )
