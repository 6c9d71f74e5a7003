"""Filters of analytics: the students who count and their readable answers."""

from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select

from api.db.models import Answer, Enrolment
from api.services.courses.active_students import select_active_students
from api.services.grades import VersionedProblem
from grader.grading.result import FREE_STATUSES

MeasuredAttempt: TypeAlias = Literal["first", "best"]
"""Attempt by which items are measured; later attempts reflect persistence."""

StudentQuery: TypeAlias = Select[UUID]
"""Query for the ids of the students who count in statistics."""

HexId: TypeAlias = str
"""Id of a row as 32 hexadecimal digits."""


def select_students(course_id: UUID, section: UUID | None) -> StudentQuery:
    """Return the query for the students who count, of a course or of one section."""
    students = select_active_students(course_id)
    return students if section is None else students.where(Enrolment.section_id == section)


def readable_answer_conditions(
    problem: VersionedProblem, students: StudentQuery
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the readable answers of the students to a problem."""
    return (
        Answer.problem_id == problem.row.id,
        Answer.student_id.in_(students),
        Answer.status.not_in(FREE_STATUSES),
    )
