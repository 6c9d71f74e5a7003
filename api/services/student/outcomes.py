"""Submissions as they are kept, with what became of each answer as far as one may know it now."""

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.db import once
from api.schemas.student_work import PartOutcome, StudentSubmission
from api.schemas.submissions import Receipt
from api.services.marking import points_of
from api.services.release import Shown
from api.tables import Answer, AssignmentProblem, Grading, Submission
from grader.json_values import from_json
from grader.result import FREE

__all__ = [
    "RECEIVED",
    "Graded",
    "graded_answers",
    "kept",
    "outcome",
    "shown_submission",
    "status_shown",
    "stored",
]

RECEIVED: Final = "received"
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
    """Return by submission its answers, as they were sent, with the gradings that count now."""
    sent = {one.id: list(one.answers) for one in submissions}
    rows = session.execute(GRADED, {"submissions": list(sent)})
    found: dict[UUID, list[Graded]] = {one: [] for one in sent}
    for answer, grading in rows:
        found[answer.submission_id].append((answer, grading))
    for one, answers in found.items():
        answers.sort(key=lambda graded: sent[one].index(graded[0].part))
    return found


def status_shown(status: str, *, results: Shown) -> str:
    """Return what became of an answer; where results are hidden only whether it was read."""
    return status if results.now or status in FREE else RECEIVED


def outcome(graded: Graded, submission: Submission, *, results: Shown) -> dict[str, Any]:
    """Return the fields of a `PartOutcome`: what the student may know of an answer now."""
    answer, grading = graded
    said = grading.said
    status = status_shown(answer.status, results=results)
    told: dict[str, Any] = {
        "part": answer.part,
        "answer": answer.id,
        "typed": from_json(submission.answers.get(answer.part)),
        "status": status,
        "points": points_of(grading.record, grading.said),
        "read_as": said.get("read_as", answer.shown),
        "notes": tuple(said.get("notes", ())),
        "position": said.get("position"),
        "attempt": answer.attempt,
        "repeats": answer.repeats,
        "manual": answer.manual and status != RECEIVED,
    }
    return told | _verdict(graded, hidden=status == RECEIVED)


def _verdict(graded: Graded, *, hidden: bool) -> dict[str, Any]:
    answer, grading = graded
    said = grading.said
    if hidden:
        return {"credit": None, "score": None, "feedback": None, "cells": (), "place": ""}
    credit = answer.credit
    return {
        "credit": credit,
        "score": None if credit is None else credit * points_of(grading.record, said),
        "feedback": said.get("feedback"),
        "cells": tuple(said.get("cells", ())),
        "place": said.get("place", ""),
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
    """Return what is known of a submission whatever became of it."""
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
