"""The variant of a student: computed from the course's secret, and stored once seen."""

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import Posed
from api.db.models import Draw
from api.services.engine.variants import ORIGINAL
from api.services.submissions.drawn import Drawn

__all__ = ["current_draw", "draw_of", "draw_position", "drawn", "first_positions"]

EVERYBODY = "all"
FIRST: Final = 0
LAST: Final = (
    select(Draw)
    .where(Draw.problem_id == bindparam("problem"), Draw.student_id == bindparam("student"))
    .order_by(Draw.number.desc())
    .limit(1)
)


def drawn(posed: Posed, number: int, *, student: UUID) -> Drawn:
    """Compute draw *number* of a student for a problem."""
    position = draw_position(posed, number, student=student)
    return Drawn(number, posed.version.id, position)


def draw_position(posed: Posed, number: int, *, student: UUID) -> int:
    """Return the position in the list of variants: an HMAC with the course's secret."""
    return _positions(posed, number, [student])[student]


def first_positions(posed: Posed, students: Collection[UUID]) -> dict[UUID, int]:
    """Return the position of each student's first draw."""
    return _positions(posed, FIRST, students)


def _positions(posed: Posed, number: int, students: Collection[UUID]) -> dict[UUID, int]:
    """Return the positions of one draw for many students; thousands take a few milliseconds."""
    variants, how = posed.version.variants, posed.assignment.variants
    if how == "original" or variants == 0:
        return dict.fromkeys(students, ORIGINAL)
    secret, problem = bytes.fromhex(posed.member.course.secret), posed.problem.id

    def position(whose: object) -> int:
        digest = hmac.digest(secret, f"{problem}|{whose}|{number}".encode(), "sha256")
        return int.from_bytes(digest, "big") % variants

    if how == "shared":
        return dict.fromkeys(students, position(EVERYBODY))
    return {student: position(student) for student in students}


def current_draw(session: Session, posed: Posed, *, student: UUID) -> tuple[Drawn, datetime | None]:
    """Return a student's current draw, and when the student first saw it, None if never."""
    found = session.scalars(LAST, {"problem": posed.problem.id, "student": student}).first()
    if found is None:
        return drawn(posed, FIRST, student=student), None
    return Drawn(found.number, found.version_id, found.position), found.opened_at


def draw_of(given: Any) -> ColumnElement[bool]:
    """Return the condition that a draw is the one that an answer or a submission was given to.

    *given* is a table or the columns of a statement.
    """
    return and_(
        Draw.problem_id == given.problem_id,
        Draw.student_id == given.student_id,
        Draw.number == given.draw,
    )
