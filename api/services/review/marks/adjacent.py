"""Answers before and after one, in the order in which a person graded those of a part."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from api.db.models import Answer, Review
from api.services.review.review_subjects import AssignedPart

GradedQuery: TypeAlias = Select[*tuple[Any, ...]]
GRADED_BY_ME: Final[GradedQuery] = (
    select(Review.answer_id, Review.version, Review.marked_at, Answer.credit)
    .join(Answer, Answer.id == Review.answer_id)
    .where(
        Answer.problem_id == bindparam("problem"),
        Answer.part == bindparam("part"),
        Answer.manual,
        Review.marked_by == bindparam("me"),
    )
)
"""Query for the answers of a part that the caller graded."""
UNDO_WINDOW: Final = timedelta(hours=1)
"""How long the next answer offers to undo a grade; later a key pressed by chance would undo it."""


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An answer that the caller graded: *score* of *points*, and the *version* of its mark.

    The grade of a *recent* one can be undone from the next answer.
    """

    answer: UUID
    score: Fraction
    points: Fraction
    version: int
    is_recent: bool


@dataclass(frozen=True, slots=True)
class AdjacentAnswers:
    """The answers that the caller graded before and after one; None where there is none."""

    previous: GradedAnswer | None
    next: GradedAnswer | None


def load_adjacent_answers(
    session: Session, part: AssignedPart, answer: UUID | None, *, now: datetime
) -> AdjacentAnswers:
    """Return the answers graded before and after *answer*.

    If the caller has not graded *answer*, *previous* is the last answer that they graded.
    """
    me = part.assigned_problem.member.caller.id
    review = None if answer is None else session.get(Review, answer)
    if review is None or review.marked_by != me or review.marked_at is None:
        return AdjacentAnswers(_load_first(session, part, now, _latest_first(GRADED_BY_ME)), None)
    same_time = Review.marked_at == review.marked_at
    earlier = or_(
        Review.marked_at < review.marked_at, and_(same_time, Review.answer_id < review.answer_id)
    )
    later = or_(
        Review.marked_at > review.marked_at, and_(same_time, Review.answer_id > review.answer_id)
    )
    in_order = GRADED_BY_ME.order_by(Review.marked_at, Review.answer_id)
    return AdjacentAnswers(
        _load_first(session, part, now, _latest_first(GRADED_BY_ME.where(earlier))),
        _load_first(session, part, now, in_order.where(later)),
    )


def _latest_first(query: GradedQuery) -> GradedQuery:
    return query.order_by(Review.marked_at.desc(), Review.answer_id.desc())


def _load_first(
    session: Session, part: AssignedPart, now: datetime, query: GradedQuery
) -> GradedAnswer | None:
    """Return the first answer of *query*, or None."""
    params = {
        "problem": part.assigned_problem.problem.id,
        "part": part.part_id,
        "me": part.assigned_problem.member.caller.id,
    }
    row = session.execute(query.limit(1), params).first()
    if row is None:
        return None
    answer, version, marked_at, credit = row
    score = (credit or Fraction(0)) * part.points
    is_recent = now - marked_at <= UNDO_WINDOW
    return GradedAnswer(answer, score, part.points, version, is_recent=is_recent)
