"""Students of a course with the names that the gradebook shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.core.errors import NotFound
from api.db.models import Enrolment, Section, User
from api.services.courses.active_students import ACTIVE_STUDENTS
from api.services.enrolment.search import person_search_condition


@dataclass(frozen=True, slots=True)
class GradebookStudent:
    """Student of a course; *counts* is false for a test student and for one who left."""

    id: UUID
    name: str
    family_name: str
    sort_name: str
    email: str
    number: str
    login: str
    lms_id: str
    section_id: UUID | None
    section: str
    counts: bool


STUDENT_COLUMNS: Final = (
    User.id,
    User.name,
    User.family_name,
    User.sort_name,
    User.email,
    User.student_number,
    User.login,
    Enrolment.lms_id,
    Enrolment.section_id,
    Section.name,
    Enrolment.is_test,
    Enrolment.withdrawn_at,
)


def _student_query(course_id: UUID) -> Select[*tuple[Any, ...]]:
    """Return the query for the students of a course; plain columns, as a page reads hundreds."""
    return (
        select(*STUDENT_COLUMNS)
        .select_from(Enrolment)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(Section, Section.id == Enrolment.section_id)
        .where(Enrolment.course_id == course_id, Enrolment.role == "student")
    )


def _build_student(row: Sequence[Any]) -> GradebookStudent:
    id_, name, family_name, sort_name, email, number, login, *row = row
    lms_id, section_id, section, is_test, withdrawn_at = row
    return GradebookStudent(
        id=id_,
        name=name,
        family_name=family_name,
        sort_name=sort_name,
        email=email or "",
        number=number,
        login=login,
        lms_id=lms_id,
        section_id=section_id,
        section=section or "",
        counts=not is_test and withdrawn_at is None,
    )


def load_active_students(
    session: Session, course_id: UUID, *, section: UUID | None = None, text: str = ""
) -> Sequence[GradebookStudent]:
    """Return the active students of a course, ordered by family name and id.

    *section* and *text*, a part of a name, an address, a number or a login, narrow them down.
    """
    statement = _student_query(course_id).where(*ACTIVE_STUDENTS)
    if section is not None:
        statement = statement.where(Enrolment.section_id == section)
    if text:
        columns = (User.email, User.student_number, User.login)
        statement = statement.where(person_search_condition(text, *columns))
    rows = session.execute(statement.order_by(User.sort_name, User.id))
    return [_build_student(row) for row in rows]


def load_student(session: Session, course_id: UUID, user_id: UUID) -> GradebookStudent:
    """Return a student of a course, active or not; raise `NotFound` for anybody else."""
    row = session.execute(_student_query(course_id).where(User.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such student in this course.")
    return _build_student(row)
