"""Courses in which the caller is a student, and their rules there, in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, select, true
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.roles import is_permitted
from api.core.errors import Forbidden
from api.db.models import Assignment, Course, Enrolment, Extension, LateDays
from api.schemas.assignments.timeline import ExtensionSpec
from api.services.assignments.anonymity import ANONYMOUS_ASSIGNMENT_CONDITIONS
from api.services.assignments.rules import Accommodations, build_rules
from grader.policy import SubmissionRules

LATE_DAYS: Final = select(LateDays.assignment_id, LateDays.days).where(
    LateDays.assignment_id.in_(bindparam("assignments", expanding=True)),
    LateDays.student_id.in_(bindparam("students", expanding=True)),
)
EXTENSIONS: Final = (
    select(Extension)
    .where(
        Extension.course_id.in_(bindparam("courses", expanding=True)),
        Extension.withdrawn_at.is_(None),
        or_(
            Extension.student_id.in_(bindparam("students", expanding=True)),
            Extension.section_id.in_(bindparam("sections", expanding=True)),
        ),
    )
    .order_by(Extension.created_at, Extension.id)
)


@dataclass(frozen=True, slots=True)
class StudentEnrolment:
    """A student in a course."""

    course: Course
    student_id: UUID
    section_id: UUID | None


def load_student_enrolments(
    session: Session, caller: Principal, *, course: UUID | None
) -> list[StudentEnrolment]:
    """Return the courses in which the caller is a student, or the given one.

    Staff who view as a student get those of their courses that the student is in. Archived courses
    are excluded unless *course* names one.
    """
    query = (
        select(Enrolment, Course)
        .join(Course, Course.id == Enrolment.course_id)
        .where(
            Enrolment.role == "student",
            Enrolment.withdrawn_at.is_(None),
            _own_or_viewed_enrolment_condition(caller),
        )
    )
    query = query.where(Course.archived_at.is_(None) if course is None else Course.id == course)
    if caller.only_course is not None:
        query = query.where(Course.id == caller.only_course)
    return [
        StudentEnrolment(found, one.user_id, one.section_id)
        for one, found in session.execute(query.order_by(Course.id))
    ]


def _own_or_viewed_enrolment_condition(caller: Principal) -> ColumnElement[bool]:
    """Return the condition that an enrollment is the caller's, or that of the viewed student."""
    if not caller.view_as:
        if not is_permitted("student", "see_own_work", scopes=caller.scopes):
            raise Forbidden("This token does not include: see_own_work")
        return Enrolment.user_id == caller.id
    if not is_permitted("grader", "view_as_student", scopes=caller.scopes):
        raise Forbidden("This token does not include: view_as_student")
    return and_(_viewed_student_condition(caller.view_as), _may_view_as_condition(caller))


def _viewed_student_condition(view_as: str) -> ColumnElement[bool]:
    if view_as == "test":
        return Enrolment.is_test.is_(True)
    try:
        return Enrolment.user_id == UUID(view_as)
    except ValueError:
        return false()


def _may_view_as_condition(caller: Principal) -> ColumnElement[bool]:
    """Return the condition that the caller may view as the student of an enrollment.

    If an assignment is graded anonymously, TAs may view only as the test student.
    """
    if caller.user.is_admin:
        return true()
    staffed = select(Enrolment.course_id).where(
        Enrolment.user_id == caller.id, Enrolment.withdrawn_at.is_(None)
    )
    anonymous = select(Assignment.course_id).where(*ANONYMOUS_ASSIGNMENT_CONDITIONS)
    return or_(
        Enrolment.course_id.in_(staffed.where(Enrolment.role == "instructor")),
        and_(
            Enrolment.course_id.in_(staffed.where(Enrolment.role == "grader")),
            or_(Enrolment.is_test, Enrolment.course_id.not_in(anonymous)),
        ),
    )


def load_rules_across_courses(
    session: Session,
    assignments: Sequence[Assignment],
    enrolments_by_course: dict[UUID, StudentEnrolment],
) -> dict[UUID, SubmissionRules]:
    """Return the rules of each assignment for the student of its course."""
    students = {one.student_id for one in enrolments_by_course.values()}
    extensions = _load_extensions(session, enrolments_by_course)
    ids = [assignment.id for assignment in assignments]
    spent_on = session.execute(LATE_DAYS, {"assignments": ids, "students": list(students)})
    days = {row.assignment_id: row.days for row in spent_on}
    spent: Counter[UUID] = Counter()
    for assignment in assignments:
        spent[assignment.course_id] += days.get(assignment.id, 0)
    rules_by_assignment = {}
    for assignment in assignments:
        specs = [
            *extensions[assignment.course_id, None],
            *extensions[assignment.course_id, assignment.id],
        ]
        accommodations = Accommodations(
            tuple(specs), days.get(assignment.id, 0), spent[assignment.course_id]
        )
        rules_by_assignment[assignment.id] = build_rules(
            assignment, enrolments_by_course[assignment.course_id].course, accommodations
        )
    return rules_by_assignment


def _load_extensions(
    session: Session, enrolments_by_course: dict[UUID, StudentEnrolment]
) -> defaultdict[tuple[UUID, UUID | None], list[ExtensionSpec]]:
    """Return the extensions of the student of each course, by course and assignment."""
    specs: defaultdict[tuple[UUID, UUID | None], list[ExtensionSpec]] = defaultdict(list)
    params = {
        "courses": list(enrolments_by_course),
        "students": list({one.student_id for one in enrolments_by_course.values()}),
        "sections": list({one.section_id for one in enrolments_by_course.values()} - {None}),
    }
    for row in session.scalars(EXTENSIONS, params):
        enrolment = enrolments_by_course[row.course_id]
        if row.student_id == enrolment.student_id or (
            row.section_id is not None and row.section_id == enrolment.section_id
        ):
            spec = ExtensionSpec.model_validate(row.spec)
            specs[row.course_id, row.assignment_id].append(spec)
    return specs
