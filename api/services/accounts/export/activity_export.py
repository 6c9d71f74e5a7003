"""What a person wrote and did, for its export: comments, regrade requests, and acts of staff.

A member of staff may have tens of thousands of these.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, load_only

from api.db.models import Answer, AssignmentProblem, AuditEntry, Comment, RegradeRequest
from api.services.accounts.export.files_export import JsonObject, serialize_all, serialize_row

REQUEST_FIELDS = ("answer_id", "text", "status", "reply", "created_at", "replied_at")


def select_comments(user_id: UUID, visible_assignments: Collection[UUID]) -> Select[UUID]:
    """Select the comments that the user wrote, and those that staff published on their answers."""
    return (
        select(Comment.id)
        .join(Answer, Answer.id == Comment.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            Comment.deleted_at.is_(None),
            or_(
                Comment.author_id == user_id,
                (Answer.student_id == user_id)
                & Comment.public
                & AssignmentProblem.assignment_id.in_(visible_assignments),
            ),
        )
        .order_by(Comment.created_at, Comment.id)
    )


def load_comments(session: Session, ids: Sequence[UUID], *, user_id: UUID) -> list[JsonObject]:
    """Return comments, and whether the user wrote them."""
    rows = session.scalars(
        select(Comment).where(Comment.id.in_(ids)).order_by(Comment.created_at, Comment.id)
    )
    return [
        serialize_row(row, ("answer_id", "text", "created_at")) | {"mine": row.author_id == user_id}
        for row in rows
    ]


def select_regrade_requests(student: UUID) -> Select[UUID]:
    """Select the regrade requests of a student."""
    return (
        select(RegradeRequest.id)
        .where(RegradeRequest.student_id == student)
        .order_by(RegradeRequest.created_at, RegradeRequest.id)
    )


def load_regrade_requests(session: Session, ids: Sequence[UUID]) -> tuple[JsonObject, ...]:
    """Return regrade requests with their replies."""
    query = (
        select(RegradeRequest)
        .where(RegradeRequest.id.in_(ids))
        .order_by(RegradeRequest.created_at, RegradeRequest.id)
    )
    return serialize_all(session.scalars(query), REQUEST_FIELDS)


def select_audited_actions(user_id: UUID) -> Select[UUID]:
    """Select the user's actions in the audit log."""
    return (
        select(AuditEntry.id)
        .where(AuditEntry.actor_id == user_id)
        .order_by(AuditEntry.at, AuditEntry.id)
    )


def load_audited_actions(session: Session, ids: Sequence[UUID]) -> tuple[JsonObject, ...]:
    """Return actions in the audit log, without the people that they concern."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.id.in_(ids))
        .order_by(AuditEntry.at, AuditEntry.id)
        .options(load_only(AuditEntry.at, AuditEntry.action, AuditEntry.target))
    )
    return serialize_all(session.scalars(query), ("at", "action", "target"))
