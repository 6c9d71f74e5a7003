"""Seeded random choices from the engine's generator: the same class on every machine."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from grader.variants.random_stream import RandomStream

T = TypeVar("T")


class SeededRandom:
    """Random chances, picks and shuffles, all drawn from one *stream*."""

    def __init__(self, stream: RandomStream) -> None:
        self._stream = stream

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to *limit* - 1."""
        return self._stream.randbelow(limit)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from *low* to *high*, both included."""
        return low + self._stream.randbelow(high - low + 1)

    def chance(self, percent: int) -> bool:
        """Return True with a probability of *percent* in 100."""
        return self._stream.randbelow(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the *options*, all equally likely."""
        return options[self._stream.randbelow(len(options))]

    def pick_weighted(self, options: Sequence[T], weights: Sequence[int]) -> T:
        """Return one of the *options*, with a probability proportional to its weight."""
        remaining = self._stream.randbelow(sum(weights))
        for option, weight in zip(options, weights, strict=True):
            remaining -= weight
            if remaining < 0:
                return option
        raise AssertionError("the weights add up")

    def shuffled(self, options: Iterable[T]) -> list[T]:
        """Return the *options* in random order."""
        items = list(options)
        for last in range(len(items) - 1, 0, -1):
            other = self._stream.randbelow(last + 1)
            items[last], items[other] = items[other], items[last]
        return items
