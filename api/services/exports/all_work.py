"""Export of all submissions of a course with their results, in pieces, for research and appeals."""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    Submission,
    User,
)
from api.services.courses.active_students import COUNTS

__all__ = ["Reading", "Scope", "all_work", "pseudonym"]

BATCH: Final = 10
"""How many submissions are in memory at a time: each may have some hundred KiB."""
DIGITS: Final = 16
FIRST: Final = UUID(int=0)


class Reading(Protocol):
    """Factory of read-only sessions."""

    def __call__(self) -> AbstractContextManager[Session]:
        """Return a read-only session as a context manager."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of an export: a course, perhaps *only* some assignments, perhaps *pseudonymous*."""

    course: Course
    only: frozenset[UUID] | None = None
    pseudonymous: bool = False


def pseudonym(course: Course, thing: UUID) -> str:
    """Return the pseudonym of a student or a submission, the same in every file of the course."""
    secret = bytes.fromhex(course.secret)
    return hmac.digest(secret, f"export|{thing}".encode(), "sha256").hex()[:DIGITS]


def all_work(reading: Reading, scope: Scope) -> Iterator[str]:
    """Yield a JSON line for each submission, oldest first.

    Each piece uses its own session, so a slow reader holds no transaction. Submissions are only
    ever added: the export contains all submissions that exist at the start and no later ones.
    Results are those at the time when their piece is read.
    """
    after = FIRST
    with reading() as session:
        last = session.scalar(select(Submission.id).order_by(Submission.id.desc()).limit(1))
    while last is not None:
        with reading() as session:
            rows = _batch(session, scope, after, last)
            answers = _answers(session, [row[0].id for row in rows])
        for row in rows:
            yield _line(scope, row, answers.get(row[0].id, ()))
        if len(rows) < BATCH:
            return
        after = rows[-1][0].id


def _batch(session: Session, scope: Scope, after: UUID, last: UUID) -> Sequence[Any]:
    found = (
        select(Submission, AssignmentProblem, Assignment, User)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
        .join(User, User.id == Submission.student_id)
        .join(
            Enrolment,
            (Enrolment.course_id == Assignment.course_id)
            & (Enrolment.user_id == Submission.student_id),
        )
        .where(
            Assignment.course_id == scope.course.id,
            Assignment.deleted_at.is_(None),
            *COUNTS,
            Submission.id > after,
            Submission.id <= last,
        )
    )
    if scope.only is not None:
        found = found.where(Assignment.id.in_(scope.only))
    return session.execute(found.order_by(Submission.id).limit(BATCH)).all()


def _answers(session: Session, submissions: Sequence[UUID]) -> dict[UUID, list[Answer]]:
    rows = session.scalars(
        select(Answer)
        .where(Answer.submission_id.in_(submissions))
        .order_by(Answer.submission_id, Answer.id)
    )
    found: dict[UUID, list[Answer]] = {}
    for row in rows:
        found.setdefault(row.submission_id, []).append(row)
    return found


def _line(scope: Scope, row: Any, answers: Sequence[Answer]) -> str:
    submission, problem, assignment, user = row
    told: dict[str, Any] = {
        "submission": _id(scope, submission.id),
        "student": _student(scope, user),
        "assignment": {"id": str(assignment.id), "slug": assignment.slug},
        "problem": problem.slug,
        "version": str(submission.version_id),
        "variant": submission.position,
        "draw": submission.draw,
        "sequence": submission.sequence,
        "received_at": submission.received_at.isoformat(),
        "answers": submission.answers,
        "results": [_result(scope, one) for one in answers],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"


def _id(scope: Scope, thing: UUID) -> str:
    return pseudonym(scope.course, thing) if scope.pseudonymous else str(thing)


def _student(scope: Scope, user: User) -> Mapping[str, str | None]:
    if scope.pseudonymous:
        return {"id": pseudonym(scope.course, user.id)}
    return {
        "id": str(user.id),
        "name": user.name,
        "email": user.email,
        "student_number": user.student_number,
    }


def _result(scope: Scope, one: Answer) -> dict[str, Any]:
    return {
        "part": one.part,
        "status": one.status,
        "credit": None if one.credit is None else str(one.credit),
        "credit_number": one.credit_float,
        "attempt": one.attempt,
        "late_credit": str(one.late),
        "repeats": None if one.repeats is None else _id(scope, one.repeats),
        "read_as": one.shown,
        "value": one.value,
        "mistakes": [name for name in one.mistakes.split("|") if name],
        "by_hand": one.manual,
    }
