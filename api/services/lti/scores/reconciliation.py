"""Reconciliation: compares the scores that platforms should have with those that they were sent.

Grades change for many reasons, and results become visible as time passes. Comparing misses none of
them and adds no work to a submission. The outbox has one message per student and line item. Its
score is looked up when it is sent, so superseded scores are never sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import (
    Assignment,
    Course,
    Grade,
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiMember,
    LtiPlatform,
    LtiScore,
    OutboxMessage,
)
from api.db.upserts import insert_rows
from api.services.lti.scores.wanted import NO_SCORE, load_recipients, load_wanted_scores
from api.services.outbox.kinds import SCORE_KIND

MAX_AGE: Final = timedelta(minutes=5)
"""How long a line item without a changed grade is not compared: results become visible by time."""


@dataclass(slots=True)
class Reconciler:
    """Reconciler of all line items; it remembers which had no changed grade since the last time."""

    _seen: dict[UUID, tuple[object, datetime]] = field(default_factory=dict, init=False)

    def run(self, db: Database, *, now: datetime, claimed: Collection[UUID] = ()) -> int:
        """Store a message for each score that is out of date; return the number of messages.

        The next run compares the line items *claimed* again: their scores are being sent, and a
        change meanwhile stores no message, because one is still waiting.
        """
        with db.reading() as session:
            fingerprints = _compute_fingerprints(session)
        ids = [key for key, value in fingerprints.items() if self._is_due(key, value, now=now)]
        for item_id in claimed:
            self._seen.pop(item_id, None)
        count = 0
        for item_id in ids:
            with db.transaction() as session:
                count += reconcile_item(session, session.get_one(LtiLineItem, item_id), now=now)
        return count

    def _is_due(self, item_id: UUID, fingerprint: object, *, now: datetime) -> bool:
        seen, compared_at = self._seen.get(item_id, (None, now))
        if seen == fingerprint and now - compared_at < MAX_AGE:
            return False
        self._seen[item_id] = fingerprint, now
        return True


def _compute_fingerprints(session: Session) -> dict[UUID, object]:
    """Return a fingerprint of each line item of enabled platforms and unarchived courses.

    It changes with the grades, the settings or the number of members. The worker computes it every
    few seconds, so three statements do so for all line items together, and none of them reads a row
    of other courses.
    """
    items = (
        select(LtiLineItem.id, LtiLineItem.context_id, Assignment.id, Assignment.version)
        .join(Assignment, Assignment.id == LtiLineItem.assignment_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.context_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .join(Course, Course.id == LtiContext.course_id)
        .where(LtiPlatform.disabled_at.is_(None), Course.archived_at.is_(None))
    )
    rows = session.execute(items.order_by(LtiLineItem.id)).all()
    if not rows:
        return {}
    grades = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Grade.assignment_id, func.count(), func.sum(Grade.version))
            .where(Grade.assignment_id.in_(items.with_only_columns(Assignment.id)))
            .group_by(Grade.assignment_id)
        )
    }
    people = {
        row[0]: row[1]
        for row in session.execute(
            select(LtiMember.context_id, func.count())
            .where(LtiMember.context_id.in_(items.with_only_columns(LtiLineItem.context_id)))
            .group_by(LtiMember.context_id)
        )
    }
    return {
        item_id: (grades.get(assignment_id), version, people.get(context_id))
        for item_id, context_id, assignment_id, version in rows
    }


def reconcile_item(session: Session, item: LtiLineItem, *, now: datetime) -> int:
    """Store a message for each student whose score in a line item is out of date."""
    recipients = load_recipients(session, item)
    students = [recipient.student_id for recipient in recipients]
    wanted = load_wanted_scores(session, item.assignment_id, students, now=now)
    stored = {
        row.student_id: row
        for row in session.scalars(select(LtiScore).where(LtiScore.line_item_id == item.id))
    }
    dropped = _load_dropped_messages(session, item)
    new, changed = [], []
    for student in students:
        score, row = wanted.get(student, NO_SCORE), stored.get(student)
        if row is None and score is not NO_SCORE:
            new.append(student)
        elif row is not None and (
            row.message_id in dropped
            or (row.score, row.possible, row.progress)
            != (score.score, score.possible, score.progress)
        ):
            changed.append(row.message_id)
    _add_messages(session, item, new, now=now)
    return len(new) + requeue(session, changed, now=now)


def _load_dropped_messages(session: Session, item: LtiLineItem) -> set[UUID]:
    """Return the messages whose students had left the course; some may be back.

    Their last scores may never have reached the platform.
    """
    return set(
        session.scalars(
            select(OutboxMessage.id)
            .join(LtiScore, LtiScore.message_id == OutboxMessage.id)
            .where(LtiScore.line_item_id == item.id, OutboxMessage.status == "dropped")
        )
    )


def _add_messages(
    session: Session, item: LtiLineItem, students: Sequence[UUID], *, now: datetime
) -> None:
    """Store the first message of each student for a line item."""
    course_id = session.get_one(LtiContext, item.context_id).course_id
    ids = {student: new_id() for student in students}
    messages = [
        {
            "id": ids[student],
            "recipient_id": student,
            "kind": SCORE_KIND,
            "course_id": course_id,
            "assignment_id": item.assignment_id,
            "created_at": now,
            "due_at": now,
        }
        for student in ids
    ]
    scores = [
        {"line_item_id": item.id, "student_id": student, "message_id": ids[student]}
        for student in ids
    ]
    insert_rows(session, OutboxMessage, messages)
    insert_rows(session, LtiScore, scores)


def requeue(session: Session, message_ids: Collection[UUID | None], *, now: datetime) -> int:
    """Requeue messages of scores that are not waiting; return their number."""
    if not message_ids:
        return 0
    result: Any = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(message_ids), OutboxMessage.status != "waiting")
        .values(status="waiting", tries=0, due_at=now, error="")
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
