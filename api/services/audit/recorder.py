"""Recorder of the audit log: an entry is written in the transaction of its action."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.db.models import AuditEntry, Enrolment
from api.services.audit.actions import ACTIONS
from api.services.audit.targets import TARGET_NAME_QUERIES


def record_action(
    session: Session,
    actor: CourseMembership | Principal | None,
    action: str,
    *,
    now: datetime,
    target: tuple[str, object] = ("", ""),
    change: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    reason: str = "",
    course_id: UUID | None = None,
) -> None:
    """Record that *actor* did *action* to *target* (its kind and id).

    *change* holds the values before and after, without secrets. *actor* is None for the service
    itself. Raises `ValueError` for an action that is not in `ACTIONS`, or a kind of target that is
    not in `TARGET_NAME_QUERIES`.
    """
    if action not in ACTIONS:
        raise ValueError(f"ACTIONS has no {action!r}")
    if target[0] and target[0] not in TARGET_NAME_QUERIES:
        raise ValueError(f"TARGET_NAME_QUERIES has no {target[0]!r}")
    member = actor if isinstance(actor, CourseMembership) else None
    caller = actor.caller if isinstance(actor, CourseMembership) else actor
    before, after = change
    session.add(
        AuditEntry(
            course_id=member.course.id if member else course_id,
            actor_id=caller.id if caller else None,
            acting_as=member.student_id if member and member.caller.view_as else None,
            action=action,
            target=target[0],
            target_id=str(target[1]),
            before=dict(before),
            after=dict(after),
            reason=reason,
            request=caller.request if caller else "",
            at=now,
        )
    )


def record_account_action(
    session: Session,
    actor: CourseMembership | Principal,
    action: str,
    *,
    user: UUID,
    now: datetime,
    after: Mapping[str, Any] = {},
) -> None:
    """Record an action on an account: in the actor's context, and in every course of its owner."""
    target = ("user", user)
    change: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, after)
    record_action(session, actor, action, now=now, target=target, change=change)
    caller = actor.caller if isinstance(actor, CourseMembership) else actor
    courses = select(Enrolment.course_id).where(
        Enrolment.user_id == user, Enrolment.withdrawn_at.is_(None)
    )
    if isinstance(actor, CourseMembership):
        courses = courses.where(Enrolment.course_id != actor.course.id)
    for course in session.scalars(courses.order_by(Enrolment.course_id)).all():
        record_action(
            session, caller, action, now=now, target=target, change=change, course_id=course
        )
