"""The variant of a student: computed from the course's secret, and stored once seen."""

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.db.models import Draw
from api.services.engine.variants import ORIGINAL_POSITION
from api.services.submissions.variant_assignment import VariantAssignment

SHARED_DRAW_KEY = "all"
FIRST_DRAW: Final = 0
LAST_DRAW_QUERY: Final = (
    select(Draw)
    .where(Draw.problem_id == bindparam("problem"), Draw.student_id == bindparam("student"))
    .order_by(Draw.number.desc())
    .limit(1)
)


def compute_variant_assignment(
    assigned: AssignedProblem, number: int, *, student: UUID
) -> VariantAssignment:
    """Compute draw *number* of a student for a problem."""
    position = compute_draw_position(assigned, number, student=student)
    return VariantAssignment(number, assigned.version.id, position)


def compute_draw_position(assigned: AssignedProblem, number: int, *, student: UUID) -> int:
    """Return the position in the list of variants: an HMAC with the course's secret."""
    return _compute_positions(assigned, number, [student])[student]


def compute_first_positions(
    assigned: AssignedProblem, students: Collection[UUID]
) -> dict[UUID, int]:
    """Return the position of each student's first draw."""
    return _compute_positions(assigned, FIRST_DRAW, students)


def _compute_positions(
    assigned: AssignedProblem, number: int, students: Collection[UUID]
) -> dict[UUID, int]:
    """Return the positions of one draw for many students; thousands take a few milliseconds."""
    variants, mode = assigned.version.variants, assigned.assignment.variants
    if mode == "original" or variants == 0:
        return dict.fromkeys(students, ORIGINAL_POSITION)
    secret, problem = bytes.fromhex(assigned.member.course.secret), assigned.problem.id

    def position_for(student: object) -> int:
        digest = hmac.digest(secret, f"{problem}|{student}|{number}".encode(), "sha256")
        return int.from_bytes(digest, "big") % variants

    if mode == "shared":
        return dict.fromkeys(students, position_for(SHARED_DRAW_KEY))
    return {student: position_for(student) for student in students}


def load_current_draw(
    session: Session, assigned: AssignedProblem, *, student: UUID
) -> tuple[VariantAssignment, datetime | None]:
    """Return a student's current draw, and when the student first saw it, None if never."""
    row = session.scalars(
        LAST_DRAW_QUERY, {"problem": assigned.problem.id, "student": student}
    ).first()
    if row is None:
        return compute_variant_assignment(assigned, FIRST_DRAW, student=student), None
    return VariantAssignment(row.number, row.version_id, row.position), row.opened_at


def draw_condition(source: Any) -> ColumnElement[bool]:
    """Return the condition that a draw is the one that an answer or a submission was given to.

    *source* is a table or the columns of a statement.
    """
    return and_(
        Draw.problem_id == source.problem_id,
        Draw.student_id == source.student_id,
        Draw.number == source.draw,
    )
