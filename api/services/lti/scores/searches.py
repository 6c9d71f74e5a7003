"""Searches for line items that are slow, and line items that failed a short time ago.

A search that is slow or failed concerns all scores of a line item, which may be thousands. So their
claims would delay the other scores of all platforms. The same holds for a line item that does not
answer a score.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.services.lti.scores.claims import DeliveryResult, ScoreDelivery, release_claim
from api.services.lti.scores.delivery import SentScore, plan_next_try, refuse_score

SLOW_SEARCH_SECONDS: Final = 2.0
"""Duration of a search after which the scores that wait for it are released."""
FAILURE_MEMORY: Final = timedelta(seconds=30)
"""Time without another request for a line item after one has failed."""

ANSWERS: Final = frozenset({"accepted", "limited", "refused", "delayed"})
"""Outcomes of a score that its line item has answered."""


@dataclass(frozen=True, slots=True)
class FailedLineItem:
    """Line item that was not found or did not answer, with the reply to a score (*sent*)."""

    sent: SentScore
    failed_at: datetime

    @property
    def item_id(self) -> UUID:
        """The line item."""
        return self.sent.result.delivery.target.item_id

    @property
    def is_search(self) -> bool:
        """Whether it was not found, which concerns only the scores that lack its address."""
        return self.sent.outcome != "unanswered"

    def apply(self, delivery: ScoreDelivery) -> DeliveryResult:
        """Return the result of another score of the line item.

        It waits until the next request for the line item. That is no try of its own, because the
        platform may fail for one score only.
        """
        error = self.sent.result.error or ""
        if self.sent.outcome == "unanswered":
            return release_claim(delivery, due_at=self.failed_at + FAILURE_MEMORY, error=error)
        if self.sent.outcome == "unresolvable":
            return refuse_score(delivery, error, self.failed_at)
        return plan_next_try(delivery, error, self.failed_at)


class LineItemSearches:
    """Searches of the score runner; *seconds* are those of a monotonic clock."""

    def __init__(self) -> None:
        self._began_at: dict[str, float] = {}
        self._failed: dict[UUID, FailedLineItem] = {}
        self._unapplied: list[FailedLineItem] = []
        self._unanswered: dict[UUID, UUID] = {}

    @property
    def containers(self) -> Collection[str]:
        """The containers that are searched now."""
        return self._began_at.keys()

    def begin(self, container_url: str, seconds: float) -> None:
        """Begin a search of a container, unless the score needs none ("")."""
        if container_url:
            self._began_at[container_url] = seconds

    def end(self, container_url: str) -> None:
        """End a search of a container."""
        self._began_at.pop(container_url, None)

    def record(self, sent: SentScore, now: datetime) -> bool:
        """Record what a send found out about its line item; return whether it has failed.

        Scores of one student without an answer do not count, because they can be an error that
        concerns only this student. Those of two students in a row count.
        """
        failed, message_id = FailedLineItem(sent, now), sent.result.delivery.message_id
        if sent.outcome in ANSWERS:
            self._unanswered.pop(failed.item_id, None)
        if sent.outcome not in {"unanswered", "unresolved", "unresolvable"}:
            return False
        if not failed.is_search:
            last_id = self._unanswered.get(failed.item_id)
            self._unanswered[failed.item_id] = message_id
            if last_id in {None, message_id}:
                return False
        self._failed[failed.item_id] = failed
        if failed.is_search:
            self._unapplied.append(failed)
        return True

    def list_slow(self, seconds: float) -> frozenset[str]:
        """Return the containers whose search takes long."""
        began_before = seconds - SLOW_SEARCH_SECONDS
        return frozenset(url for url, at in self._began_at.items() if at <= began_before)

    def list_failed(self, now: datetime) -> list[FailedLineItem]:
        """Return the failed line items, without those that failed a longer time ago."""
        self._failed = {
            item_id: failed
            for item_id, failed in self._failed.items()
            if failed.failed_at > now - FAILURE_MEMORY
        }
        return list(self._failed.values())

    def take_unapplied(self) -> list[FailedLineItem]:
        """Return the failed searches since the last call; their stored scores are still due."""
        unapplied, self._unapplied = self._unapplied, []
        return unapplied
