"""Connections of an account for its export: login providers and learning platforms."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import (
    Identity,
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiMember,
    LtiPlatform,
    LtiScore,
    LtiUser,
)
from api.http.field_types import serialize_fraction

JsonObject: TypeAlias = dict[str, Any]


def load_identities(session: Session, user_id: UUID) -> tuple[JsonObject, ...]:
    """Return the identities at login providers and learning platforms."""
    identities = session.scalars(select(Identity).where(Identity.user_id == user_id)).all()
    platform_users = session.execute(
        select(LtiPlatform.issuer, LtiUser)
        .join(LtiDeployment, LtiDeployment.platform_id == LtiPlatform.id)
        .join(LtiUser, LtiUser.deployment_id == LtiDeployment.id)
        .where(LtiUser.user_id == user_id)
        .order_by(LtiUser.created_at, LtiUser.id)
    )
    return (
        *(_serialize_identity(row.issuer, row, row.email) for row in identities),
        *(_serialize_identity(issuer, row, None) for issuer, row in platform_users),
    )


def _serialize_identity(issuer: str, row: Identity | LtiUser, email: str | None) -> JsonObject:
    return {
        "issuer": issuer,
        "email": email,
        "subject": row.subject,
        "created_at": _format_time(row.created_at),
    }


def load_platform_scores(
    session: Session, user_id: UUID, visible_assignments: Collection[UUID]
) -> tuple[JsonObject, ...]:
    """Return the scores that were sent to learning platforms, of assignments with results."""
    rows = session.execute(
        select(LtiPlatform.issuer, LtiLineItem.assignment_id, LtiScore)
        .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.context_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .where(LtiScore.student_id == user_id, LtiScore.sent_timestamp.is_not(None))
        .order_by(LtiScore.line_item_id)
    )
    return tuple(
        {
            "issuer": issuer,
            "assignment_id": str(assignment_id),
            "score": None if row.score is None else serialize_fraction(row.score),
            "possible": None if row.possible is None else serialize_fraction(row.possible),
            "sent_at": _format_time(row.sent_timestamp),
        }
        for issuer, assignment_id, row in rows
        if assignment_id in visible_assignments
    )


def load_platform_rosters(session: Session, user_id: UUID) -> tuple[JsonObject, ...]:
    """Return the courses of learning platforms that the user is a member of, or was."""
    rows = session.execute(
        select(LtiPlatform.issuer, LtiContext, LtiMember)
        .join(LtiContext, LtiContext.id == LtiMember.context_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .where(LtiMember.user_id == user_id)
        .order_by(LtiMember.context_id)
    )
    return tuple(
        {
            "issuer": issuer,
            "context": context.title or context.context_id,
            "course_id": None if context.course_id is None else str(context.course_id),
            "seen_at": _format_time(row.seen_at),
            "left_at": _format_time(row.left_at),
        }
        for issuer, context, row in rows
    )


def _format_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
