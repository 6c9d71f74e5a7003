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
    ProblemVersion,
    Review,
    Standing,
    Submission,
    Variant,
)
from api.db.upserts import insert_missing
from api.services.engine.variant_identity import NUMBERS, Numbers, variant_of, version_of
from api.services.engine.variants import Variants
from api.services.grades import Cause, Key, among, refresh_each
from api.services.review.locations import Asked
from api.services.review.marks.answer_similarity import likeness
from api.services.review.marks.rubric import Criterion
from api.services.review.marks.values import Given, Outcome, outcome
from grader.definitions.template import Template
from problems.book import BOOK

__all__ = ["Work", "filler", "hold", "load", "point_to", "reckon", "refresh_works", "write"]


@dataclass(frozen=True, slots=True)
class Work:
    """An answer to grade, with the grading that counts now and the state of its review."""

    answer: Answer
    review: Review
    submission: Submission
    grading: Grading
    numbers: Numbers

    @property
    def key(self) -> Key:
        """Key of the standing that a mark changes."""
        return Key(self.answer.problem_id, self.answer.student_id)


def hold(session: Session, answers: Collection[UUID]) -> list[Work]:
    """Lock answers against other markers and regrades until the transaction ends, and load them.

    Takes locks in a fixed order, to avoid deadlocks: the assignment (shared), the reviews, the
    standings, the answers. Submissions lock the assignment and the standings in the same order.
    """
    _hold_rules(session, answers)
    insert_missing(session, Review, [{"answer_id": one} for one in sorted(answers)])
    reviews = select(Review.answer_id).where(Review.answer_id.in_(answers))
    session.execute(reviews.order_by(Review.answer_id).with_for_update()).all()
    _hold_standings(session, answers)
    rows = select(Answer.id).where(Answer.id.in_(answers))
    session.execute(rows.order_by(Answer.id).with_for_update(key_share=True)).all()
    return load(session, answers)


def _hold_standings(session: Session, answers: Collection[UUID]) -> None:
    keys = session.execute(
        select(Answer.problem_id, Answer.student_id).where(Answer.id.in_(answers)).distinct()
    ).all()
    if not keys:
        return
    session.execute(
        select(Standing.problem_id)
        .where(among(Standing.problem_id, Standing.student_id, [Key(*key) for key in keys]))
        .order_by(Standing.problem_id, Standing.student_id)
        .with_for_update()
    ).all()


def _hold_rules(session: Session, answers: Collection[UUID]) -> None:
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


def load(session: Session, answers: Collection[UUID]) -> list[Work]:
    """Load the answers that have a review, in their current state, with one query."""
    rows = session.execute(
        select(Answer, Review, Submission, Grading, *NUMBERS)
        .join(Review, Review.answer_id == Answer.id)
        .join(Submission, Submission.id == Answer.submission_id)
        .join(ProblemVersion, version_of(Submission))
        .join(Variant, variant_of(Submission))
        .join(Grading, Grading.id == Answer.grading_id)
        .where(Answer.id.in_(answers))
        .order_by(Answer.id)
        .execution_options(populate_existing=True)
    )
    return [Work(*row[:4], Numbers(*row[4:])) for row in rows]


def filler(session: Session, submission: Submission, variants: Variants) -> Callable[[str], str]:
    """Return a function that fills the placeholders of a text with the numbers of a submission."""

    def fill(text: str) -> str:
        if "{{" not in text:
            return text
        variant = variants.variant(session, submission.version_id, submission.position)
        return Template.parse(text).fill(variant.scope(BOOK))

    return fill


def reckon(
    session: Session,
    asked: Asked,
    work: Work,
    given: Given,
    *,
    rubric: Mapping[UUID, Criterion],
    variants: Variants,
) -> Outcome:
    """Return the outcome of a mark for an answer."""
    fill = filler(session, work.submission, variants)
    return outcome(given, rubric, asked.points, fill=fill)


def write(
    session: Session,
    asked: Asked,
    marked: Sequence[tuple[Work, Given, Outcome]],
    *,
    now: datetime,
    remark: bool = False,
) -> None:
    """Store marks as the gradings that count from now on, and the grades that follow.

    A *remark* for a changed rubric keeps the marker and the time of the mark.
    """
    me = asked.posed.member.caller.id
    for work, given, found in marked:
        grading = _grading(asked, work, given, found, now=now)
        session.add(grading)
        point_to(work.answer, grading, manual=True)
        _keep(asked, work, given)
        if not remark:
            work.review.marked_by, work.review.marked_at = me, now
            work.review.claimed_by = work.review.claimed_until = None
    refresh_works(session, [work for work, _, _ in marked], author=me, now=now)


def _keep(asked: Asked, work: Work, given: Given) -> None:
    review = work.review
    review.items = [str(one) for one in given.items]
    review.adjustment, review.credit = given.adjustment, given.credit
    review.comment, review.reason = given.comment, given.reason
    review.likeness = likeness(asked, work.answer, work.submission, work.numbers)
    review.version += 1


def _grading(asked: Asked, work: Work, given: Given, found: Outcome, *, now: datetime) -> Grading:
    """Return the grading of a mark; its record keeps what the engine read and found."""
    before = work.grading
    return Grading(
        id=new_id(),
        answer_id=work.answer.id,
        kind="manual",
        status=found.status,
        credit=found.credit,
        mistakes="" if found.status == "correct" else before.mistakes,
        record=before.record | _recorded(given, found),
        said=before.said | _told(found, asked.points),
        engine=before.engine,
        version_id=before.version_id,
        author_id=asked.posed.member.caller.id,
        reason=given.reason,
        created_at=now,
    )


def _recorded(given: Given, found: Outcome) -> dict[str, Any]:
    mark = {
        "items": [str(one) for one in given.items],
        "adjustment": str(given.adjustment),
        "credit": None if given.credit is None else str(given.credit),
        "comment": given.comment,
    }
    return {
        "status": found.status,
        "rule": "person",
        "credit": str(found.credit),
        "explanation": list(found.explanation),
        "mark": mark,
    }


def _told(found: Outcome, points: Fraction) -> dict[str, Any]:
    score = found.credit * points
    return {
        "status": found.status,
        "credit": str(found.credit),
        "score": score.numerator if score.denominator == 1 else float(score),
        "say": found.feedback,
        "feedback": found.feedback,
        "position": None,
        "cells": [],
        "place": "",
    }


def point_to(answer: Answer, grading: Grading, *, manual: bool) -> None:
    """Make *grading* the one that counts for an answer."""
    answer.grading_id = grading.id
    answer.status, answer.mistakes = grading.status, grading.mistakes
    answer.credit, answer.manual = grading.credit, manual
    answer.credit_float = None if grading.credit is None else float(grading.credit)


def refresh_works(session: Session, works: Sequence[Work], *, author: UUID, now: datetime) -> None:
    """Recompute the grades that depend on the gradings of some answers."""
    refresh_each(
        session,
        {one.key: Cause("review", one.answer.grading_id, author, now) for one in works},
    )
