"""Searches for line items: those that are slow, and those that failed a short time ago.

A search that is slow or failed concerns all scores of a line item, which may be thousands. So their
claims would delay the other scores of all platforms.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.services.lti.scores.claims import DeliveryResult, ScoreDelivery
from api.services.lti.scores.delivery import SentScore, plan_next_try, refuse_score

SLOW_SEARCH_SECONDS: Final = 2.0
"""Duration of a search after which the scores that wait for it are released."""
FAILURE_MEMORY: Final = timedelta(seconds=30)
"""Time without another search for a line item after one has failed."""


@dataclass(frozen=True, slots=True)
class FailedSearch:
    """Search for a line item that failed, with the reply to its score (*sent*)."""

    sent: SentScore
    failed_at: datetime

    @property
    def item_id(self) -> UUID:
        """The line item."""
        return self.sent.result.delivery.target.item_id

    def apply(self, delivery: ScoreDelivery) -> DeliveryResult:
        """Return the result of another score that waited for the same search."""
        error = self.sent.result.error or ""
        if self.sent.outcome == "unresolvable":
            return refuse_score(delivery, error, self.failed_at)
        return plan_next_try(delivery, error, self.failed_at)


class LineItemSearches:
    """Searches of the score runner; *seconds* are those of a monotonic clock."""

    def __init__(self) -> None:
        self._began_at: dict[str, float] = {}
        self._failed: dict[UUID, FailedSearch] = {}
        self._unapplied: list[FailedSearch] = []

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

    def fail(self, sent: SentScore, failed_at: datetime) -> None:
        """Remember that the search for the line item of a score failed."""
        failed = FailedSearch(sent, failed_at)
        self._failed[failed.item_id] = failed
        self._unapplied.append(failed)

    def list_slow(self, seconds: float) -> frozenset[str]:
        """Return the containers whose search takes long."""
        began_before = seconds - SLOW_SEARCH_SECONDS
        return frozenset(url for url, at in self._began_at.items() if at <= began_before)

    def list_failed(self, now: datetime) -> list[FailedSearch]:
        """Return the failed searches, without those that were a longer time ago."""
        self._failed = {
            item_id: failed
            for item_id, failed in self._failed.items()
            if failed.failed_at > now - FAILURE_MEMORY
        }
        return list(self._failed.values())

    def take_unapplied(self) -> list[FailedSearch]:
        """Return the failures since the last call; their other stored scores are still due."""
        unapplied, self._unapplied = self._unapplied, []
        return unapplied
