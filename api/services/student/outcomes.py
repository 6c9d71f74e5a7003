"""Stored submissions, with the outcome of each answer as far as it is visible now."""

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.db.engine import once
from api.db.models import Answer, AssignmentProblem, Grading, Submission
from api.schemas.student.submissions import Receipt
from api.schemas.student.work import PartOutcome, StudentSubmission
from api.services.assignments.release import Shown
from api.services.assignments.visible_verdicts import visible_verdict
from api.services.engine.single_answer import points_of
from grader.json_values import from_json

__all__ = [
    "Graded",
    "graded_answers",
    "kept",
    "misfit_of",
    "outcome",
    "shown_submission",
    "stored",
]

STORED: Final = select(Submission).where(Submission.id.in_(bindparam("ids", expanding=True)))
GRADED: Final = (
    select(Answer, Grading)
    .join(Grading, Grading.id == Answer.grading_id)
    .where(Answer.submission_id.in_(bindparam("submissions", expanding=True)))
)

Graded = tuple[Answer, Grading]
"""An answer with the grading of it that counts now."""


def stored(session: Session, ids: Collection[UUID]) -> Sequence[Submission]:
    """Return submissions by their ids, in any order."""
    key = (Submission, frozenset(ids))
    return once(session, key, lambda: session.scalars(STORED, {"ids": list(ids)}).all())


def graded_answers(session: Session, submissions: Iterable[Submission]) -> dict[UUID, list[Graded]]:
    """Return each submission's answers, in the order sent, with the gradings that count now."""
    sent = {one.id: list(one.answers) for one in submissions}
    rows = session.execute(GRADED, {"submissions": list(sent)})
    found: dict[UUID, list[Graded]] = {one: [] for one in sent}
    for answer, grading in rows:
        found[answer.submission_id].append((answer, grading))
    for one, answers in found.items():
        answers.sort(key=lambda graded: sent[one].index(graded[0].part))
    return found


def misfit_of(answer: Answer, grading: Grading) -> str:
    """Return how an answer's form differs from the expected one; "" if a person graded it."""
    return "" if answer.manual else str(grading.record.get("misfit", ""))


def outcome(graded: Graded, submission: Submission, *, results: Shown) -> dict[str, Any]:
    """Return the fields of a `PartOutcome`, as far as the student may see them now."""
    answer, grading = graded
    said, misfit = grading.said, misfit_of(answer, grading)
    points = points_of(grading.record, said)
    seen = visible_verdict(answer.status, answer.credit, said, misfit=misfit, results=results)
    return {
        "part": answer.part,
        "answer": answer.id,
        "typed": from_json(submission.answers.get(answer.part)),
        "status": seen.status,
        "credit": seen.credit,
        "points": points,
        "score": None if seen.credit is None else seen.credit * points,
        "read_as": said.get("read_as", answer.shown),
        "notes": tuple(said.get("notes", ())),
        "feedback": seen.feedback,
        "position": said.get("position"),
        "cells": tuple(seen.cells),
        "place": seen.place,
        "attempt": answer.attempt,
        "repeats": answer.repeats,
        "manual": answer.manual and not seen.is_hidden,
    }


def shown_submission(
    submission: Submission,
    answers: Sequence[Graded],
    problem: AssignmentProblem,
    *,
    results: Shown,
) -> StudentSubmission:
    """Return a submission as its student may see it now."""
    return StudentSubmission(
        results=tuple(PartOutcome(**outcome(one, submission, results=results)) for one in answers),
        results_shown=results.now,
        results_from=None if results.now else results.since,
        **kept(submission, answers, problem),
    )


def kept(
    submission: Submission, answers: Sequence[Graded], problem: AssignmentProblem
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
        "receipt": Receipt(id=submission.id, digest=submission.reply["receipt"]["digest"]),
    }
