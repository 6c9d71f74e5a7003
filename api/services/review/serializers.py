"""Answers as a marker sees them: as a line of the queue, and in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.db.models import Answer, Comment, Grading, Review
from api.schemas.grading.review import ClaimView, MarkView, QueueLine, ReviewItem, SameAs, Staff
from api.services.engine.variants import Variants
from api.services.enrolment.display_names import names_of
from api.services.review.locations import Asked, Found, is_blind, who
from api.services.review.queue import Queued
from grader.json_values import from_json
from grader.kinds.texts import TextPart
from problems.book import BOOK

__all__ = ["Listed", "lines", "mark_view", "review_item", "staff"]

SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a queue with its sort key."""

    line: QueueLine
    rank: str


def staff(user: UUID | None, names: Mapping[UUID, str]) -> Staff | None:
    """Return a member of the staff with their name; None if *user* is None."""
    return None if user is None else Staff(id=user, name=names.get(user, ""))


def mark_view(review: Review | None, names: Mapping[UUID, str]) -> MarkView | None:
    """Serialize the mark of an answer; None if it has none."""
    if review is None or review.marked_at is None:
        return None
    return MarkView(
        items=tuple(UUID(one) for one in review.items),
        adjustment=review.adjustment,
        credit=review.credit,
        comment=review.comment,
        reason=review.reason,
        by=staff(review.marked_by, names),
        at=review.marked_at,
    )


def _claim_of(
    review: Review | None, names: Mapping[UUID, str], *, me: UUID, now: datetime
) -> ClaimView | None:
    """Return the current claim on an answer; None if nobody holds it."""
    if review is None or review.claimed_by is None or review.claimed_until is None:
        return None
    by = staff(review.claimed_by, names)
    if by is None or review.claimed_until <= now:
        return None
    return ClaimView(by=by, until=review.claimed_until, mine=review.claimed_by == me)


def lines(
    session: Session, asked: Asked, queued: Sequence[Queued], *, now: datetime
) -> list[Listed]:
    """Return the lines of a page of a queue, with two queries."""
    ids = [one.answer for one in queued]
    rows = session.execute(
        select(Answer, Review)
        .outerjoin(Review, Review.answer_id == Answer.id)
        .where(Answer.id.in_(ids))
    )
    found: dict[UUID, tuple[Answer, Review | None]] = {row[0].id: (row[0], row[1]) for row in rows}
    names = _names(session, asked, list(found.values()))
    return [
        Listed(QueueLine(**_line(asked, *found[one.answer], names, now)), one.rank)
        for one in queued
    ]


def _names(
    session: Session, asked: Asked, found: Sequence[tuple[Answer, Review | None]]
) -> dict[UUID, str]:
    """Return the names of markers, and of students unless grading is anonymous."""
    wanted: set[UUID | None] = set()
    for answer, review in found:
        if review is not None:
            wanted |= {review.claimed_by, review.marked_by}
        if not is_blind(asked.posed):
            wanted.add(answer.student_id)
    return names_of(session, wanted)


def _line(
    asked: Asked,
    answer: Answer,
    review: Review | None,
    names: Mapping[UUID, str],
    now: datetime,
) -> dict[str, Any]:
    credit = answer.credit
    return {
        "answer": answer.id,
        "student": who(asked.posed, answer.student_id, names.get(answer.student_id, "")),
        "text": answer.shown[:SHOWN],
        "waiting": not answer.manual,
        "status": answer.status,
        "credit": credit,
        "score": None if credit is None else credit * asked.points,
        "points": asked.points,
        "marked_by": staff(review.marked_by, names) if review else None,
        "claim": _claim_of(review, names, me=asked.posed.member.caller.id, now=now),
        "flag": review.flag if review else "",
    }


def review_item(
    session: Session,
    found: Found,
    *,
    same: SameAs | None,
    variants: Variants,
    now: datetime,
) -> ReviewItem:
    """Serialize an answer with everything that is needed to grade it."""
    asked, answer, submission = found.asked, found.answer, found.submission
    review = session.get(Review, answer.id, populate_existing=True)
    names = _names(session, asked, [(answer, review)])
    blind = is_blind(asked.posed)
    grading = session.get_one(Grading, answer.grading_id)
    return ReviewItem(
        **_line(asked, answer, review, names, now),
        **_question(session, found, variants),
        assignment=asked.posed.assignment.id,
        problem=asked.posed.problem.slug,
        part=asked.part,
        part_title=asked.title,
        kind=asked.kind,
        typed=from_json(submission.answers.get(answer.part)),
        explanation=tuple(grading.record.get("explanation", ())),
        submission=None if blind else submission.id,
        received_at=None if blind else submission.received_at,
        late_credit=None if blind else answer.late,
        mark=mark_view(review, names),
        same_as=None if answer.manual else same,
        comments=_comments(session, answer),
        version=review.version if review else 1,
    )


def _question(session: Session, found: Found, variants: Variants) -> dict[str, Any]:
    """Return the prompt and the model answer with the student's numbers."""
    submission = found.submission
    variant = variants.variant(session, submission.version_id, submission.position)
    part, scope = variant.problem.part(found.asked.part), variant.scope(BOOK)
    model = part.model.fill(scope).strip() if isinstance(part, TextPart) else ""
    return {"prompt": part.prompt.fill(scope).strip(), "model": model}


def _comments(session: Session, answer: Answer) -> int:
    found = session.scalar(
        select(func.count())
        .select_from(Comment)
        .where(Comment.answer_id == answer.id, Comment.deleted_at.is_(None))
    )
    return found or 0
