"""Subjects of a review: a part of a problem, an answer to it, and what the caller may see."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import (
    PROBLEM_NOT_FOUND_MESSAGE,
    AssignedProblem,
    CourseMembership,
    load_course_membership,
)
from api.auth.principal import Principal
from api.auth.roles import Permission
from api.core.clock import to_micros
from api.core.errors import Forbidden, NotFound
from api.db.engine import fetch_one
from api.db.models import Answer, Assignment, AssignmentProblem, ProblemVersion, Submission
from api.schemas.grading.review import Who
from api.services.assignments.rules import load_student_rules
from api.services.review.identity_masks import IdentityMask, load_identity_masks
from grader.policy import SubmissionRules

ANSWER_NOT_FOUND_MESSAGE: Final = "There is no such answer."
RANK_CACHE_SIZE: Final = 16_384
ANSWER_CONTEXT_QUERY: Final = (
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
"""Query for an answer with its submission, assignment, problem and version."""


@dataclass(frozen=True, slots=True)
class AssignedPart:
    """A part of a problem in an assignment, with its *points* there and the requesting member."""

    assigned_problem: AssignedProblem
    part_id: str
    title: str
    kind: str
    points: Fraction

    @property
    def secret(self) -> str:
        """Secret of the course, from which queue orders and pseudonyms are derived."""
        return self.assigned_problem.member.course.secret


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """An answer with its submission and the part that it answers."""

    answer: Answer
    submission: Submission
    part: AssignedPart

    @property
    def member(self) -> CourseMembership:
        """The requesting member of the course."""
        return self.part.assigned_problem.member


def load_student_masks(
    session: Session, part: AssignedPart, students: Iterable[UUID]
) -> Mapping[UUID, IdentityMask]:
    """Return the masks of *students* in their texts; none if the caller may see names."""
    if not hides_student_names(part.assigned_problem):
        return {}
    return load_identity_masks(session, students)


def find_part(assigned_problem: AssignedProblem, part_id: str) -> AssignedPart:
    """Return a part of a problem. Raises `NotFound` if the problem has no such part."""
    for definition in assigned_problem.version.parts:
        if definition["id"] == part_id:
            title = definition.get("title", "")
            return AssignedPart(
                assigned_problem, part_id, title, definition["kind"], Fraction(definition["points"])
            )
    raise NotFound(PROBLEM_NOT_FOUND_MESSAGE)


def load_answer_for_staff(
    session: Session, caller: Principal, answer_id: UUID, *, right: Permission
) -> AnswerContext:
    """Return an answer for a member of the staff who has the permission *right*.

    Raises `NotFound` if the caller may not see the answer, and `Forbidden` for a student's own.
    """
    context = load_answer_unchecked(session, caller, answer_id)
    if not context.member.is_staff:
        if context.answer.student_id != context.member.student_id:
            raise NotFound(ANSWER_NOT_FOUND_MESSAGE)
        raise Forbidden("This is for the staff of the course.")
    context.member.require(right)
    return context


def load_own_answer_rules(
    session: Session, context: AnswerContext, *, now: datetime
) -> SubmissionRules:
    """Return the rules for a student's own answer.

    Raises `NotFound` if the answer belongs to another student or is hidden.
    """
    assignment, student = context.part.assigned_problem.assignment, context.member.student_id
    if context.answer.student_id != student or assignment.published_at is None:
        raise NotFound(ANSWER_NOT_FOUND_MESSAGE)
    rules = load_student_rules(session, context.member, [assignment])[assignment.id]
    if not rules.is_released(to_micros(now)):
        raise NotFound(ANSWER_NOT_FOUND_MESSAGE)
    return rules


def load_answer_unchecked(session: Session, caller: Principal, answer_id: UUID) -> AnswerContext:
    """Return an answer in one of the caller's courses.

    Does not check whether the caller may see the answer.
    """
    row = fetch_one(session, ANSWER_CONTEXT_QUERY, answer=answer_id)
    if row is None:
        raise NotFound(ANSWER_NOT_FOUND_MESSAGE)
    answer, submission, assignment, problem, version = row
    try:
        member = load_course_membership(session, caller, assignment.course_id)
        part = find_part(AssignedProblem(member, assignment, problem, version), answer.part)
    except NotFound as error:
        raise NotFound(ANSWER_NOT_FOUND_MESSAGE) from error
    return AnswerContext(answer, submission, part)


def hides_student_names(assigned_problem: AssignedProblem) -> bool:
    """Return whether the names of students are hidden from the member."""
    return assigned_problem.member.cannot_see_names_in(assigned_problem.assignment)


@lru_cache(maxsize=RANK_CACHE_SIZE)
def compute_queue_rank(secret: str, answer_id: UUID) -> str:
    """Return the sort key of an answer in the queue: random, and the same for every marker."""
    return _hmac_digest(secret, f"review|{answer_id}")


def compute_pseudonym(secret: str, assignment_id: UUID, student_id: UUID) -> str:
    """Return the pseudonym of a student in an assignment with anonymous grading."""
    digest = _hmac_digest(secret, f"pseudonym|{assignment_id}|{student_id}")
    return f"Student {digest[:8].upper()}"


def _hmac_digest(secret: str, message: str) -> str:
    return hmac.digest(bytes.fromhex(secret), message.encode(), "sha256").hex()


def serialize_student(assigned_problem: AssignedProblem, student_id: UUID, name: str) -> Who:
    """Return the student of an answer; without id and name if grading is anonymous."""
    alias = compute_pseudonym(
        assigned_problem.member.course.secret, assigned_problem.assignment.id, student_id
    )
    if hides_student_names(assigned_problem):
        return Who(pseudonym=alias, id=None, name=None)
    return Who(pseudonym=alias, id=student_id, name=name)
