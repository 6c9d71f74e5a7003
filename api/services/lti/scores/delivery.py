"""Delivery of scores: at least once, the last score of a student last.

Claiming a message, storing its score with a timestamp, and storing the outcome are separate
transactions, so nothing is locked while the platform responds. The timestamp is stored
before the score is sent. So a score whose reply was lost is repeated with a later one.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import Clock
from api.db.engine import Database
from api.db.models import (
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiPlatform,
    LtiScore,
    OutboxMessage,
)
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.claims import SCORE_SCOPE
from api.services.lti.protocol.grade_service import (
    GradeServiceRefusalError,
    RateLimitError,
    ScoreMessage,
    TokenExpiredError,
    send_score,
)
from api.services.lti.scores.line_items import LineItemTarget, is_canvas, resolve_line_item
from api.services.lti.scores.wanted import NO_SCORE, load_recipients, load_wanted_scores
from api.services.lti.tool import LtiTool
from api.services.outbox.delivery import CLAIM_TIME, LOST_MESSAGE, compute_pause, store_outcome
from api.services.outbox.kinds import SCORE_KIND
from api.services.outbox.smtp import MAX_ERROR_LENGTH

MAX_TRIES: Final = 60
"""Number of tries, the last ones an hour apart: a platform may be down for a weekend."""
TIMESTAMP_STEP: Final = timedelta(milliseconds=1)
UNREACHABLE_PAUSE: Final = timedelta(seconds=30)
NOT_A_STUDENT: Final = "the person is no student of the course any more"
NOTHING_TO_SEND: Final = "there is no score to send any more"

log = logging.getLogger("api.lti")

ScoreProgress: TypeAlias = Literal["idle", "handled"]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Claim on a message, in its try number *tries*."""

    message_id: UUID
    tries: int


@dataclass(frozen=True, slots=True)
class _Delivery:
    """Score to send, and where to."""

    claim: _Claim
    platform: LtiPlatform
    target: LineItemTarget
    message: ScoreMessage


class PlatformPauses:
    """Pauses of platforms that are down or ask to wait, so that they do not delay the others."""

    def __init__(self) -> None:
        self._until: dict[UUID, datetime] = {}

    def add(self, platform_id: UUID, until: datetime) -> None:
        """Send a platform nothing before *until*."""
        self._until[platform_id] = until

    def list_paused(self, now: datetime) -> Collection[UUID]:
        """Return the platforms that are sent nothing now."""
        return [platform_id for platform_id, until in self._until.items() if until > now]


def deliver_next_score(
    db: Database, tool: LtiTool, pauses: PlatformPauses, clock: Clock
) -> ScoreProgress:
    """Try to send the score that has waited longest."""
    paused = pauses.list_paused(clock())
    with db.reading() as session:
        if (
            session.scalar(_due_messages(clock(), paused).with_only_columns(OutboxMessage.id))
            is None
        ):
            return "idle"
    with db.transaction() as session:
        delivery = _claim_next(session, paused, now=clock())
    if delivery is None:
        return "handled"
    claim = delivery.claim
    row = claim.message_id, claim.tries
    try:
        _send(db, tool, delivery, clock)
    except RateLimitError as error:
        due_at = clock() + error.retry_after
        pauses.add(delivery.platform.id, due_at)
        store_outcome(db, *row, due_at=due_at, tries=claim.tries - 1, error=_cut(error))
    except GradeServiceRefusalError as error:
        log.warning("score %s: %s", claim.message_id, error)
        store_outcome(db, *row, status="failed", error=_cut(error))
    except PlatformError as error:
        log.warning("score %s, try %s: %s", claim.message_id, claim.tries, error)
        pauses.add(delivery.platform.id, clock() + UNREACHABLE_PAUSE)
        _record_failure(db, claim, error, now=clock())
    else:
        store_outcome(db, *row, status="sent", sent_at=clock(), error="")
    return "handled"


def _cut(error: Exception) -> str:
    return str(error)[:MAX_ERROR_LENGTH]


def _due_messages(now: datetime, paused: Collection[UUID]) -> Any:
    return (
        select(OutboxMessage)
        .join(LtiScore, LtiScore.message_id == OutboxMessage.id)
        .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.context_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .where(
            OutboxMessage.kind == SCORE_KIND,
            OutboxMessage.status == "waiting",
            OutboxMessage.due_at <= now,
            LtiPlatform.id.not_in(list(paused)),
            LtiPlatform.disabled_at.is_(None),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
    )


def _claim_next(session: Session, paused: Collection[UUID], *, now: datetime) -> _Delivery | None:
    """Claim the next message and store what it sends; None if another worker was faster.

    None as well for a message that fails or is dropped here.
    """
    message = session.scalar(
        _due_messages(now, paused).with_for_update(skip_locked=True, of=OutboxMessage)
    )
    if message is None:
        return None
    if message.tries >= MAX_TRIES:
        message.status, message.error = "failed", message.error or LOST_MESSAGE
        return None
    message.tries += 1
    message.due_at = now + CLAIM_TIME
    row = session.scalars(select(LtiScore).where(LtiScore.message_id == message.id)).one()
    item = session.get_one(LtiLineItem, row.line_item_id)
    context = session.get_one(LtiContext, item.context_id)
    deployment = session.get_one(LtiDeployment, context.deployment_id)
    platform = session.get_one(LtiPlatform, deployment.platform_id)
    score = _prepare_score(session, message, row, item, now=now)
    if score is None:
        return None
    target = LineItemTarget.build(session, item, context)
    session.flush()
    session.expunge(platform)
    return _Delivery(_Claim(message.id, message.tries), platform, target, score)


def _prepare_score(
    session: Session, message: OutboxMessage, row: LtiScore, item: LtiLineItem, *, now: datetime
) -> ScoreMessage | None:
    """Store the score that is due now, with a later timestamp; drop the message without one."""
    subjects = {one.student_id: one.subject for one in load_recipients(session, item)}
    subject = subjects.get(row.student_id)
    if subject is None:
        message.status, message.error = "dropped", NOT_A_STUDENT
        return None
    wanted = load_wanted_scores(session, item.assignment_id, [row.student_id], now=now)
    score = wanted.get(row.student_id, NO_SCORE)
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


def _send(db: Database, tool: LtiTool, delivery: _Delivery, clock: Clock) -> None:
    """Send a score; with an expired token once more with another one."""
    platform, scopes = delivery.platform, (SCORE_SCOPE,)
    item_url = resolve_line_item(db, tool, platform, delivery.target, now=clock())
    for is_last in (False, True):
        token = tool.fetch_token(db, platform, scopes, now=clock())
        try:
            send_score(tool.http, item_url, token, delivery.message, is_canvas=is_canvas(platform))
        except TokenExpiredError:
            tool.forget_token(platform, scopes)
            if is_last:
                raise
        else:
            return


def _record_failure(db: Database, claim: _Claim, error: PlatformError, *, now: datetime) -> None:
    """Plan the next try, or give the score up."""
    if claim.tries >= MAX_TRIES:
        store_outcome(db, claim.message_id, claim.tries, status="failed", error=_cut(error))
    else:
        store_outcome(
            db,
            claim.message_id,
            claim.tries,
            due_at=now + compute_pause(claim.tries),
            error=_cut(error),
        )
