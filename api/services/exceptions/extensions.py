"""Extensions and accommodations, and their effect on a student."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict, Invalid, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, Course, Enrolment, Extension, Section
from api.http.pagination import Cursor, keyset
from api.schemas.assignments.exceptions import (
    ExtensionGranted,
    ExtensionIn,
    ExtensionOut,
    Preview,
    StudentTimes,
)
from api.schemas.assignments.timeline import ExtensionSpec
from api.schemas.shared.effects import Effect
from api.services.assignments import timeline
from api.services.assignments.rules import Granted, granted_to, rules
from api.services.audit.change_context import Act, hold
from api.services.exceptions.students import enrolled, in_section, student_of
from api.services.grades.effects import settle
from api.services.student.times import times

__all__ = ["extensions_in", "grant", "times_of", "withdraw"]


def grant(session: Session, act: Act, body: ExtensionIn) -> ExtensionGranted:
    """Grant an extension; return it with the resulting times and its effect on grades.

    Raises `Conflict` if an active extension grants the same to the same people.
    """
    assignments = _held(session, act.course, body.assignment)
    students = _whom(session, act.course, body)
    _check_new(session, act.course, body)
    with act.trial(session):
        before = _granted(session, assignments, body)
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
        after = [_with(one, body.grants) for one in before]
        told = shown(row)
        act.record(
            session,
            "extension.granted",
            ("extension", row.id),
            change=({}, told.model_dump(mode="json", exclude_none=True)),
            reason=row.reason,
        )
        effect = settle(
            session, act, assignments, cause=act.cause("extension", row.id), students=students
        )
        previews = tuple(
            _preview(one, act, old, new)
            for one, old, new in zip(assignments, before, after, strict=True)
        )
        return ExtensionGranted(extension=told, previews=previews, effect=effect)


def _whom(session: Session, course: Course, body: ExtensionIn) -> list[UUID]:
    """Return the students who receive an extension."""
    if (body.student is None) == (body.section is None):
        said = "is the one whom the extension is for; give either a student or a section"
        raise Invalid.of("student", said)
    if body.student is not None:
        return [student_of(session, course, body.student, field="student").user_id]
    section = session.get(Section, body.section)
    if section is None or section.course_id != course.id:
        raise Invalid.of("section", "is no section of the course")
    return in_section(session, course, section.id)


def _check_new(session: Session, course: Course, body: ExtensionIn) -> None:
    """Raise `Conflict` if the same extension is active already, even with another reason."""
    found = session.scalars(
        select(Extension.spec).where(
            Extension.course_id == course.id,
            Extension.assignment_id.is_not_distinct_from(body.assignment),
            Extension.student_id.is_not_distinct_from(body.student),
            Extension.section_id.is_not_distinct_from(body.section),
            Extension.withdrawn_at.is_(None),
        )
    )
    wanted = _given_by(body.grants)
    if any(_given_by(ExtensionSpec.model_validate(spec)) == wanted for spec in found):
        raise Conflict("This is granted already; twice it gives no more than once.")


def _given_by(spec: ExtensionSpec) -> ExtensionSpec:
    return spec.model_copy(update={"reason": ""})


def _held(session: Session, course: Course, assignment_id: UUID | None) -> list[Assignment]:
    """Return the assignments of an extension, locked in the order of their ids."""
    found = select(Assignment).where(
        Assignment.course_id == course.id, Assignment.deleted_at.is_(None)
    )
    if assignment_id is not None:
        found = found.where(Assignment.id == assignment_id)
    rows = list(session.scalars(found.order_by(Assignment.id)))
    if assignment_id is not None and not rows:
        raise Invalid.of("assignment", "is no assignment of the course")
    for row in rows:
        hold(session, row)
    return rows


def _granted(
    session: Session, assignments: Sequence[Assignment], body: ExtensionIn
) -> list[Granted]:
    """Return the student's earlier exceptions in each assignment; none for a section."""
    if body.student is None:
        return [Granted()] * len(assignments)
    one = body.student
    return [granted_to(session, row, [one])[one] for row in assignments]


def _with(granted: Granted, spec: ExtensionSpec) -> Granted:
    return replace(granted, extensions=(*granted.extensions, spec))


def _preview(row: Assignment, act: Act, before: Granted, after: Granted) -> Preview:
    told = [
        times(rules(row, act.course, one), act.course.zone, now=act.now) for one in (before, after)
    ]
    return Preview(assignment=row.id, slug=row.slug, before=told[0], after=told[1])


def shown(row: Extension) -> ExtensionOut:
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


def extensions_in(
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
    found = select(Extension).where(
        Extension.course_id == course.id, Extension.withdrawn_at.is_(None)
    )
    if assignment is not None:
        holds = (Extension.assignment_id == assignment, Extension.assignment_id.is_(None))
        found = found.where(or_(*holds))
    if student is not None:
        own = select(Enrolment.section_id).where(
            Enrolment.course_id == course.id, Enrolment.user_id == student
        )
        found = found.where(or_(Extension.student_id == student, Extension.section_id.in_(own)))
    if section is not None:
        found = found.where(Extension.section_id == section)
    paged = keyset(found, Extension.created_at, Extension.id, after=after)
    return session.scalars(paged.limit(limit + 1)).all()


def withdraw(session: Session, act: Act, extension_id: UUID) -> Effect:
    """Withdraw an extension; work that was on time because of it keeps its credit."""
    row = session.get(Extension, extension_id)
    if row is None or row.course_id != act.course.id or row.withdrawn_at is not None:
        raise NotFound("There is no such extension in this course.")
    assignments = _held(session, act.course, row.assignment_id)
    with act.trial(session):
        row.withdrawn_at = act.now
        told = shown(row).model_dump(mode="json", exclude_none=True)
        act.record(session, "extension.withdrawn", ("extension", row.id), change=(told, {}))
        whom = (
            [row.student_id]
            if row.student_id is not None
            else in_section(session, act.course, row.section_id)
        )
        students = enrolled(session, act.course, whom)
        return settle(
            session, act, assignments, cause=act.cause("extension", row.id), students=students
        )


def times_of(
    session: Session, member: Member, assignment: Assignment, user: UUID, *, now: datetime
) -> StudentTimes:
    """Return a student's times and limits in an assignment, with the extensions behind them."""
    course = member.course
    one = student_of(session, course, user)
    granted = granted_to(session, assignment, [user])[user]
    held = rules(assignment, course, granted)
    whose = Extension.student_id == user
    if one.section_id is not None:
        whose = or_(whose, Extension.section_id == one.section_id)
    rows = session.scalars(
        select(Extension)
        .where(
            Extension.course_id == course.id,
            Extension.withdrawn_at.is_(None),
            or_(Extension.assignment_id.is_(None), Extension.assignment_id == assignment.id),
            whose,
        )
        .order_by(Extension.created_at, Extension.id)
    )
    return StudentTimes(
        times=times(held, timeline.zone(course.zone).key, now=now),
        attempts=held.attempts,
        cool_down_seconds=held.cool_down // 1_000_000,
        late_days=granted.late_days,
        extensions=tuple(shown(row) for row in rows),
    )
