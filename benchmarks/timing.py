"""Timing of several methods for one computation, which take turns."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """Computation with its methods; the first method is the reference for the ratios."""

    label: str
    methods: Mapping[str, Call]
    repeats: int


def measure_fastest(row: Row, rounds: int) -> dict[str, float]:
    """Return the microseconds of each method in its fastest round; the methods take turns."""
    best = dict.fromkeys(row.methods, float("inf"))
    for _ in range(rounds):
        for method, call in row.methods.items():
            start = time.perf_counter()
            for _ in range(row.repeats):
                call()
            best[method] = min(best[method], (time.perf_counter() - start) / row.repeats * 1e6)
    return best
