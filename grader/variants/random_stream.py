"""Deterministic random generator: the same numbers from the same seed on every machine, forever.

HMAC-SHA256 over a counter, 64 bits at a time, with rejection sampling, so that every integer is
equally likely. No library promises the same stream across its versions; this generator has nothing
that could change.
"""

import hmac
from collections.abc import Iterator
from typing import Final

WORD_BYTES: Final = 8
MAX_RANGE: Final = 1 << (8 * WORD_BYTES)


class RandomStream:
    """Uniform integers from a *key* (the draw hash) and a *label* (seed, attempt, parameter)."""

    def __init__(self, key: bytes, label: str) -> None:
        self._words = _generate_words(key, label.encode())

    def randbelow(self, limit: int) -> int:
        """Return the next integer from 0 to *limit* - 1; *limit* is at most 2**64.

        >>> stream = RandomStream(b"key", "seed 0")
        >>> [stream.randbelow(10) for _ in range(5)]
        [9, 7, 3, 7, 8]
        """
        if not 1 <= limit <= MAX_RANGE:
            raise ValueError(f"{limit} is not between 1 and 2**64")
        fair = MAX_RANGE - MAX_RANGE % limit
        return next(word for word in self._words if word < fair) % limit


def _generate_words(key: bytes, label: bytes) -> Iterator[int]:
    counter = 0
    while True:
        block = hmac.digest(key, b"%s|%d" % (label, counter), "sha256")
        for offset in range(0, len(block), WORD_BYTES):
            yield int.from_bytes(block[offset : offset + WORD_BYTES], "big")
        counter += 1
