"""Students of a course with the names that the gradebook shows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Select, case, literal, select
from sqlalchemy.orm import Session

from api.core.errors import NotFound
from api.db.dialects import is_sqlite
from api.db.models import Enrolment, Section, User
from api.http.pagination import Cursor, apply_keyset
from api.services.courses.active_students import ACTIVE_STUDENTS
from api.services.enrolment.search import person_search_condition

Q = TypeVar("Q", bound=Select[*tuple[Any, ...]])


SECTION_END: Final = "\n"
"""Separator of section and name in a sort key; sorts before every letter."""


class StudentOfSection(Protocol):
    """What decides the rules for a student: the student and the section."""

    @property
    def id(self) -> UUID:
        """Id of the student."""

    @property
    def section_id(self) -> UUID | None:
        """Id of the section."""


@dataclass(frozen=True, slots=True)
class ClassFilter:
    """Active students of a course, of a section, or with a *text*.

    The text is a part of a name, an address, a number or a login.
    """

    course_id: UUID
    section_id: UUID | None = None
    text: str = ""

    def apply(self, statement: Q) -> Q:
        """Restrict a query of enrollments to these students; a text needs the user joined."""
        statement = statement.where(Enrolment.course_id == self.course_id, *ACTIVE_STUDENTS)
        if self.section_id is not None:
            statement = statement.where(Enrolment.section_id == self.section_id)
        if self.text:
            columns = (User.email, User.student_number, User.login)
            statement = statement.where(person_search_condition(self.text, *columns))
        return statement


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


def _build_student_query(course_id: UUID) -> Select[*tuple[Any, ...]]:
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
    session: Session, course_id: UUID, *, section: UUID | None = None
) -> Sequence[GradebookStudent]:
    """Return the active students of a course or section, ordered by family name and id."""
    statement = ClassFilter(course_id, section).apply(_build_student_query(course_id))
    rows = session.execute(statement.order_by(User.sort_name, User.id))
    return [_build_student(row) for row in rows]


def load_students(session: Session, course_id: UUID, ids: Sequence[UUID]) -> list[GradebookStudent]:
    """Return the students of a course with these *ids*, in their order."""
    rows = session.execute(_build_student_query(course_id).where(User.id.in_(ids)))
    students = {student.id: student for student in map(_build_student, rows)}
    return [students[id_] for id_ in ids]


@dataclass(frozen=True, slots=True)
class StudentOrder:
    """Order of students by name, or by section and name; a page starts after a cursor."""

    by_section: bool
    descending: bool
    after: Cursor | None

    def sort(self, statement: Q, key: Any, id_: Any, after: Cursor | None = None) -> Q:
        """Return a query sorted by *key* and id, starting after a cursor."""
        order = "descending" if self.descending else "ascending"
        return apply_keyset(statement, key, id_, after=after, order=order)


def list_students(
    session: Session, chosen: ClassFilter, order: StudentOrder, limit: int
) -> list[tuple[str, GradebookStudent]]:
    """Return at most *limit* chosen students with their sort keys."""
    # The database sorts keys and ids of the class, and reads the other columns of the page only.
    key = _build_sort_key_expression(session, chosen.course_id, by_section=order.by_section)
    page = _select_sorted_ids(chosen, order, key).limit(limit).subquery()
    statement = _build_student_query(chosen.course_id).where(User.id.in_(select(page.c.id)))
    rows = session.execute(order.sort(statement.add_columns(key), key, User.id))
    return [(key, _build_student(row)) for *row, key in rows]


def list_students_among(
    session: Session, chosen: ClassFilter, order: StudentOrder, ids: Collection[UUID], limit: int
) -> list[tuple[str, GradebookStudent]]:
    """Return at most *limit* chosen students with these ids, of whom there may be many."""
    key = _build_sort_key_expression(session, chosen.course_id, by_section=order.by_section)
    rows = session.execute(_select_sorted_ids(chosen, order, key))
    page = list(islice((row for row in rows if row.id in ids), limit))
    students = load_students(session, chosen.course_id, [row.id for row in page])
    return [(row.key, student) for row, student in zip(page, students, strict=True)]


def _select_sorted_ids(chosen: ClassFilter, order: StudentOrder, key: Any) -> Any:
    ids = select(key.label("key"), User.id).select_from(Enrolment)
    ids = chosen.apply(ids.join(User, User.id == Enrolment.user_id))
    return order.sort(ids, key, User.id, order.after)


def _build_sort_key_expression(session: Session, course_id: UUID, *, by_section: bool) -> Any:
    """Return the sort key of a student, in the same order on all databases and collations."""
    name: Any = User.sort_name
    key = _build_section_key_expression(session, course_id).concat(name) if by_section else name
    return key.collate("BINARY" if is_sqlite(session) else "C")


def _build_section_key_expression(session: Session, course_id: UUID) -> Any:
    """Return the start of a sort key: the name of the section, ignoring case, and a line break.

    Python folds the case, because SQLite folds ASCII letters only.
    """
    sections = session.execute(
        select(Section.id, Section.name).where(Section.course_id == course_id)
    )
    keys = {id_: f"{name.casefold()}{SECTION_END}" for id_, name in sections}
    return (
        case(keys, value=Enrolment.section_id, else_=SECTION_END) if keys else literal(SECTION_END)
    )


def load_student(session: Session, course_id: UUID, user_id: UUID) -> GradebookStudent:
    """Return a student of a course, active or not; raise `NotFound` for anybody else."""
    row = session.execute(_build_student_query(course_id).where(User.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such student in this course.")
    return _build_student(row)
