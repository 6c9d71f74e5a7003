"""Queue of scores that are claimed and not sent yet, by platform."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from uuid import UUID

from api.services.lti.scores.claims import ScoreDelivery


class ClaimedScores:
    """Claimed scores, first in first out for each platform.

    A score whose line item must still be found or created waits while its container is *searched*
    for another score.
    """

    def __init__(self) -> None:
        self._queues: dict[UUID, deque[ScoreDelivery]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __iter__(self) -> Iterator[ScoreDelivery]:
        for queue in self._queues.values():
            yield from queue

    def add(self, deliveries: Iterable[ScoreDelivery]) -> None:
        """Add *deliveries* at the end."""
        for delivery in deliveries:
            self._queues.setdefault(delivery.platform.id, deque()).append(delivery)

    def list_platforms(self, searched: Collection[str] = ()) -> list[UUID]:
        """Return the platforms with a claimed score that need not wait."""
        return [
            platform_id
            for platform_id, queue in self._queues.items()
            if any(delivery.target.searched_container not in searched for delivery in queue)
        ]

    def list_stocked(self, count: int) -> list[UUID]:
        """Return the platforms with more than *count* claimed scores."""
        return [platform_id for platform_id, queue in self._queues.items() if len(queue) > count]

    def pop(self, platform_id: UUID, searched: Collection[str] = ()) -> ScoreDelivery:
        """Remove and return the first score of a platform that need not wait."""
        queue = self._queues[platform_id]
        delivery = next(one for one in queue if one.target.searched_container not in searched)
        queue.remove(delivery)
        return delivery

    def pop_all(self, platform_id: UUID | None = None) -> list[ScoreDelivery]:
        """Remove and return the scores of a platform, or of all."""
        platforms = self.list_platforms() if platform_id is None else [platform_id]
        return [delivery for removed in platforms for delivery in self._queues.pop(removed, ())]

    def pop_waiting(self, searched: Collection[str]) -> list[ScoreDelivery]:
        """Remove and return the scores that wait for the containers *searched*."""
        return self._pop_if(lambda delivery: delivery.target.searched_container in searched)

    def pop_line_item(self, item_id: UUID, *, unresolved_only: bool) -> list[ScoreDelivery]:
        """Remove and return the scores of a line item; *unresolved_only*: those without a URL."""
        return self._pop_if(
            lambda delivery: (
                delivery.target.item_id == item_id and not (unresolved_only and delivery.target.url)
            )
        )

    def set_line_item_url(self, item_id: UUID, url: str) -> None:
        """Give the scores of a line item its address, so that none of them waits for it."""
        for platform_id, queue in self._queues.items():
            self._queues[platform_id] = deque(
                replace(delivery, target=replace(delivery.target, url=url))
                if delivery.target.item_id == item_id
                else delivery
                for delivery in queue
            )

    def _pop_if(self, condition: Callable[[ScoreDelivery], bool]) -> list[ScoreDelivery]:
        removed = [delivery for delivery in self if condition(delivery)]
        for delivery in removed:
            self._queues[delivery.platform.id].remove(delivery)
        return removed
