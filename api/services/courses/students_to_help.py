"""Students who may need help, found by three rules that the page of the list states.

The rules use the times of the class, not extensions. Excused students are left out.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Enrolment,
    Excuse,
    Grade,
    ProblemVersion,
    Section,
    User,
)
from api.schemas.analytics.students_to_help import HelpReason, StudentsToHelp, StudentToHelp
from api.services.analytics.queries.answer_filters import StudentQuery, select_students
from api.services.courses.unopened_students import select_unopened_students
from api.services.enrolment.sections import check_section_exists

UNOPENED_WINDOW: Final = timedelta(days=3)
STUCK_ATTEMPTS: Final = 4
MISSED_ASSIGNMENTS: Final = 2
MAX_STUDENTS: Final = 100

ReasonsByStudent = defaultdict[UUID, list[HelpReason]]


def load_students_to_help(
    session: Session, member: CourseMembership, *, section: UUID | None, now: datetime
) -> StudentsToHelp:
    """Return the students of a course, or of a *section*, who may need help, most reasons first.

    Assignments whose names are hidden from the member are left out. Raises `InvalidInput` for a
    section of another course.
    """
    check_section_exists(session, member.course.id, section)
    students = select_students(member.course.id, section)
    assignments = [
        assignment
        for assignment in _load_released_assignments(session, member.course.id, now=now)
        if not member.cannot_see_names_in(assignment)
    ]
    reasons: ReasonsByStudent = defaultdict(list)
    _add_unopened_reasons(session, assignments, section, reasons, now=now)
    _add_stuck_reasons(session, assignments, students, reasons, now=now)
    _add_behind_reasons(session, assignments, students, reasons, now=now)
    return StudentsToHelp(
        course=member.course.id,
        total=len(reasons),
        days=UNOPENED_WINDOW.days,
        attempts=STUCK_ATTEMPTS,
        assignments=MISSED_ASSIGNMENTS,
        items=_serialize_students(session, member, reasons),
    )


def _load_released_assignments(
    session: Session, course_id: UUID, *, now: datetime
) -> Sequence[Assignment]:
    """Return the published assignments that have been released, by due time."""
    return session.scalars(
        select(Assignment)
        .where(
            Assignment.course_id == course_id,
            Assignment.published_at.is_not(None),
            Assignment.deleted_at.is_(None),
            Assignment.release_at.is_(None) | (Assignment.release_at <= now),
        )
        .order_by(Assignment.due_at, Assignment.id)
    ).all()


def _add_unopened_reasons(
    session: Session,
    assignments: Sequence[Assignment],
    section: UUID | None,
    reasons: ReasonsByStudent,
    *,
    now: datetime,
) -> None:
    """Add the students who have not opened an assignment that is due soon."""
    for assignment in assignments:
        if assignment.due_at is not None and now <= assignment.due_at <= now + UNOPENED_WINDOW:
            unopened = select_unopened_students(session, assignment, section)
            for user_id in session.scalars(unopened):
                reasons[user_id].append(_build_reason("not_opened", assignment))


def _add_stuck_reasons(
    session: Session,
    assignments: Sequence[Assignment],
    students: StudentQuery,
    reasons: ReasonsByStudent,
    *,
    now: datetime,
) -> None:
    """Add the students with many attempts at a part, in an open assignment, without full credit."""
    open_assignments = {
        assignment.id: assignment
        for assignment in assignments
        if assignment.closes_at is None or assignment.closes_at > now
    }
    query = _select_stuck_students(open_assignments, students)
    for user_id, assignment_id, slug, title, part, count in session.execute(query):
        reason = HelpReason(
            rule="stuck",
            assignment=assignment_id,
            assignment_title=open_assignments[assignment_id].title,
            problem=slug,
            problem_title=title,
            part=part,
            attempts=count,
        )
        reasons[user_id].append(reason)


def _select_stuck_students(
    assignments: Collection[UUID], students: StudentQuery
) -> Select[UUID, UUID, str, str, str, int]:
    """Select who is stuck: user, assignment, problem, its title, part and attempts."""
    attempts = func.count(Answer.id)
    return (
        select(
            Answer.student_id,
            AssignmentProblem.assignment_id,
            AssignmentProblem.slug,
            ProblemVersion.title,
            Answer.part,
            attempts,
        )
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id.in_(assignments),
            AssignmentProblem.removed_at.is_(None),
            Answer.attempt.is_not(None),
            Answer.credit_float.is_not(None),
            Answer.student_id.in_(students),
        )
        .group_by(
            Answer.student_id,
            AssignmentProblem.assignment_id,
            AssignmentProblem.slug,
            ProblemVersion.title,
            Answer.part,
        )
        .having(attempts >= STUCK_ATTEMPTS, func.max(Answer.credit_float) < 1)
        .order_by(AssignmentProblem.assignment_id, AssignmentProblem.slug, Answer.part)
    )


def _add_behind_reasons(
    session: Session,
    assignments: Sequence[Assignment],
    students: StudentQuery,
    reasons: ReasonsByStudent,
    *,
    now: datetime,
) -> None:
    """Add the students who submitted nothing to any of the last assignments that were due."""
    past = [one for one in assignments if one.due_at is not None and one.due_at < now]
    last = past[-MISSED_ASSIGNMENTS:]
    if len(last) < MISSED_ASSIGNMENTS:
        return
    ids = [assignment.id for assignment in last]
    begun = exists().where(
        Grade.student_id == Enrolment.user_id, Grade.assignment_id.in_(ids), Grade.begun
    )
    for user_id in session.scalars(students.where(~begun, ~_build_excused_condition(ids))):
        reasons[user_id].extend(_build_reason("behind", assignment) for assignment in last)


def _build_excused_condition(ids: Sequence[UUID]) -> ColumnElement[bool]:
    return exists().where(
        Excuse.student_id == Enrolment.user_id,
        Excuse.assignment_id.in_(ids),
        Excuse.problem_id.is_(None),
        Excuse.withdrawn_at.is_(None),
    )


def _build_reason(rule: Literal["not_opened", "behind"], assignment: Assignment) -> HelpReason:
    return HelpReason(rule=rule, assignment=assignment.id, assignment_title=assignment.title)


def _serialize_students(
    session: Session, member: CourseMembership, reasons: ReasonsByStudent
) -> tuple[StudentToHelp, ...]:
    most = sorted(reasons, key=lambda user_id: (-len(reasons[user_id]), user_id))[:MAX_STUDENTS]
    rows = session.execute(
        select(User, Section.name)
        .join(Enrolment, Enrolment.user_id == User.id)
        .outerjoin(Section, Section.id == Enrolment.section_id)
        .where(Enrolment.course_id == member.course.id, User.id.in_(most))
        .order_by(User.sort_name, User.id)
    ).all()
    students = [
        StudentToHelp(
            user=user.id, name=user.name, section_name=section, reasons=tuple(reasons[user.id])
        )
        for user, section in rows
    ]
    return tuple(sorted(students, key=lambda student: -len(student.reasons)))
