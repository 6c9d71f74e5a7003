"""Subjects of a review: a part of a problem, an answer to it, and what the caller may see."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import NO_PROBLEM, Caller, Member, Posed, course_member
from api.auth.roles import Right
from api.core.clock import to_micros
from api.core.errors import Forbidden, NotFound
from api.db.engine import find_one
from api.db.models import Answer, Assignment, AssignmentProblem, ProblemVersion, Submission
from api.schemas.grading.review import Who
from api.services.assignments.rules import rules_of
from grader.policy import Rules

__all__ = [
    "Asked",
    "Found",
    "asked_part",
    "is_blind",
    "own_rules",
    "pseudonym",
    "rank",
    "reach_answer",
    "staff_answer",
    "who",
]

NO_ANSWER: Final = "There is no such answer."
RANKS_KEPT: Final = 16_384
AROUND: Final = (
    select(Answer, Submission, Assignment, AssignmentProblem, ProblemVersion)
    .join(Submission, Submission.id == Answer.submission_id)
    .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
    .where(
        Answer.id == bindparam("answer"),
        AssignmentProblem.removed_at.is_(None),
        Assignment.deleted_at.is_(None),
    )
)
"""An answer with all that it is of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of a problem in an assignment, with its *points* there and the requesting member."""

    posed: Posed
    part: str
    title: str
    kind: str
    points: Fraction

    @property
    def secret(self) -> str:
        """Secret of the course, from which queue orders and pseudonyms are derived."""
        return self.posed.member.course.secret


@dataclass(frozen=True, slots=True)
class Found:
    """An answer with its submission and the part that it answers."""

    answer: Answer
    submission: Submission
    asked: Asked

    @property
    def member(self) -> Member:
        """The requesting member of the course."""
        return self.asked.posed.member


def asked_part(posed: Posed, part: str) -> Asked:
    """Return a part of a problem. Raises `NotFound` if the problem has no such part."""
    for one in posed.version.parts:
        if one["id"] == part:
            title = one.get("title", "")
            return Asked(posed, part, title, one["kind"], Fraction(one["points"]))
    raise NotFound(NO_PROBLEM)


def staff_answer(session: Session, caller: Caller, answer_id: UUID, *, right: Right) -> Found:
    """Return an answer for a member of the staff who has the permission *right*.

    Raises `NotFound` if the caller may not see the answer, and `Forbidden` for a student's own.
    """
    found = reach_answer(session, caller, answer_id)
    if not found.member.is_staff:
        if found.answer.student_id != found.member.student_id:
            raise NotFound(NO_ANSWER)
        raise Forbidden("This is for the staff of the course.")
    found.member.need(right)
    return found


def own_rules(session: Session, found: Found, *, now: datetime) -> Rules:
    """Return the rules for a student's own answer.

    Raises `NotFound` if the answer belongs to another student or is hidden.
    """
    assignment, student = found.asked.posed.assignment, found.member.student_id
    if found.answer.student_id != student or assignment.published_at is None:
        raise NotFound(NO_ANSWER)
    rules = rules_of(session, found.member, [assignment])[assignment.id]
    if not rules.released(to_micros(now)):
        raise NotFound(NO_ANSWER)
    return rules


def reach_answer(session: Session, caller: Caller, answer_id: UUID) -> Found:
    """Return an answer in one of the caller's courses.

    Does not check whether the caller may see the answer.
    """
    row = find_one(session, AROUND, answer=answer_id)
    if row is None:
        raise NotFound(NO_ANSWER)
    answer, submission, assignment, problem, version = row
    try:
        member = course_member(session, caller, assignment.course_id)
        asked = asked_part(Posed(member, assignment, problem, version), answer.part)
    except NotFound as error:
        raise NotFound(NO_ANSWER) from error
    return Found(answer, submission, asked)


def is_blind(posed: Posed) -> bool:
    """Return whether the names of students are hidden from the member."""
    return posed.member.is_blind_to(posed.assignment)


@lru_cache(maxsize=RANKS_KEPT)
def rank(secret: str, answer_id: UUID) -> str:
    """Return the sort key of an answer in the queue: random, and the same for every marker."""
    return _digest(secret, f"review|{answer_id}")


def pseudonym(secret: str, assignment_id: UUID, student_id: UUID) -> str:
    """Return the pseudonym of a student in an assignment with anonymous grading."""
    digest = _digest(secret, f"pseudonym|{assignment_id}|{student_id}")
    return f"Student {digest[:8].upper()}"


def _digest(secret: str, told: str) -> str:
    return hmac.digest(bytes.fromhex(secret), told.encode(), "sha256").hex()


def who(posed: Posed, student_id: UUID, name: str) -> Who:
    """Return the student of an answer; without id and name if grading is anonymous."""
    called = pseudonym(posed.member.course.secret, posed.assignment.id, student_id)
    if is_blind(posed):
        return Who(pseudonym=called, id=None, name=None)
    return Who(pseudonym=called, id=student_id, name=name)
