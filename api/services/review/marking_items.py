"""Answers to grade: loaded and locked together, and stored with the grades that follow."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Grading,
    ProblemProgress,
    ProblemVersion,
    Review,
    Submission,
    Variant,
)
from api.db.upserts import insert_missing_rows
from api.services.engine.variant_identity import (
    IDENTITY_COLUMNS,
    VariantIdentity,
    variant_condition,
    version_condition,
)
from api.services.engine.variants import VariantCache
from api.services.grades import (
    GradeCause,
    ProgressKey,
    any_progress_key_condition,
    recompute_progress_by_cause,
)
from api.services.review.marks.answer_similarity import similarity_id
from api.services.review.marks.rubric import Criterion
from api.services.review.marks.values import MarkOutcome, MarkValues, compute_mark_outcome
from api.services.review.review_subjects import AssignedPart
from grader.definitions.template import Template
from problems.registry import REGISTRY


@dataclass(frozen=True, slots=True)
class MarkingItem:
    """An answer to grade, with the grading that counts now and the state of its review."""

    answer: Answer
    review: Review
    submission: Submission
    grading: Grading
    variant_identity: VariantIdentity

    @property
    def progress_key(self) -> ProgressKey:
        """Key of the progress that a mark changes."""
        return ProgressKey(self.answer.problem_id, self.answer.student_id)


def lock_marking_items(session: Session, answers: Collection[UUID]) -> list[MarkingItem]:
    """Lock answers against other markers and regrades until the transaction ends, and load them.

    Takes locks in a fixed order, to avoid deadlocks: the assignment (shared), the reviews, the
    progress, the answers. Submissions lock the assignment and the progress in the same order.
    """
    _lock_assignments_and_reload_problems(session, answers)
    insert_missing_rows(session, Review, [{"answer_id": answer} for answer in sorted(answers)])
    reviews = select(Review.answer_id).where(Review.answer_id.in_(answers))
    session.execute(reviews.order_by(Review.answer_id).with_for_update()).all()
    _lock_progress(session, answers)
    rows = select(Answer.id).where(Answer.id.in_(answers))
    session.execute(rows.order_by(Answer.id).with_for_update(key_share=True)).all()
    return load_marking_items(session, answers)


def _lock_progress(session: Session, answers: Collection[UUID]) -> None:
    keys = session.execute(
        select(Answer.problem_id, Answer.student_id).where(Answer.id.in_(answers)).distinct()
    ).all()
    if not keys:
        return
    session.execute(
        select(ProblemProgress.problem_id)
        .where(
            any_progress_key_condition(
                ProblemProgress.problem_id,
                ProblemProgress.student_id,
                [ProgressKey(*key) for key in keys],
            )
        )
        .order_by(ProblemProgress.problem_id, ProblemProgress.student_id)
        .with_for_update()
    ).all()


def _lock_assignments_and_reload_problems(session: Session, answers: Collection[UUID]) -> None:
    """Lock the rules of the assignments against changes, and reload their problems."""
    of = select(Answer.problem_id).where(Answer.id.in_(answers))
    ids = select(AssignmentProblem.assignment_id).where(AssignmentProblem.id.in_(of))
    fresh = {"populate_existing": True}
    session.scalars(
        select(Assignment)
        .where(Assignment.id.in_(ids))
        .order_by(Assignment.id)
        .with_for_update(read=True),
        execution_options=fresh,
    ).all()
    session.scalars(
        select(AssignmentProblem).where(AssignmentProblem.assignment_id.in_(ids)),
        execution_options=fresh,
    ).all()


def load_marking_items(session: Session, answers: Collection[UUID]) -> list[MarkingItem]:
    """Load the answers that have a review, in their current state, with one query."""
    rows = session.execute(
        select(Answer, Review, Submission, Grading, *IDENTITY_COLUMNS)
        .join(Review, Review.answer_id == Answer.id)
        .join(Submission, Submission.id == Answer.submission_id)
        .join(ProblemVersion, version_condition(Submission))
        .join(Variant, variant_condition(Submission))
        .join(Grading, Grading.id == Answer.grading_id)
        .where(Answer.id.in_(answers))
        .order_by(Answer.id)
        .execution_options(populate_existing=True)
    )
    return [MarkingItem(*row[:4], VariantIdentity(*row[4:])) for row in rows]


def make_placeholder_filler(
    session: Session, submission: Submission, variants: VariantCache
) -> Callable[[str], str]:
    """Return a function that fills the placeholders of a text with the numbers of a submission."""

    def fill(text: str) -> str:
        if "{{" not in text:
            return text
        variant = variants.get_variant(session, submission.version_id, submission.position)
        return Template.parse(text).fill(variant.student_scope(REGISTRY))

    return fill


def evaluate_mark(
    session: Session,
    part: AssignedPart,
    item: MarkingItem,
    mark_values: MarkValues,
    *,
    rubric: Mapping[UUID, Criterion],
    variants: VariantCache,
) -> MarkOutcome:
    """Return the outcome of a mark for an answer."""
    fill = make_placeholder_filler(session, item.submission, variants)
    return compute_mark_outcome(mark_values, rubric, part.points, fill=fill)


def store_marks(
    session: Session,
    part: AssignedPart,
    marks: Sequence[tuple[MarkingItem, MarkValues, MarkOutcome]],
    *,
    now: datetime,
    keep_marker: bool = False,
) -> None:
    """Store marks as the gradings that count from now on, and the grades that follow.

    A *keep_marker* for a changed rubric keeps the marker and the time of the mark.
    """
    me = part.assigned_problem.member.caller.id
    for item, mark_values, outcome in marks:
        grading = _build_grading(part, item, mark_values, outcome, now=now, keep_marker=keep_marker)
        session.add(grading)
        set_current_grading(item.answer, grading, manual=True)
        _update_review(part, item, mark_values)
        if not keep_marker:
            item.review.marked_by, item.review.marked_at = me, now
            item.review.claimed_by = item.review.claimed_until = None
    recompute_item_grades(session, [work for work, _, _ in marks], author=me, now=now)


def _update_review(part: AssignedPart, item: MarkingItem, mark_values: MarkValues) -> None:
    review = item.review
    review.items = [str(item) for item in mark_values.items]
    review.adjustment, review.credit = mark_values.adjustment, mark_values.credit
    review.comment, review.reason = mark_values.comment, mark_values.reason
    review.likeness = similarity_id(part, item.answer, item.submission, item.variant_identity)
    review.version += 1


def _build_grading(
    part: AssignedPart,
    item: MarkingItem,
    mark_values: MarkValues,
    outcome: MarkOutcome,
    *,
    now: datetime,
    keep_marker: bool,
) -> Grading:
    """Return the grading of a mark; its record keeps what the engine read and found."""
    before = item.grading
    replaced = _find_replaced_mark(item, keep_marker=keep_marker)
    return Grading(
        id=new_id(),
        answer_id=item.answer.id,
        kind="manual",
        status=outcome.status,
        credit=outcome.credit,
        mistakes="" if outcome.status == "correct" else before.mistakes,
        record=before.record | _build_mark_record(mark_values, outcome, replaced=replaced),
        said=before.said | _build_feedback(outcome, part.points),
        engine=before.engine,
        version_id=before.version_id,
        author_id=part.assigned_problem.member.caller.id,
        reason=mark_values.reason,
        created_at=now,
    )


def _find_replaced_mark(item: MarkingItem, *, keep_marker: bool) -> str | None:
    """Return the id of the grading whose mark a new one replaces, for undo; None without one.

    A changed rubric grades again and replaces no mark of a person.
    """
    if not item.answer.manual:
        return None
    if keep_marker:
        replaced = item.grading.record.get("mark", {}).get("replaced")
        return None if replaced is None else str(replaced)
    return str(item.grading.id)


def _build_mark_record(
    mark_values: MarkValues, outcome: MarkOutcome, *, replaced: str | None
) -> dict[str, Any]:
    mark = {
        "items": [str(item) for item in mark_values.items],
        "adjustment": str(mark_values.adjustment),
        "credit": None if mark_values.credit is None else str(mark_values.credit),
        "comment": mark_values.comment,
        "replaced": replaced,
    }
    return {
        "status": outcome.status,
        "rule": "person",
        "credit": str(outcome.credit),
        "explanation": list(outcome.explanation),
        "mark": mark,
    }


def _build_feedback(outcome: MarkOutcome, points: Fraction) -> dict[str, Any]:
    score = outcome.credit * points
    return {
        "status": outcome.status,
        "credit": str(outcome.credit),
        "score": score.numerator if score.denominator == 1 else float(score),
        "say": outcome.feedback,
        "feedback": outcome.feedback,
        "position": None,
        "cells": [],
        "place": "",
    }


def set_current_grading(answer: Answer, grading: Grading, *, manual: bool) -> None:
    """Make *grading* the one that counts for an answer."""
    answer.grading_id = grading.id
    answer.status, answer.mistakes = grading.status, grading.mistakes
    answer.credit, answer.manual = grading.credit, manual
    answer.credit_float = None if grading.credit is None else float(grading.credit)


def recompute_item_grades(
    session: Session, items: Sequence[MarkingItem], *, author: UUID, now: datetime
) -> None:
    """Recompute the grades that depend on the gradings of some answers."""
    recompute_progress_by_cause(
        session,
        {
            item.progress_key: GradeCause("review", item.answer.grading_id, author, now)
            for item in items
        },
    )
