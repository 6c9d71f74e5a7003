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
from api.services.attachments.submitted import load_submitted_attachments
from api.services.engine.variants import VariantCache
from api.services.enrolment.display_names import load_display_names
from api.services.reports.uploads.quotes import load_report_quotes
from api.services.review.identity_masks import NO_MASK, IdentityMask
from api.services.review.queue import QueuedAnswer
from api.services.review.review_subjects import (
    AnswerContext,
    AssignedPart,
    hides_student_names,
    load_student_masks,
    serialize_student,
)
from grader.json_values import from_json
from grader.kinds.texts import TextPart
from problems.registry import REGISTRY

MAX_TEXT_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class RankedQueueLine:
    """A line of a queue with its sort key."""

    line: QueueLine
    rank: str


def serialize_staff(user: UUID | None, names: Mapping[UUID, str]) -> Staff | None:
    """Return a member of the staff with their name; None if *user* is None."""
    return None if user is None else Staff(id=user, name=names.get(user, ""))


def serialize_mark(review: Review | None, names: Mapping[UUID, str]) -> MarkView | None:
    """Serialize the mark of an answer; None if it has none."""
    if review is None or review.marked_at is None:
        return None
    return MarkView(
        items=tuple(UUID(item) for item in review.items),
        adjustment=review.adjustment,
        credit=review.credit,
        comment=review.comment,
        reason=review.reason,
        by=serialize_staff(review.marked_by, names),
        at=review.marked_at,
    )


def _serialize_claim(
    review: Review | None, names: Mapping[UUID, str], *, caller_id: UUID, now: datetime
) -> ClaimView | None:
    """Return the current claim on an answer; None if nobody holds it."""
    if review is None or review.claimed_by is None or review.claimed_until is None:
        return None
    by = serialize_staff(review.claimed_by, names)
    if by is None or review.claimed_until <= now:
        return None
    return ClaimView(by=by, until=review.claimed_until, mine=review.claimed_by == caller_id)


def load_queue_lines(
    session: Session, part: AssignedPart, queued: Sequence[QueuedAnswer], *, now: datetime
) -> list[RankedQueueLine]:
    """Return the lines of a page of a queue, with two queries."""
    ids = [one.answer for one in queued]
    rows = session.execute(
        select(Answer, Review)
        .outerjoin(Review, Review.answer_id == Answer.id)
        .where(Answer.id.in_(ids))
    )
    rows_by_answer: dict[UUID, tuple[Answer, Review | None]] = {
        row[0].id: (row[0], row[1]) for row in rows
    }
    names = _load_names(session, part, list(rows_by_answer.values()))
    students = {answer.student_id for answer, _ in rows_by_answer.values()}
    masks = load_student_masks(session, part, students)
    return [
        RankedQueueLine(
            QueueLine(**_serialize_line(part, *rows_by_answer[one.answer], names, masks, now)),
            one.rank,
        )
        for one in queued
    ]


def _load_names(
    session: Session, part: AssignedPart, rows: Sequence[tuple[Answer, Review | None]]
) -> dict[UUID, str]:
    """Return the names of markers, and of students unless grading is anonymous."""
    wanted: set[UUID | None] = set()
    for answer, review in rows:
        if review is not None:
            wanted |= {review.claimed_by, review.marked_by}
        if not hides_student_names(part.assigned_problem):
            wanted.add(answer.student_id)
    return load_display_names(session, wanted)


def _serialize_line(
    part: AssignedPart,
    answer: Answer,
    review: Review | None,
    names: Mapping[UUID, str],
    masks: Mapping[UUID, IdentityMask],
    now: datetime,
) -> dict[str, Any]:
    credit = answer.credit
    return {
        "answer": answer.id,
        "student": serialize_student(
            part.assigned_problem, answer.student_id, names.get(answer.student_id, "")
        ),
        "text": masks.get(answer.student_id, NO_MASK).apply(answer.shown)[:MAX_TEXT_LENGTH],
        "waiting": not answer.manual,
        "status": answer.status,
        "credit": credit,
        "score": None if credit is None else credit * part.points,
        "points": part.points,
        "marked_by": serialize_staff(review.marked_by, names) if review else None,
        "claim": _serialize_claim(
            review, names, caller_id=part.assigned_problem.member.caller.id, now=now
        ),
        "flag": review.flag if review else "",
    }


def serialize_review_item(
    session: Session,
    context: AnswerContext,
    *,
    equivalent_mark: SameAs | None,
    variants: VariantCache,
    now: datetime,
) -> ReviewItem:
    """Serialize an answer with everything that is needed to grade it."""
    part, answer, submission = context.part, context.answer, context.submission
    review = session.get(Review, answer.id, populate_existing=True)
    names = _load_names(session, part, [(answer, review)])
    blind = hides_student_names(part.assigned_problem)
    masks = load_student_masks(session, part, [answer.student_id])
    mask = masks.get(answer.student_id, NO_MASK)
    attachments = load_submitted_attachments(session, [submission.id], is_blind=blind)
    grading = session.get_one(Grading, answer.grading_id)
    return ReviewItem(
        **_serialize_line(part, answer, review, names, masks, now),
        **_render_question(session, context, variants),
        assignment=part.assigned_problem.assignment.id,
        problem=part.assigned_problem.problem.slug,
        part=part.part_id,
        part_title=part.title,
        kind=part.kind,
        typed=from_json(mask.apply_to_json(submission.answers.get(answer.part))),
        explanation=tuple(map(mask.apply, grading.record.get("explanation", ()))),
        submission=None if blind else submission.id,
        received_at=None if blind else submission.received_at,
        late_credit=None if blind else answer.late,
        mark=serialize_mark(review, names),
        same_as=None if answer.manual else equivalent_mark,
        comments=_count_comments(session, answer),
        version=review.version if review else 1,
        quote=load_report_quotes(session, submission, is_blind=blind).get(answer.part),
        attachment=next(
            (one for one in attachments.get(submission.id, ()) if one.part == answer.part), None
        ),
    )


def _render_question(
    session: Session, context: AnswerContext, variants: VariantCache
) -> dict[str, Any]:
    """Return the statement, the prompt and the model answer with the student's numbers."""
    submission = context.submission
    variant = variants.get_variant(session, submission.version_id, submission.position)
    part, scope = variant.problem.get_part(context.part.part_id), variant.student_scope(REGISTRY)
    model = part.model.fill(scope).strip() if isinstance(part, TextPart) else ""
    return {
        "statement": variant.problem.statement.fill(scope).strip(),
        "prompt": part.prompt.fill(scope).strip(),
        "model": model,
    }


def _count_comments(session: Session, answer: Answer) -> int:
    count = session.scalar(
        select(func.count())
        .select_from(Comment)
        .where(Comment.answer_id == answer.id, Comment.deleted_at.is_(None))
    )
    return count or 0
