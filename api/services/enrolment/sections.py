"""Sections of a course, and the recomputation of grades when a student moves between them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict, FieldError, Invalid, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, Course, Enrolment, Extension, Grade, Section
from api.schemas.accounts.people import SectionOut
from api.services.audit import recorder
from api.services.grades import Cause, refresh_all

__all__ = ["create", "delete", "hold_rules", "regrade_moved", "rename", "section_of", "sections"]


def sections(session: Session, member: Member) -> Sequence[SectionOut]:
    """Return the sections of a course by name, each with its number of people."""
    found = session.execute(
        select(Section.id, Section.name, func.count(Enrolment.id))
        .outerjoin(
            Enrolment,
            (Enrolment.section_id == Section.id) & Enrolment.withdrawn_at.is_(None),
        )
        .where(Section.course_id == member.course.id)
        .group_by(Section.id, Section.name)
        .order_by(Section.name, Section.id)
    )
    return [SectionOut(id=id_, name=name, people=people) for id_, name, people in found]


def section_of(session: Session, course_id: UUID, section: UUID | None) -> UUID | None:
    """Return *section* if it is None or belongs to the course; raise `Invalid` otherwise."""
    found = None if section is None else session.get(Section, section)
    if section is not None and (found is None or found.course_id != course_id):
        said = "is no section of this course"
        raise Invalid(f"The section {said}.", errors=(FieldError("section", said),))
    return section


def create(session: Session, member: Member, name: str, *, now: datetime) -> SectionOut:
    """Create a section; raise `Conflict` if the name is taken."""
    _check_free(session, member, name)
    section = Section(id=new_id(), course_id=member.course.id, name=name)
    session.add(section)
    recorder.record(
        session,
        member,
        "section.created",
        now=now,
        target=("section", section.id),
        change=({}, {"name": name}),
    )
    return SectionOut(id=section.id, name=name, people=0)


def rename(
    session: Session, member: Member, section_id: UUID, name: str, *, now: datetime
) -> SectionOut:
    """Rename a section; raise `Conflict` if the name is taken."""
    section = _one(session, member, section_id)
    if section.name != name:
        _check_free(session, member, name)
    change = ({"name": section.name}, {"name": name})
    section.name = name
    target = ("section", section.id)
    recorder.record(session, member, "section.renamed", now=now, target=target, change=change)
    session.flush()
    return next(one for one in sections(session, member) if one.id == section_id)


def delete(session: Session, member: Member, section_id: UUID, *, now: datetime) -> None:
    """Delete a section; raise `Conflict` if people or extensions refer to it."""
    section = _one(session, member, section_id)
    for table, what in ((Enrolment, "people"), (Extension, "extensions")):
        count = session.scalar(
            select(func.count()).select_from(table).where(table.section_id == section_id)
        )
        if count:
            raise Conflict(f"The section has {count} {what}. Move them first.")
    session.delete(section)
    recorder.record(
        session,
        member,
        "section.deleted",
        now=now,
        target=("section", section.id),
        change=({"name": section.name}, {}),
    )


def hold_rules(session: Session, course_id: UUID) -> None:
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


def regrade_moved(
    session: Session, member: Member, students: Collection[UUID], *, now: datetime
) -> None:
    """Recompute the grades of *students* in assignments where a section has an extension.

    The caller has locked the rules of the course (`hold_rules`).
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
    cause = Cause("extension", None, member.caller.id, now)
    by_assignment: dict[UUID, list[UUID]] = {}
    for assignment, student in session.execute(graded):
        by_assignment.setdefault(assignment, []).append(student)
    for assignment, those in by_assignment.items():
        refresh_all(session, assignment, those, cause=cause)


def _one(session: Session, member: Member, section_id: UUID) -> Section:
    section = session.get(Section, section_id, with_for_update=True)
    if section is None or section.course_id != member.course.id:
        raise NotFound("There is no such section in this course.")
    return section


def _check_free(session: Session, member: Member, name: str) -> None:
    session.get(Course, member.course.id, with_for_update=True)
    taken = select(Section.id).where(Section.course_id == member.course.id, Section.name == name)
    if session.scalar(taken) is not None:
        raise Conflict("There is a section of this name.")
