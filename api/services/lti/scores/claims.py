"""Claims of scores: one transaction claims many, and another one stores their results.

A claim stores the score and its timestamp before the score is sent. So a score whose reply was lost
is repeated with a later timestamp. A claim that ends without a result is made again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from api.db.engine import Database
from api.db.models import (
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiPlatform,
    LtiScore,
    OutboxMessage,
)
from api.services.lti.protocol.grade_service import ScoreMessage
from api.services.lti.scores.line_items import LineItemTarget
from api.services.lti.scores.wanted import (
    NO_SCORE,
    WantedScore,
    load_recipients,
    load_wanted_scores,
)
from api.services.outbox.delivery import CLAIM_TIME, LOST_MESSAGE
from api.services.outbox.kinds import SCORE_KIND

MAX_TRIES: Final = 60
"""Number of tries, the last ones an hour apart: a platform may be down for a weekend."""
UNRESOLVED_CHUNK: Final = 200
"""Number of scores without a line item that one transaction claims."""
MAX_CLAIM_AGE: Final = timedelta(seconds=30)
"""Age above which a claim is released, so that its score is read again; below `CLAIM_TIME`."""
TIMESTAMP_STEP: Final = timedelta(milliseconds=1)
NOT_A_STUDENT: Final = "the person is no longer a student of the course"
NOTHING_TO_SEND: Final = "there is no longer a score to send"

_OUTBOX: Final[Any] = OutboxMessage.__table__
STORE_RESULT: Final = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.id == bindparam("claimed_id"),
        _OUTBOX.c.tries == bindparam("claimed_tries"),
        _OUTBOX.c.status == "waiting",
    )
    .values(
        status=bindparam("new_status"),
        tries=bindparam("new_tries"),
        due_at=bindparam("new_due_at"),
        sent_at=func.coalesce(
            bindparam("new_sent_at", type_=_OUTBOX.c.sent_at.type), _OUTBOX.c.sent_at
        ),
        error=func.coalesce(bindparam("new_error", type_=_OUTBOX.c.error.type), _OUTBOX.c.error),
    )
)


@dataclass(frozen=True, slots=True)
class ScoreDelivery:
    """Claimed score with its target, for try number *tries*."""

    message_id: UUID
    tries: int
    claimed_at: datetime
    platform: LtiPlatform
    target: LineItemTarget
    message: ScoreMessage

    def is_stale(self, now: datetime) -> bool:
        """Return whether the claim is so old that the score should be read again."""
        return now - self.claimed_at > MAX_CLAIM_AGE


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of a claim: the new status of its message, and when it is due if it still waits.

    An *error* of None keeps the last one. Without *is_counted*, the claim does not count as a try.
    """

    delivery: ScoreDelivery
    status: str
    due_at: datetime
    sent_at: datetime | None = None
    error: str | None = None
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class ClaimExclusions:
    """Scores that are not claimed now: those of *platforms*, and those of line items, *items*.

    A score without the address of its line item is also excluded if a search of its container, one
    of *containers*, takes long, or if its line item is one of *unresolved_items*.
    """

    platforms: frozenset[UUID] = frozenset()
    containers: frozenset[str] = frozenset()
    items: frozenset[UUID] = frozenset()
    unresolved_items: frozenset[UUID] = frozenset()

    def build_platform_conditions(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for platforms that may get scores."""
        return LtiPlatform.id.not_in(self.platforms), LtiPlatform.disabled_at.is_(None)

    def build_conditions(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for scores that may be claimed."""
        conditions = list(self.build_platform_conditions())
        if self.items:
            conditions.append(LtiLineItem.id.not_in(self.items))
        if self.containers:
            is_searchable = LtiContext.line_items_url.not_in(self.containers)
            conditions.append(or_(LtiLineItem.url != "", is_searchable))
        if self.unresolved_items:
            is_other = LtiLineItem.id.not_in(self.unresolved_items)
            conditions.append(or_(LtiLineItem.url != "", is_other))
        return tuple(conditions)


def release_claim(
    delivery: ScoreDelivery, *, due_at: datetime, error: str | None = None
) -> DeliveryResult:
    """Return the result of a claim whose score was not accepted; it does not count as a try."""
    return DeliveryResult(delivery, "waiting", due_at, error=error, is_counted=False)


def is_score_due(db: Database, excluded: ClaimExclusions, *, now: datetime) -> bool:
    """Return whether a score is due that is not *excluded*.

    A read, because an idle worker should not write. If every platform is excluded, it does not
    search their messages, which may be thousands.
    """
    with db.reading() as session:
        conditions = excluded.build_platform_conditions()
        if session.scalar(select(LtiPlatform.id).where(*conditions).limit(1)) is None:
            return False
        due = (
            _due_messages(now, excluded.build_conditions())
            .with_only_columns(OutboxMessage.id)
            .limit(1)
        )
        return session.scalar(due) is not None


def claim_scores(
    db: Database, excluded: ClaimExclusions, *, now: datetime, limit: int
) -> list[ScoreDelivery]:
    """Claim the scores that have waited longest, without those *excluded*.

    There are fewer than *limit* if another worker was faster, or if messages fail or are dropped
    here.
    """
    with db.transaction() as session:
        return _claim_due(session, excluded.build_conditions(), now=now, limit=limit)


def claim_unresolved_scores(
    db: Database, item_id: UUID, *, now: datetime
) -> Iterator[list[ScoreDelivery]]:
    """Claim all scores that were due *now* of a line item whose address is not known.

    Each transaction claims a chunk: submissions to SQLite wait for it, and there may be thousands.
    """
    conditions = LtiLineItem.id == item_id, LtiLineItem.url == ""
    with db.reading() as session:
        due = _due_messages(now, conditions).with_only_columns(OutboxMessage.id)
        ids = session.scalars(due).all()
    for start in range(0, len(ids), UNRESOLVED_CHUNK):
        chunk = ids[start : start + UNRESOLVED_CHUNK]
        of_chunk = (*conditions, OutboxMessage.id.in_(chunk))
        with db.transaction() as session:
            claimed = _claim_due(session, of_chunk, now=now, limit=len(chunk))
        yield claimed


def store_results(db: Database, results: Sequence[DeliveryResult]) -> None:
    """Store the results of claims, except those that another worker has claimed again."""
    if not results:
        return
    values = [
        {
            "claimed_id": result.delivery.message_id,
            "claimed_tries": result.delivery.tries,
            "new_status": result.status,
            "new_tries": result.delivery.tries - (not result.is_counted),
            "new_due_at": result.due_at,
            "new_sent_at": result.sent_at,
            "new_error": result.error,
        }
        for result in sorted(results, key=lambda result: result.delivery.message_id)
    ]
    with db.transaction() as session:
        session.connection().execute(STORE_RESULT, values)


def _due_messages(now: datetime, conditions: Sequence[ColumnElement[bool]]) -> Any:
    return (
        select(OutboxMessage, LtiScore, LtiLineItem, LtiContext, LtiPlatform)
        .join(LtiScore, LtiScore.message_id == OutboxMessage.id)
        .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.context_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .where(
            OutboxMessage.kind == SCORE_KIND,
            OutboxMessage.status == "waiting",
            OutboxMessage.due_at <= now,
            *conditions,
        )
        .order_by(OutboxMessage.due_at)  # the order of the index, so a limit ends the search
    )


def _claim_due(
    session: Session, conditions: Sequence[ColumnElement[bool]], *, now: datetime, limit: int
) -> list[ScoreDelivery]:
    """Claim due messages, and store the scores that they send."""
    rows = session.execute(
        _due_messages(now, conditions)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    ).all()
    claimed = []
    for row in rows:
        message = row[0]
        if message.tries >= MAX_TRIES:
            message.status, message.error = "failed", message.error or LOST_MESSAGE
        else:
            message.tries += 1
            message.due_at = now + CLAIM_TIME
            claimed.append(row)
    claimed.sort(key=lambda row: row[2].id)  # stable: those of a line item stay in order
    deliveries = [
        delivery
        for _, of_item in groupby(claimed, key=lambda row: row[2].id)
        for delivery in _prepare_item(session, list(of_item), now=now)
    ]
    session.flush()
    for platform in {delivery.platform for delivery in deliveries}:
        session.expunge(platform)
    return deliveries


def _prepare_item(session: Session, rows: Sequence[Any], *, now: datetime) -> list[ScoreDelivery]:
    """Store the scores of a line item that are due now, and return their deliveries."""
    _, _, item, context, platform = rows[0]
    students = [row[1].student_id for row in rows]
    subjects = {
        recipient.student_id: recipient.subject
        for recipient in load_recipients(session, item, students=students)
    }
    wanted = load_wanted_scores(session, item.assignment_id, list(subjects), now=now)
    target = LineItemTarget.build(session, item, context)
    deliveries = []
    for message, row, *_ in rows:
        subject = subjects.get(row.student_id)
        score = wanted.get(row.student_id, NO_SCORE)
        content = _store_score(session, message, row, score, subject, now=now)
        if content is not None:
            deliveries.append(
                ScoreDelivery(message.id, message.tries, now, platform, target, content)
            )
    return deliveries


def _store_score(
    session: Session,
    message: OutboxMessage,
    row: LtiScore,
    score: WantedScore,
    subject: str | None,
    *,
    now: datetime,
) -> ScoreMessage | None:
    """Store the score to send with a later timestamp; drop a message without a score."""
    if subject is None:
        message.status, message.error = "dropped", NOT_A_STUDENT
        return None
    if score.score is None and row.sent_timestamp is None:
        message.status, message.error = "dropped", NOTHING_TO_SEND
        session.delete(row)
        return None
    timestamp = now.replace(microsecond=now.microsecond // 1000 * 1000)
    if row.sent_timestamp is not None:
        timestamp = max(timestamp, row.sent_timestamp + TIMESTAMP_STEP)
    possible = score.possible or row.possible or Fraction(1)
    row.score, row.possible, row.progress = score.score, score.possible, score.progress
    row.sent_timestamp = timestamp
    return ScoreMessage(subject, score.score, possible, score.progress, timestamp)
