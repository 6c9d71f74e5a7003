"""Ways to compute one thing, timed in turn; for the other scripts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """What is computed, and the ways to compute it; the first is what the others compare with."""

    what: str
    ways: Mapping[str, Call]
    repeats: int


def fastest(row: Row, rounds: int) -> dict[str, float]:
    """Return the microseconds of each way in its fastest round, the ways taken in turn."""
    best = dict.fromkeys(row.ways, float("inf"))
    for _ in range(rounds):
        for way, call in row.ways.items():
            begin = time.perf_counter()
            for _ in range(row.repeats):
                call()
            best[way] = min(best[way], (time.perf_counter() - begin) / row.repeats * 1e6)
    return best
