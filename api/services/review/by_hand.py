"""Answers that need no mark any more, because a person gave the points in its place."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from api.tables import Answer, Override

__all__ = ["has_points_by_hand"]


def has_points_by_hand(assignment_id: UUID) -> ColumnElement[bool]:
    """Return the condition that points by hand stand for an answer.

    They are for its part, its problem or the whole assignment, and are not taken back.
    """
    for_part = or_(Override.part.is_(None), Override.part == Answer.part)
    for_problem = and_(Override.problem_id == Answer.problem_id, for_part)
    return (
        select(Override.id)
        .where(
            Override.assignment_id == assignment_id,
            Override.student_id == Answer.student_id,
            Override.withdrawn_at.is_(None),
            or_(Override.problem_id.is_(None), for_problem),
        )
        .exists()
    )
