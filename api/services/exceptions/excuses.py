"""Excuses: exemptions of a student from an assignment or a problem of it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, Excuse
from api.schemas.assignments.exceptions import ExcuseGranted, ExcuseIn, ExcuseOut
from api.schemas.shared.effects import Effect
from api.services.assignments.pinned_versions import load_problems
from api.services.audit.change_context import ChangeContext
from api.services.exceptions.students import load_student_enrolment
from api.services.grades.effects import recompute_grades


def grant_excuse(
    session: Session, act: ChangeContext, assignment: Assignment, body: ExcuseIn
) -> ExcuseGranted:
    """Excuse a student from an assignment or from a problem of it."""
    load_student_enrolment(session, act.course, body.student, field="student")
    problem_id = _find_problem_id(session, assignment, body.problem)
    if _has_excuse(session, assignment, body.student, problem_id):
        raise Conflict("The student is already excused from this.")
    with act.rollback_if_dry_run(session):
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
        audit_values = {"student": str(body.student), "problem": body.problem}
        act.record(
            session,
            "excuse.granted",
            ("excuse", row.id),
            change=({}, audit_values),
            reason=body.reason,
        )
        effect = _recompute_excused_student(session, act, assignment, row)
        return ExcuseGranted(excuse=_serialize_excuse(row, body.problem), effect=effect)


def _find_problem_id(session: Session, assignment: Assignment, slug: str | None) -> UUID | None:
    if slug is None:
        return None
    for row in load_problems(session, assignment.id):
        if row.slug == slug:
            return row.id
    raise InvalidInput.for_field("problem", "is not a problem of the assignment")


def _has_excuse(
    session: Session, assignment: Assignment, student: UUID, problem_id: UUID | None
) -> bool:
    statement = select(Excuse.id).where(
        Excuse.assignment_id == assignment.id,
        Excuse.student_id == student,
        Excuse.withdrawn_at.is_(None),
        Excuse.problem_id.is_(None) if problem_id is None else Excuse.problem_id == problem_id,
    )
    return session.scalar(statement.limit(1)) is not None


def _recompute_excused_student(
    session: Session, act: ChangeContext, assignment: Assignment, row: Excuse
) -> Effect:
    cause = act.to_grade_cause("excuse", row.id)
    return recompute_grades(session, act, [assignment], cause=cause, students=[row.student_id])


def _serialize_excuse(row: Excuse, problem: str | None) -> ExcuseOut:
    return ExcuseOut(
        id=row.id,
        student=row.student_id,
        problem=problem,
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
    )


def list_excuses(session: Session, assignment: Assignment) -> tuple[ExcuseOut, ...]:
    """Return the active excuses in an assignment, oldest first."""
    rows = session.execute(
        select(Excuse, AssignmentProblem.slug)
        .outerjoin(AssignmentProblem, AssignmentProblem.id == Excuse.problem_id)
        .where(Excuse.assignment_id == assignment.id, Excuse.withdrawn_at.is_(None))
        .order_by(Excuse.created_at, Excuse.id)
    )
    return tuple(_serialize_excuse(row, slug) for row, slug in rows)


def withdraw_excuse(
    session: Session, act: ChangeContext, assignment: Assignment, excuse_id: UUID
) -> Effect:
    """Withdraw an excuse."""
    row = session.get(Excuse, excuse_id)
    if row is None or row.assignment_id != assignment.id or row.withdrawn_at is not None:
        raise NotFound("There is no such excuse in this assignment.")
    with act.rollback_if_dry_run(session):
        row.withdrawn_at = act.now
        audit_values = {"student": str(row.student_id)}
        act.record(session, "excuse.withdrawn", ("excuse", row.id), change=(audit_values, {}))
        return _recompute_excused_student(session, act, assignment, row)
