"""Answers that need no mark any more, because a person gave the points in its place."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, tuple_

from api.db.models import Answer, Override

__all__ = ["has_points_by_hand"]


def has_points_by_hand(assignment_id: UUID) -> ColumnElement[bool]:
    """Return the condition that points by hand stand for an answer.

    They are for its part, its problem or the whole assignment, and are not taken back.
    """
    # Each kind is read once for all answers: by one question, a database asks it of every answer.
    given = Override.assignment_id == assignment_id, Override.withdrawn_at.is_(None)
    student, problem, part = Override.student_id, Override.problem_id, Override.part
    for_all = select(student).where(*given, problem.is_(None))
    for_problem = select(student, problem).where(*given, problem.is_not(None), part.is_(None))
    for_part = select(student, problem, part).where(*given, part.is_not(None))
    return or_(
        Answer.student_id.in_(for_all),
        tuple_(Answer.student_id, Answer.problem_id).in_(for_problem),
        tuple_(Answer.student_id, Answer.problem_id, Answer.part).in_(for_part),
    )
