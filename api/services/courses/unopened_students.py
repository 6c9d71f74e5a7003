"""Students who have not opened an assignment."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, Select, exists
from sqlalchemy.orm import Session

from api.db.models import Assignment, AssignmentProblem, Draw, Enrolment, Excuse, Section, User
from api.http.pagination import Cursor, apply_keyset
from api.schemas.analytics.unopened import UnopenedStudent
from api.services.analytics.queries.answer_filters import StudentQuery, select_students
from api.services.enrolment.sections import check_section_exists


def select_unopened_students(
    session: Session, assignment: Assignment, section: UUID | None
) -> StudentQuery:
    """Return the query for the ids of the active students who have not opened *assignment*.

    A student opens an assignment with the first view of one of its problems, or with a submission
    to it. Like the number of students who opened it in the analytics, the query leaves out removed
    problems and students who are excused from the whole assignment.

    Raises `InvalidInput` if *section* does not belong to the course.
    """
    check_section_exists(session, assignment.course_id, section)
    has_opened = exists().where(
        Draw.student_id == Enrolment.user_id,
        Draw.problem_id == AssignmentProblem.id,
        AssignmentProblem.assignment_id == assignment.id,
        AssignmentProblem.removed_at.is_(None),
    )
    is_excused = exists().where(
        Excuse.assignment_id == assignment.id,
        Excuse.student_id == Enrolment.user_id,
        Excuse.problem_id.is_(None),
        Excuse.withdrawn_at.is_(None),
    )
    return select_students(assignment.course_id, section).where(~has_opened, ~is_excused)


def list_unopened_students(
    session: Session, students: StudentQuery, *, after: Cursor | None, limit: int
) -> Sequence[Row[User, UUID | None, str]]:
    """Return at most *limit* students of a query of `select_unopened_students`, by family name."""
    query: Select[User, UUID | None, str] = (
        students.with_only_columns(User, Enrolment.section_id, Section.name)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(Section, Section.id == Enrolment.section_id)
    )
    return session.execute(
        apply_keyset(query, User.sort_name, User.id, after=after).limit(limit)
    ).all()


def serialize_unopened_student(row: Row[User, UUID | None, str]) -> UnopenedStudent:
    """Serialize a student who has not opened an assignment."""
    user, section, section_name = row
    return UnopenedStudent(
        user=user.id,
        name=user.name,
        email=user.email,
        student_number=user.student_number,
        section=section,
        section_name=section_name,
    )
