"""Queue of scores that are claimed and not sent yet, by platform."""

from collections import deque
from collections.abc import Iterable, Iterator
from uuid import UUID

from api.services.lti.scores.claims import ScoreDelivery


class ClaimedScores:
    """Claimed scores, first in first out for each platform."""

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

    def list_platforms(self) -> list[UUID]:
        """Return the platforms with a claimed score."""
        return [platform_id for platform_id, queue in self._queues.items() if queue]

    def list_stocked(self, count: int) -> list[UUID]:
        """Return the platforms with more than *count* claimed scores."""
        return [platform_id for platform_id, queue in self._queues.items() if len(queue) > count]

    def pop(self, platform_id: UUID) -> ScoreDelivery:
        """Remove and return the first score of a platform."""
        return self._queues[platform_id].popleft()

    def pop_all(self, platform_id: UUID | None = None) -> list[ScoreDelivery]:
        """Remove and return the scores of a platform, or of all."""
        platforms = self.list_platforms() if platform_id is None else [platform_id]
        return [delivery for removed in platforms for delivery in self._queues.pop(removed, ())]
