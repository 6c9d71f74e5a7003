"""Answers of a part before and after one, in the order in which a person visited them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, null, or_, select, union_all
from sqlalchemy.orm import Session

from api.db.models import Answer, Review, ReviewSkip
from api.services.review.review_subjects import AssignedPart

VisitQuery: TypeAlias = Select[*tuple[Any, ...]]
IS_OF_PART: Final = and_(
    Answer.problem_id == bindparam("problem"), Answer.part == bindparam("part")
)
GRADED_BY_ME: Final = and_(Answer.manual, Review.marked_by == bindparam("me"))
GRADED: Final = (
    select(
        Review.answer_id.label("answer_id"),
        Review.version.label("version"),
        Review.marked_at.label("visited_at"),
        Answer.credit.label("credit"),
    )
    .join(Answer, Answer.id == Review.answer_id)
    .where(IS_OF_PART, GRADED_BY_ME)
)
SKIPPED: Final = (
    select(ReviewSkip.answer_id, null(), ReviewSkip.at, null())
    .join(Answer, Answer.id == ReviewSkip.answer_id)
    .outerjoin(Review, Review.answer_id == ReviewSkip.answer_id)
    .where(
        IS_OF_PART,
        ReviewSkip.user_id == bindparam("me"),
        or_(~Answer.manual, func.coalesce(Review.marked_by != bindparam("me"), True)),
    )
)
LAST_GRADED: Final[VisitQuery] = GRADED.order_by(Review.marked_at.desc(), Review.answer_id.desc())
VISITS: Final = union_all(GRADED, SKIPPED).subquery()
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
    """The answers before and after one, and the last one that was graded; None where none is."""

    previous: UUID | None
    next: UUID | None
    last_graded: GradedAnswer | None


def load_adjacent_answers(
    session: Session, part: AssignedPart, answer: UUID | None, *, now: datetime
) -> AdjacentAnswers:
    """Return the answers that the caller graded or skipped before and after *answer*.

    An answer that the caller has reserved, or neither graded nor skipped, comes after all others.
    """
    params = {
        "problem": part.assigned_problem.problem.id,
        "part": part.part_id,
        "me": part.assigned_problem.member.caller.id,
    }
    last_graded = _load_last_graded(session, part, params, now=now)
    visits = VISITS.c
    latest_first = (
        select(visits.answer_id)
        .where(visits.answer_id != answer)
        .order_by(visits.visited_at.desc(), visits.answer_id.desc())
        .limit(1)
    )
    visited_at = None if answer is None else _find_visit_time(session, answer, params)
    if visited_at is None:
        return AdjacentAnswers(session.scalar(latest_first, params), None, last_graded)
    same_time = visits.visited_at == visited_at
    earlier = or_(visits.visited_at < visited_at, and_(same_time, visits.answer_id < answer))
    later = or_(visits.visited_at > visited_at, and_(same_time, visits.answer_id > answer))
    in_order = select(visits.answer_id).order_by(visits.visited_at, visits.answer_id).limit(1)
    return AdjacentAnswers(
        session.scalar(latest_first.where(earlier), params),
        session.scalar(in_order.where(later), params),
        last_graded,
    )


def _find_visit_time(session: Session, answer: UUID, params: dict[str, Any]) -> datetime | None:
    """Return when the caller graded or skipped *answer*; None while they have it reserved."""
    review = session.get(Review, answer)
    if review is not None and review.claimed_by == params["me"] and review.marked_by is None:
        return None
    query = select(VISITS.c.visited_at).where(VISITS.c.answer_id == answer)
    visited_at: datetime | None = session.scalar(query, params)
    return visited_at


def _load_last_graded(
    session: Session, part: AssignedPart, params: dict[str, Any], *, now: datetime
) -> GradedAnswer | None:
    row = session.execute(LAST_GRADED.limit(1), params).first()
    if row is None:
        return None
    answer, version, marked_at, credit = row
    score = (credit or Fraction(0)) * part.points
    is_recent = now - marked_at <= UNDO_WINDOW
    return GradedAnswer(answer, score, part.points, version, is_recent=is_recent)
