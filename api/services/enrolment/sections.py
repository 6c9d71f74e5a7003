"""Sections of a course, and the recomputation of grades when a student moves between them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, FieldError, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, Course, Enrolment, Extension, Grade, Section
from api.schemas.accounts.people import SectionOut
from api.services.audit import recorder
from api.services.grades import GradeCause, recompute_student_grades


def list_sections(session: Session, member: CourseMembership) -> Sequence[SectionOut]:
    """Return the sections of a course by name, each with its number of people."""
    rows = session.execute(
        select(Section.id, Section.name, func.count(Enrolment.id))
        .outerjoin(
            Enrolment,
            (Enrolment.section_id == Section.id) & Enrolment.withdrawn_at.is_(None),
        )
        .where(Section.course_id == member.course.id)
        .group_by(Section.id, Section.name)
        .order_by(Section.name, Section.id)
    )
    return [SectionOut(id=id_, name=name, people=people) for id_, name, people in rows]


def check_section_exists(session: Session, course_id: UUID, section: UUID | None) -> None:
    """Raise `InvalidInput` if *section* is given and does not belong to the course."""
    if section is None:
        return
    row = session.get(Section, section)
    if row is None or row.course_id != course_id:
        raise InvalidInput(
            "Name a section of this course.",
            errors=(FieldError("section", "is not a section of this course"),),
        )


def create_section(
    session: Session, member: CourseMembership, name: str, *, now: datetime
) -> SectionOut:
    """Create a section; raise `Conflict` if the name is taken."""
    _check_name_free(session, member, name)
    section = Section(id=new_id(), course_id=member.course.id, name=name)
    session.add(section)
    recorder.record_action(
        session,
        member,
        "section.created",
        now=now,
        target=("section", section.id),
        change=({}, {"name": name}),
    )
    return SectionOut(id=section.id, name=name, people=0)


def rename_section(
    session: Session, member: CourseMembership, section_id: UUID, name: str, *, now: datetime
) -> SectionOut:
    """Rename a section; raise `Conflict` if the name is taken."""
    section = _lock_section(session, member, section_id)
    if section.name != name:
        _check_name_free(session, member, name)
    change = ({"name": section.name}, {"name": name})
    section.name = name
    target = ("section", section.id)
    recorder.record_action(
        session, member, "section.renamed", now=now, target=target, change=change
    )
    session.flush()
    return next(one for one in list_sections(session, member) if one.id == section_id)


def delete_section(
    session: Session, member: CourseMembership, section_id: UUID, *, now: datetime
) -> None:
    """Delete a section; raise `Conflict` if people or extensions refer to it."""
    section = _lock_section(session, member, section_id)
    for table, label in ((Enrolment, "people"), (Extension, "extensions")):
        count = session.scalar(
            select(func.count()).select_from(table).where(table.section_id == section_id)
        )
        if count:
            raise Conflict(f"The section has {count} {label}. Move them first.")
    session.delete(section)
    recorder.record_action(
        session,
        member,
        "section.deleted",
        now=now,
        target=("section", section.id),
        change=({"name": section.name}, {}),
    )


def lock_assignments(session: Session, course_id: UUID) -> None:
    """Lock all assignments of a course, so that only this transaction changes rules and grades.

    Call it before locking an enrollment when people move between sections: submissions take their
    locks in the same order.
    """
    session.execute(
        select(Assignment.id)
        .where(Assignment.course_id == course_id, Assignment.deleted_at.is_(None))
        .order_by(Assignment.id)
        .with_for_update(key_share=True)
    )


def recompute_grades_with_section_extensions(
    session: Session, member: CourseMembership, students: Collection[UUID], *, now: datetime
) -> None:
    """Recompute the grades of *students* in assignments where a section has an extension.

    The caller has locked the rules of the course (`lock_assignments`).
    """
    granted = session.scalars(
        select(Extension.assignment_id)
        .where(
            Extension.course_id == member.course.id,
            Extension.section_id.is_not(None),
            Extension.withdrawn_at.is_(None),
        )
        .distinct()
    ).all()
    if not granted or not students:
        return
    graded = (
        select(Grade.assignment_id, Grade.student_id)
        .join(Assignment, Assignment.id == Grade.assignment_id)
        .where(Assignment.course_id == member.course.id, Grade.student_id.in_(students))
    )
    if None not in granted:
        graded = graded.where(Grade.assignment_id.in_(granted))
    cause = GradeCause("extension", None, member.caller.id, now)
    by_assignment: dict[UUID, list[UUID]] = {}
    for assignment, student in session.execute(graded):
        by_assignment.setdefault(assignment, []).append(student)
    for assignment, student_ids in by_assignment.items():
        recompute_student_grades(session, assignment, student_ids, cause=cause)


def _lock_section(session: Session, member: CourseMembership, section_id: UUID) -> Section:
    section = session.get(Section, section_id, with_for_update=True)
    if section is None or section.course_id != member.course.id:
        raise NotFound("There is no such section in this course.")
    return section


def _check_name_free(session: Session, member: CourseMembership, name: str) -> None:
    session.get(Course, member.course.id, with_for_update=True)
    taken = select(Section.id).where(Section.course_id == member.course.id, Section.name == name)
    if session.scalar(taken) is not None:
        raise Conflict("There is already a section with this name.")
