"""Answers that need no mark, because a person has overridden their points."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, tuple_

from api.db.models import Answer, Override


def overridden_points_condition(assignment_id: UUID) -> ColumnElement[bool]:
    """Return the condition that an override covers an answer.

    The override is for the part, the problem or the whole assignment, and is not withdrawn.
    """
    # One subquery per kind runs once for all answers; a combined one would run for each answer.
    is_active = Override.assignment_id == assignment_id, Override.withdrawn_at.is_(None)
    student, problem, part = Override.student_id, Override.problem_id, Override.part
    for_all = select(student).where(*is_active, problem.is_(None))
    for_problem = select(student, problem).where(*is_active, problem.is_not(None), part.is_(None))
    for_part = select(student, problem, part).where(*is_active, part.is_not(None))
    return or_(
        Answer.student_id.in_(for_all),
        tuple_(Answer.student_id, Answer.problem_id).in_(for_problem),
        tuple_(Answer.student_id, Answer.problem_id, Answer.part).in_(for_part),
    )
