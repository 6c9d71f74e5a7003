"""Delivery of a claimed score to its platform, with the result for its message."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from api.core.clock import Clock
from api.db.engine import Database
from api.services.lti.protocol.access_tokens import TokenRefusedError
from api.services.lti.protocol.addresses import PlatformError, PlatformUnreachableError
from api.services.lti.protocol.claims import SCORE_SCOPE
from api.services.lti.protocol.grade_service import (
    GradeServiceRefusalError,
    RateLimitError,
    send_score,
)
from api.services.lti.scores.claims import (
    MAX_TRIES,
    DeliveryResult,
    ScoreDelivery,
    release_claim,
)
from api.services.lti.scores.line_items import (
    LineItemError,
    LineItemRefusalError,
    ScoreUnreachableError,
    is_canvas,
    require_reachable_platform,
    resolve_line_item,
    retry_with_new_token,
)
from api.services.lti.scores.pacing import PlatformPauses
from api.services.lti.tool import LtiTool
from api.services.outbox.delivery import compute_pause
from api.services.outbox.smtp import MAX_ERROR_LENGTH

UNREACHABLE_PAUSE: Final = timedelta(seconds=30)

log = logging.getLogger("api.lti")

SendOutcome: TypeAlias = Literal[
    "accepted",
    "limited",
    "refused",
    "delayed",
    "unanswered",
    "unresolved",
    "unresolvable",
    "unreachable",
]
"""Outcome of a send: *limited* if the platform asks to wait, *refused* for good.

A *delayed* score is tried again alone. *unanswered*, *unresolved* (for now) and *unresolvable* (for
good) concern all scores of the line item, and *unreachable* all scores of the platform.
"""


@dataclass(frozen=True, slots=True)
class SentScore:
    """Attempt to send a score: the *outcome* at the platform, and the *result* to store.

    *line_item_url* is the address of its line item, "" without success.
    """

    outcome: SendOutcome
    result: DeliveryResult
    line_item_url: str = ""


def send_claimed_score(
    db: Database, tool: LtiTool, delivery: ScoreDelivery, pauses: PlatformPauses, clock: Clock
) -> SentScore:
    """Send a claimed score, and pause a platform that cannot take more."""
    platform_id = delivery.platform.id
    try:
        line_item_url = _send(db, tool, delivery, clock)
    except RateLimitError as error:
        now = clock()
        due_at = now + error.compute_wait(now)
        pauses.pause_until(platform_id, due_at)
        return SentScore(
            "limited", release_claim(delivery, due_at=due_at, error=_shorten_error(error))
        )
    except GradeServiceRefusalError as error:
        is_of_item = isinstance(error, LineItemRefusalError)
        return SentScore(
            "unresolvable" if is_of_item else "refused",
            refuse_score(delivery, _shorten_error(error), clock()),
        )
    except (PlatformUnreachableError, TokenRefusedError) as error:
        now = clock()
        pauses.pause_until(platform_id, now + UNREACHABLE_PAUSE)
        return SentScore("unreachable", plan_next_try(delivery, _shorten_error(error), now))
    except ScoreUnreachableError as error:
        return SentScore("unanswered", plan_next_try(delivery, _shorten_error(error), clock()))
    except PlatformError as error:
        # Often only one course is affected, whose retries must not stop the others.
        outcome: SendOutcome = "unresolved" if isinstance(error, LineItemError) else "delayed"
        return SentScore(outcome, plan_next_try(delivery, _shorten_error(error), clock()))
    now = clock()
    result = DeliveryResult(delivery, "sent", now, sent_at=now, error="")
    return SentScore("accepted", result, line_item_url)


def refuse_score(delivery: ScoreDelivery, error: str, now: datetime) -> DeliveryResult:
    """Return the result of a score that the platform refuses for good."""
    log.warning("score %s: %s", delivery.message_id, error)
    return DeliveryResult(delivery, "failed", now, error=error)


def plan_next_try(delivery: ScoreDelivery, error: str, now: datetime) -> DeliveryResult:
    """Return the result of a try that failed: another one later, unless it was the last."""
    log.warning("score %s, try %s: %s", delivery.message_id, delivery.tries, error)
    status = "failed" if delivery.tries >= MAX_TRIES else "waiting"
    due_at = now + compute_pause(delivery.tries)
    return DeliveryResult(delivery, status, due_at, error=error)


def _shorten_error(error: Exception) -> str:
    return str(error)[:MAX_ERROR_LENGTH]


def _send(db: Database, tool: LtiTool, delivery: ScoreDelivery, clock: Clock) -> str:
    """Send a score, and return the address of its line item."""
    platform = delivery.platform
    item_url = resolve_line_item(db, tool, platform, delivery.target, now=clock())

    def send(token: str) -> None:
        try:
            send_score(tool.http, item_url, token, delivery.message, is_canvas=is_canvas(platform))
        except PlatformUnreachableError as error:
            raise ScoreUnreachableError(str(error)) from error

    try:
        retry_with_new_token(db, tool, platform, SCORE_SCOPE, send, now=clock())
    except ScoreUnreachableError:
        require_reachable_platform(db, tool, platform, now=clock())
        raise
    return item_url
