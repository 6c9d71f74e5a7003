"""Everything that the service holds about somebody, as JSON data for themselves.

Nothing comes out this way before it is shown elsewhere: what was told about a submission is given
as it was told then, and a grade, or a comment, once results are shown to its student.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.clock import to_micros
from api.http.fields import told
from api.schemas.account import MeExport
from api.services.people.profile import courses_of
from api.services.people.sessions import sessions_of
from api.services.people.tokens import tokens_of
from api.services.release import results_shown
from api.services.rules import rules_for
from api.tables import (
    Answer,
    Assignment,
    AssignmentProblem,
    AuditEntry,
    Base,
    Comment,
    Course,
    Draft,
    Enrolment,
    Extension,
    Grade,
    Override,
    RegradeRequest,
    Submission,
    User,
)

__all__ = ["export"]

PROFILE: Final = ("id", "name", "family_name", "email", "student_number", "login", "created_at")


def export(session: Session, user: User, *, now: datetime) -> MeExport:
    """Return all that is held about *user*."""
    shown = _shown(session, user.id, now=now)
    return MeExport(
        exported_at=now,
        profile=_row(user, PROFILE),
        courses=tuple(one.model_dump(mode="json") for one in courses_of(session, user.id)),
        submissions=_submissions(session, user.id),
        drafts=_drafts(session, user.id),
        grades=_grades(session, user.id, shown),
        comments=_comments(session, user.id, shown),
        regrade_requests=_requests(session, user.id),
        extensions=_extensions(session, user.id),
        tokens=tuple(
            _row(one, ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"))
            for one in tokens_of(session, user.id)
        ),
        sessions=tuple(
            _row(one, ("created_at", "seen_at")) for one in sessions_of(session, user.id, now=now)
        ),
        acts=_acts(session, user.id),
    )


def _row(row: Base, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _shown(session: Session, student: UUID, *, now: datetime) -> set[UUID]:
    """Return the assignments of which somebody sees the results now."""
    found = session.execute(
        select(Assignment, Course)
        .join(Course, Course.id == Assignment.course_id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Enrolment.user_id == student, Assignment.published_at.is_not(None))
    )
    seen = set()
    for assignment, course in found:
        rules = rules_for(session, assignment, course, [student])[student]
        if rules.released(to_micros(now)) and results_shown(assignment, rules, now=now).now:
            seen.add(assignment.id)
    return seen


def _submissions(session: Session, student: UUID) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(Submission)
        .where(Submission.student_id == student)
        .order_by(Submission.received_at, Submission.id)
    )
    return tuple(
        _row(one, ("id", "problem_id", "sequence", "received_at", "answers")) | {"told": one.reply}
        for one in rows
    )


def _drafts(session: Session, student: UUID) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(select(Draft).where(Draft.student_id == student))
    return tuple(_row(one, ("problem_id", "answers", "saved_at")) for one in rows)


def _grades(session: Session, student: UUID, shown: Collection[UUID]) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(Grade).where(Grade.student_id == student).order_by(Grade.assignment_id)
    )
    overrides = session.scalars(
        select(Override)
        .where(Override.student_id == student, Override.withdrawn_at.is_(None))
        .order_by(Override.created_at, Override.id)
    ).all()
    return tuple(
        _row(one, ("assignment_id", "updated_at"))
        | {
            "score": None if one.score is None else told(one.score),
            "possible": told(one.possible),
            "overrides": [
                _row(other, ("part", "reason", "created_at")) | {"points": told(other.points)}
                for other in overrides
                if other.assignment_id == one.assignment_id
            ],
        }
        for one in rows
        if one.assignment_id in shown
    )


def _comments(
    session: Session, user_id: UUID, shown: Collection[UUID]
) -> tuple[dict[str, Any], ...]:
    """Return what somebody wrote, and what staff let them read about their own answers."""
    rows = session.execute(
        select(Comment, AssignmentProblem.assignment_id)
        .join(Answer, Answer.id == Comment.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            Comment.deleted_at.is_(None),
            or_(
                Comment.author_id == user_id,
                (Answer.student_id == user_id) & Comment.public,
            ),
        )
        .order_by(Comment.created_at, Comment.id)
    )
    return tuple(
        _row(one, ("answer_id", "text", "created_at")) | {"mine": one.author_id == user_id}
        for one, assignment in rows
        if one.author_id == user_id or assignment in shown
    )


def _requests(session: Session, student: UUID) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(RegradeRequest)
        .where(RegradeRequest.student_id == student)
        .order_by(RegradeRequest.created_at, RegradeRequest.id)
    )
    names = ("answer_id", "text", "status", "reply", "created_at", "replied_at")
    return tuple(_row(one, names) for one in rows)


def _extensions(session: Session, student: UUID) -> tuple[dict[str, Any], ...]:
    rows = session.scalars(
        select(Extension)
        .where(Extension.student_id == student, Extension.withdrawn_at.is_(None))
        .order_by(Extension.created_at, Extension.id)
    )
    return tuple(
        _row(one, ("course_id", "assignment_id", "spec", "reason", "created_at")) for one in rows
    )


def _acts(session: Session, user_id: UUID) -> tuple[dict[str, Any], ...]:
    """Return what the audit log holds that somebody did, without whom it was about."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.actor_id == user_id)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    return tuple(_row(one, ("at", "action", "target")) for one in rows)
