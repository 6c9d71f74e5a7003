"""Seeded random choices from the engine's generator: the same class on every machine."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from grader.variants.draw import Stream

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """Random chances, picks and shuffles, all drawn from one *stream*."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to *limit* - 1."""
        return self._stream.below(limit)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from *low* to *high*, both included."""
        return low + self._stream.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """Return True with a probability of *percent* in 100."""
        return self._stream.below(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the *options*, all equally likely."""
        return options[self._stream.below(len(options))]

    def weighed(self, options: Sequence[T], weights: Sequence[int]) -> T:
        """Return one of the *options*, with a probability proportional to its weight."""
        left = self._stream.below(sum(weights))
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        raise AssertionError("the weights add up")

    def shuffled(self, options: Iterable[T]) -> list[T]:
        """Return the *options* in random order."""
        found = list(options)
        for last in range(len(found) - 1, 0, -1):
            other = self._stream.below(last + 1)
            found[last], found[other] = found[other], found[last]
        return found
