"""Excuses: exemptions of a student from an assignment or a problem of it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, Invalid, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, Excuse
from api.schemas.assignments.exceptions import ExcuseGranted, ExcuseIn, ExcuseOut
from api.schemas.shared.effects import Effect
from api.services.assignments.pinned_versions import posed_in
from api.services.audit.change_context import Act
from api.services.exceptions.students import student_of
from api.services.grades.effects import settle

__all__ = ["excuse", "excuses_in", "withdraw_excuse"]


def excuse(session: Session, act: Act, assignment: Assignment, body: ExcuseIn) -> ExcuseGranted:
    """Excuse a student from an assignment or from a problem of it."""
    student_of(session, act.course, body.student, field="student")
    problem_id = _problem(session, assignment, body.problem)
    if _has(session, assignment, body.student, problem_id):
        raise Conflict("The student is excused from this already.")
    with act.trial(session):
        row = Excuse(
            id=new_id(),
            assignment_id=assignment.id,
            problem_id=problem_id,
            student_id=body.student,
            reason=body.reason,
            created_by=act.author_id,
            created_at=act.now,
        )
        session.add(row)
        told = {"student": str(body.student), "problem": body.problem}
        act.record(
            session, "excuse.granted", ("excuse", row.id), change=({}, told), reason=body.reason
        )
        effect = _settled(session, act, assignment, row)
        return ExcuseGranted(excuse=_shown(row, body.problem), effect=effect)


def _problem(session: Session, assignment: Assignment, slug: str | None) -> UUID | None:
    if slug is None:
        return None
    for row in posed_in(session, assignment.id):
        if row.slug == slug:
            return row.id
    raise Invalid.of("problem", "is no problem of the assignment")


def _has(session: Session, assignment: Assignment, student: UUID, problem_id: UUID | None) -> bool:
    found = select(Excuse.id).where(
        Excuse.assignment_id == assignment.id,
        Excuse.student_id == student,
        Excuse.withdrawn_at.is_(None),
        Excuse.problem_id.is_(None) if problem_id is None else Excuse.problem_id == problem_id,
    )
    return session.scalar(found.limit(1)) is not None


def _settled(session: Session, act: Act, assignment: Assignment, row: Excuse) -> Effect:
    cause = act.cause("excuse", row.id)
    return settle(session, act, [assignment], cause=cause, students=[row.student_id])


def _shown(row: Excuse, problem: str | None) -> ExcuseOut:
    return ExcuseOut(
        id=row.id,
        student=row.student_id,
        problem=problem,
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
    )


def excuses_in(session: Session, assignment: Assignment) -> tuple[ExcuseOut, ...]:
    """Return the active excuses in an assignment, oldest first."""
    rows = session.execute(
        select(Excuse, AssignmentProblem.slug)
        .outerjoin(AssignmentProblem, AssignmentProblem.id == Excuse.problem_id)
        .where(Excuse.assignment_id == assignment.id, Excuse.withdrawn_at.is_(None))
        .order_by(Excuse.created_at, Excuse.id)
    )
    return tuple(_shown(row, slug) for row, slug in rows)


def withdraw_excuse(session: Session, act: Act, assignment: Assignment, excuse_id: UUID) -> Effect:
    """Withdraw an excuse."""
    row = session.get(Excuse, excuse_id)
    if row is None or row.assignment_id != assignment.id or row.withdrawn_at is not None:
        raise NotFound("There is no such excuse in this assignment.")
    with act.trial(session):
        row.withdrawn_at = act.now
        told = {"student": str(row.student_id)}
        act.record(session, "excuse.withdrawn", ("excuse", row.id), change=(told, {}))
        return _settled(session, act, assignment, row)
