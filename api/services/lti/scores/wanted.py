"""Scores that a platform should have: what each student of a line item may see now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.models import (
    Assignment,
    Course,
    Enrolment,
    Excuse,
    Grade,
    LtiContext,
    LtiLineItem,
    LtiMember,
    LtiUser,
)
from api.services.assignments.release import compute_results_visibility
from api.services.assignments.rules import load_rules
from api.services.courses.active_students import ACTIVE_STUDENTS

FULLY_GRADED: Final = "FullyGraded"
PENDING: Final = "PendingManual"


@dataclass(frozen=True, slots=True)
class WantedScore:
    """Score that the platform should have; without one (*score* is None) it should be cleared."""

    score: Fraction | None
    possible: Fraction | None
    progress: str


NO_SCORE: Final = WantedScore(None, None, "")
"""Nothing to be seen: no answer counts, the results are hidden, or the student is excused."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Student of a line item, and their id at the platform."""

    student_id: UUID
    subject: str


def load_recipients(
    session: Session, item: LtiLineItem, *, students: Collection[UUID] | None = None
) -> list[Recipient]:
    """Return the active students of the course, or of *students*, who are members of the context.

    Several contexts may be connected to the course, and each has a line item for its own members.
    """
    context = session.get_one(LtiContext, item.context_id)
    query = (
        select(LtiUser.user_id, LtiUser.subject)
        .join(Enrolment, Enrolment.user_id == LtiUser.user_id)
        .join(LtiMember, LtiMember.user_id == LtiUser.user_id)
        .where(
            LtiMember.context_id == context.id,
            LtiUser.deployment_id == context.deployment_id,
            Enrolment.course_id == context.course_id,
            *ACTIVE_STUDENTS,
        )
        .order_by(LtiUser.user_id, LtiUser.id)
    )
    if students is not None:
        query = query.where(LtiUser.user_id.in_(students))
    return [Recipient(*row) for row in session.execute(query)]


def load_wanted_scores(
    session: Session, assignment_id: UUID, students: list[UUID], *, now: datetime
) -> Mapping[UUID, WantedScore]:
    """Return the scores of *students* in an assignment that they may see; the others have none."""
    assignment = session.get_one(Assignment, assignment_id)
    course = session.get_one(Course, assignment.course_id)
    if assignment.published_at is None or assignment.deleted_at is not None or not students:
        return {}
    rules = load_rules(session, assignment, course, students)
    visible = [
        student
        for student in students
        if rules[student].is_released(to_micros(now))
        and compute_results_visibility(assignment, rules[student], now=now).now
    ]
    excused = set(
        session.scalars(
            select(Excuse.student_id).where(
                Excuse.assignment_id == assignment_id,
                Excuse.student_id.in_(visible),
                Excuse.problem_id.is_(None),
                Excuse.withdrawn_at.is_(None),
            )
        )
    )
    grades = session.scalars(
        select(Grade).where(Grade.assignment_id == assignment_id, Grade.student_id.in_(visible))
    )
    return {
        grade.student_id: WantedScore(
            grade.score, grade.possible, PENDING if grade.waiting else FULLY_GRADED
        )
        for grade in grades
        if grade.score is not None and grade.possible and grade.student_id not in excused
    }
