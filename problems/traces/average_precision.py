"""The way to average precision: precision and recall down to each detection, and the area.

TP is the number of true detections so far, P the precision, R the recall.
"""

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Rows, Said, Step, Tracer, formula
from grader.values import Number, Tensor, Value, simplest
from problems.solvers.average_precision import (
    STEPS,
    average_precision,
    mean_average_precision,
    precision_recall_curve,
)
from problems.solvers.bounds import numbers
from problems.traces.sums import averaged, dotted
from problems.traces.tracing import counted_up, listed, tensor, tracers

__all__ = ["TRACERS"]

MAX_POINTS: Final = 16
HEAD: Final = ("rank", "score", "match", "TP", "P = TP/rank", "R = TP/objects")
ENVELOPE: Final = "At each recall counts the largest precision there or further down, the envelope."
AREA: Final = "Each time the recall rises, the area grows by the rise times the envelope."


def _curve(given: SimpleNamespace) -> Iterator[Step]:
    yield Said(f"Ranked by score; there are {given.positives} true objects.")
    yield listed(HEAD, _ranks(given, given.result))
    yield Array("(recall, precision)", given.result)


def _ranks(given: SimpleNamespace, curve: Tensor) -> list[tuple[Value, ...]]:
    """Return a row for each detection, the highest score first."""
    scores, matches = numbers(given.scores, "scores"), numbers(given.matches, "matches")
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    hits = list(accumulate(matches[at] for at in order))
    return [
        (rank, scores[at], "true" if matches[at] else "false", hit, height, reached)
        for rank, (at, hit, (reached, height)) in enumerate(
            zip(order, hits, _points(curve), strict=True), start=1
        )
    ]


def _points(curve: Tensor) -> list[tuple[Number, Number]]:
    """Return recall and precision of each rank."""
    return list(zip(curve.cells[::2], curve.cells[1::2], strict=True))


def _average(given: SimpleNamespace) -> Iterator[Step]:
    curve = precision_recall_curve(given.scores, given.matches, given.positives)
    points = _points(curve)
    heights = list(accumulate((height for _, height in reversed(points)), max))[::-1]
    yield Said(f"Ranked by score; there are {given.positives} true objects.")
    yield Said(ENVELOPE)
    rows = zip(_ranks(given, curve), heights, strict=True)
    yield listed((*HEAD, "envelope"), [(*row, height) for row, height in rows])
    envelope = [(reached, height) for (reached, _), height in zip(points, heights, strict=True)]
    if given.method in STEPS:
        yield from _mean_at(envelope, STEPS[given.method])
        return
    yield Said(AREA)
    before = (0, *(reached for reached, _ in envelope))
    rises = [now - last for last, (now, _) in zip(before, envelope, strict=False)]
    grown = [(rise, height) for rise, (_, height) in zip(rises, envelope, strict=True) if rise]
    if grown:
        yield dotted("AP", *zip(*grown, strict=True))
    else:
        yield counted_up("AP", ())


def _mean_at(envelope: list[tuple[Number, Number]], steps: int) -> Iterator[Step]:
    """Yield the mean of the envelope at *steps* + 1 recalls from 0 to 1."""
    recalls = [reached for reached, _ in envelope]
    places = [bisect_left(recalls, Fraction(step, steps)) for step in range(steps + 1)]
    heights = [envelope[place][1] if place < len(envelope) else 0 for place in places]
    yield Said(f"The envelope at {steps + 1} recalls from 0 to 1, 0 where none is reached:")
    counted: dict[Number, int] = {}
    for height in heights:
        counted[height] = counted.get(height, 0) + 1
    if len(heights) > MAX_POINTS:
        yield listed(("envelope", "recalls"), list(counted.items()))
    else:
        at = (simplest(Fraction(step, steps)) for step in range(steps + 1))
        yield Rows(("recall", "envelope"), tuple(zip(at, heights, strict=True)))
    total = dotted("S", counted.values(), counted)
    yield total
    yield formula("AP", "S/n", S=total.number, n=steps + 1)


def _mean_average(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("The mean of all average precisions:")
    yield averaged("mAP", tensor(given.values).cells)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        precision_recall_curve: _curve,
        average_precision: _average,
        mean_average_precision: _mean_average,
    }
)
