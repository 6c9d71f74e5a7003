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
from api.services.lti.scores.pacing import PlatformPauses
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
SendOutcome: TypeAlias = Literal["accepted", "limited", "refused", "unreachable"]
"""Outcome of a send: *limited* if the platform asks to wait, *refused* for good."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """Claim on a message, in its try number *tries*."""

    message_id: UUID
    tries: int


@dataclass(frozen=True, slots=True)
class ScoreDelivery:
    """Claimed score to send, and where to."""

    claim: _Claim
    platform: LtiPlatform
    target: LineItemTarget
    message: ScoreMessage


def deliver_next_score(
    db: Database, tool: LtiTool, pauses: PlatformPauses, clock: Clock
) -> ScoreProgress:
    """Try to send the score that has waited longest."""
    paused = pauses.list_paused(clock())
    if not is_score_due(db, paused, now=clock()):
        return "idle"
    delivery = claim_score(db, paused, now=clock())
    if delivery is not None:
        send_claimed_score(db, tool, delivery, pauses, clock)
    return "handled"


def is_score_due(db: Database, excluded: Collection[UUID], *, now: datetime) -> bool:
    """Return whether a score is due at a platform that is not *excluded*."""
    with db.reading() as session:
        due = _due_messages(now, excluded).with_only_columns(OutboxMessage.id)
        return session.scalar(due) is not None


def claim_score(db: Database, excluded: Collection[UUID], *, now: datetime) -> ScoreDelivery | None:
    """Claim the score that has waited longest at a platform that is not *excluded*.

    None if another worker was faster, and for a message that fails or is dropped here.
    """
    with db.transaction() as session:
        return _claim_next(session, excluded, now=now)


def send_claimed_score(
    db: Database, tool: LtiTool, delivery: ScoreDelivery, pauses: PlatformPauses, clock: Clock
) -> SendOutcome:
    """Send a claimed score, store what came of it, and pause a platform that cannot take more."""
    claim, platform_id = delivery.claim, delivery.platform.id
    outcome: SendOutcome = "accepted"
    try:
        _send(db, tool, delivery, clock)
    except RateLimitError as error:
        due_at = clock() + error.retry_after
        pauses.add(platform_id, due_at)
        _store(db, claim, due_at=due_at, tries=claim.tries - 1, error=_cut(error))
        outcome = "limited"
    except GradeServiceRefusalError as error:
        log.warning("score %s: %s", claim.message_id, error)
        _store(db, claim, status="failed", error=_cut(error))
        outcome = "refused"
    except PlatformError as error:
        log.warning("score %s, try %s: %s", claim.message_id, claim.tries, error)
        pauses.add(platform_id, clock() + UNREACHABLE_PAUSE)
        _record_failure(db, claim, error, now=clock())
        outcome = "unreachable"
    else:
        _store(db, claim, status="sent", sent_at=clock(), error="")
    return outcome


def _store(db: Database, claim: _Claim, **values: Any) -> None:
    store_outcome(db, claim.message_id, claim.tries, **values)


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


def _claim_next(
    session: Session, paused: Collection[UUID], *, now: datetime
) -> ScoreDelivery | None:
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
    return ScoreDelivery(_Claim(message.id, message.tries), platform, target, score)


def _prepare_score(
    session: Session, message: OutboxMessage, row: LtiScore, item: LtiLineItem, *, now: datetime
) -> ScoreMessage | None:
    """Store the score that is due now, with a later timestamp; drop the message without one."""
    recipients = load_recipients(session, item, student_id=row.student_id)
    if not recipients:
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
    return ScoreMessage(recipients[-1].subject, score.score, possible, score.progress, timestamp)


def _send(db: Database, tool: LtiTool, delivery: ScoreDelivery, clock: Clock) -> None:
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
        _store(db, claim, status="failed", error=_cut(error))
    else:
        _store(db, claim, due_at=now + compute_pause(claim.tries), error=_cut(error))
