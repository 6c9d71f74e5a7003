"""Stored submissions, with the outcome of each answer as far as it is visible now."""

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.db.engine import cache_in_snapshot
from api.db.models import Answer, AssignmentProblem, Grading, Submission
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.submissions import Receipt
from api.schemas.student.work import PartOutcome, StudentSubmission
from api.services.assignments.release import Visibility
from api.services.assignments.visible_verdicts import mask_unreleased_verdict
from api.services.engine.single_answer import read_points
from grader.json_values import from_json

SUBMISSIONS_QUERY: Final = select(Submission).where(
    Submission.id.in_(bindparam("ids", expanding=True))
)
GRADED_ANSWERS_QUERY: Final = (
    select(Answer, Grading)
    .join(Grading, Grading.id == Answer.grading_id)
    .where(Answer.submission_id.in_(bindparam("submissions", expanding=True)))
)

GradedAnswer = tuple[Answer, Grading]
"""An answer with its current grading."""


def load_submissions(session: Session, ids: Collection[UUID]) -> Sequence[Submission]:
    """Return submissions by their ids, in any order."""
    key = (Submission, frozenset(ids))
    return cache_in_snapshot(
        session, key, lambda: session.scalars(SUBMISSIONS_QUERY, {"ids": list(ids)}).all()
    )


def load_graded_answers(
    session: Session, submissions: Iterable[Submission]
) -> dict[UUID, list[GradedAnswer]]:
    """Return each submission's answers, in the order sent, with the gradings that count now."""
    part_order = {submission.id: list(submission.answers) for submission in submissions}
    rows = session.execute(GRADED_ANSWERS_QUERY, {"submissions": list(part_order)})
    by_submission: dict[UUID, list[GradedAnswer]] = {one: [] for one in part_order}
    for answer, grading in rows:
        by_submission[answer.submission_id].append((answer, grading))
    for submission_id, answers in by_submission.items():
        answers.sort(key=lambda graded: part_order[submission_id].index(graded[0].part))
    return by_submission


def describe_form_mismatch(answer: Answer, grading: Grading) -> str:
    """Return how an answer's form differs from the expected one; "" if a person graded it."""
    return "" if answer.manual else str(grading.record.get("misfit", ""))


def serialize_outcome(
    graded: GradedAnswer, submission: Submission, *, results: Visibility
) -> dict[str, Any]:
    """Return the fields of a `PartOutcome`, as far as the student may see them now."""
    answer, grading = graded
    student_result, mismatch = grading.said, describe_form_mismatch(answer, grading)
    points = read_points(grading.record, student_result)
    verdict = mask_unreleased_verdict(
        answer.status, answer.credit, student_result, form_mismatch=mismatch, results=results
    )
    return {
        "part": answer.part,
        "answer": answer.id,
        "typed": from_json(submission.answers.get(answer.part)),
        "status": verdict.status,
        "credit": verdict.credit,
        "points": points,
        "score": None if verdict.credit is None else verdict.credit * points,
        "read_as": student_result.get("read_as", answer.shown),
        "notes": tuple(student_result.get("notes", ())),
        "feedback": verdict.feedback,
        "position": student_result.get("position"),
        "cells": tuple(verdict.cells),
        "place": verdict.location,
        "attempt": answer.attempt,
        "repeats": answer.repeats,
        "manual": answer.manual and not verdict.is_hidden,
    }


def serialize_submission(
    submission: Submission,
    answers: Sequence[GradedAnswer],
    problem: AssignmentProblem,
    *,
    results: Visibility,
    attachments: tuple[AttachmentView, ...] = (),
) -> StudentSubmission:
    """Return a submission as its student may see it now."""
    return StudentSubmission(
        results=tuple(
            PartOutcome(**serialize_outcome(answer, submission, results=results))
            for answer in answers
        ),
        results_shown=results.now,
        results_from=None if results.now else results.since,
        attachments=attachments,
        **serialize_submission_fields(submission, answers, problem),
    )


def serialize_submission_fields(
    submission: Submission, answers: Sequence[GradedAnswer], problem: AssignmentProblem
) -> dict[str, Any]:
    """Return the fields of a submission that do not depend on its results."""
    late = [answer.late for answer, _ in answers]
    return {
        "id": submission.id,
        "assignment": problem.assignment_id,
        "problem": problem.slug,
        "sequence": submission.sequence,
        "draw": submission.draw,
        "received_at": submission.received_at,
        "late_credit": late[0] if late else Fraction(1),
        "receipt": Receipt(**submission.reply["receipt"]),
    }
