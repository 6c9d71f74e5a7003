"""Groups of students with equal rows of the gradebook, found by the database.

Two students with equal grades in all assignments have equal cells and totals, unless one of them
has an exception, such as an extension. So the statistics of a class need one student per group.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Subquery, Text, case, cast, func, null, select, union
from sqlalchemy.orm import Session

from api.db.models import Enrolment, Excuse, Extension, Grade, LateDays, Override, User
from api.services.gradebook.gradebook_data import GradebookData
from api.services.gradebook.students import ClassFilter

EQUAL_GRADE_COLUMNS: Final = (
    Grade.score,
    Grade.possible,
    Grade.pending_score,
    Grade.pending_possible,
    Grade.waiting,
    Grade.begun,
    Grade.late,
)
"""Columns of a grade that decide its cell, except the version."""


@dataclass(frozen=True, slots=True)
class StudentGroup:
    """Group of *count* students with equal cells; *id* is one of them.

    *section_id* is their section if it has an extension. *members* are the ids of all students, if
    they were requested.
    """

    id: UUID
    section_id: UUID | None
    count: int
    members: tuple[UUID, ...] = ()


def load_student_groups(
    session: Session, book: GradebookData, chosen: ClassFilter, *, with_members: bool
) -> list[StudentGroup]:
    """Return the groups of the chosen students, by their grades in the assignments of the book."""
    keyed = _select_students_with_keys(book, chosen)
    student, *keys = keyed.c
    if not with_members:
        rows = session.execute(select(func.min(student), func.count(), *keys).group_by(*keys))
        return [
            StudentGroup(UUID(id_), UUID(section) if section else None, count)
            for id_, count, section, *_ in rows
        ]
    members: defaultdict[tuple[Any, ...], list[UUID]] = defaultdict(list)
    for id_, *key in session.execute(select(keyed)):
        members[tuple(key)].append(UUID(id_))
    return [
        StudentGroup(ids[0], UUID(section) if section else None, len(ids), tuple(ids))
        for (section, *_), ids in members.items()
    ]


def _select_students_with_keys(book: GradebookData, chosen: ClassFilter) -> Subquery:
    statement = select(
        cast(Enrolment.user_id, Text).label("student"), *_group_key_columns(book)
    ).select_from(Enrolment)
    if len(book.assignments) == 1:
        grade = (Grade.student_id == Enrolment.user_id) & _assignment_condition(Grade, book)
        statement = statement.outerjoin(Grade, grade)
    if chosen.text:
        statement = statement.join(User, User.id == Enrolment.user_id)
    return chosen.apply(statement).subquery()


def _group_key_columns(book: GradebookData) -> list[Any]:
    """Return the values that decide the cells: section, grades, and the student if excepted.

    A student with an exception of their own forms a group alone. The database checks for exceptions
    only if there are any, which takes a tenth of its time.
    """
    section: Any = cast(null(), Text)
    extensions = (Extension.course_id == book.course.id, Extension.withdrawn_at.is_(None))
    if any(extension.section_id for extension in book.all_extensions()):
        sections = select(Extension.section_id).where(
            *extensions, Extension.section_id.is_not(None)
        )
        section = _text_if(Enrolment.section_id, sections)
    columns = [section.label("section"), _grades_text(book).label("grades")]
    if book.has_own_exceptions():
        students = select(Extension.student_id).where(
            *extensions, Extension.student_id.is_not(None)
        )
        excepted: Any = union(
            students,
            select(LateDays.student_id).where(_assignment_condition(LateDays, book)),
            *(
                select(table.student_id).where(
                    _assignment_condition(table, book), table.withdrawn_at.is_(None)
                )
                for table in (Override, Excuse)
            ),
        )
        columns.append(_text_if(Enrolment.user_id, excepted).label("excepted"))
    return columns


def _assignment_condition(table: Any, book: GradebookData) -> Any:
    return table.assignment_id.in_([assignment.id for assignment in book.assignments])


def _text_if(column: Any, listed: Any) -> Any:
    """Return the id in a column as text if a query lists it, else an empty text."""
    return case((column.in_(listed), cast(column, Text)), else_="")


def _grades_text(book: GradebookData) -> Any:
    """Return the grades of an enrolled student as one text, or null.

    For one assignment it is of the joined grade: a subquery would take a third longer.
    """
    if len(book.assignments) == 1:
        return _concatenate_columns(*EQUAL_GRADE_COLUMNS)
    grade = _concatenate_columns(cast(Grade.assignment_id, Text), *EQUAL_GRADE_COLUMNS)
    return (
        select(func.aggregate_strings(grade, ","))
        .where(Grade.student_id == Enrolment.user_id, _assignment_condition(Grade, book))
        .scalar_subquery()
    )


def _concatenate_columns(*values: Any) -> Any:
    return func.format(" ".join(["%s"] * len(values)), *values)
