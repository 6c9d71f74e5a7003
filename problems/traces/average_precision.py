"""Tracers for average precision: precision and recall at each rank, then the area.

TP is the number of true detections so far, P the precision, R the recall.
"""

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from typing import Final

from grader.display.steps import Array, Rows, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, Tensor, Value, simplify_number
from problems.solvers.average_precision import (
    RECALL_STEPS,
    average_precision,
    mean_average_precision,
    precision_recall_curve,
)
from problems.solvers.bounds import as_numbers
from problems.traces.sums import dot_product_formula, mean_formula
from problems.traces.tracing import (
    TracedArguments,
    build_table,
    build_tracers,
    sum_formula,
    to_tensor,
)

MAX_POINTS: Final = 16
RANKING_COLUMNS: Final = ("rank", "score", "match", "TP", "P = TP/rank", "R = TP/objects")
ENVELOPE_SENTENCE: Final = (
    "The envelope at a recall is the largest precision there or further down."
)
AREA_SENTENCE: Final = (
    "Each time the recall rises, the area increases by the rise times the envelope."
)


def _trace_precision_recall_curve(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(f"Ranked by score; there are {args.positives} true objects.")
    yield build_table(RANKING_COLUMNS, _build_ranking_rows(args, args.result))
    yield Array("(recall, precision)", args.result)


def _build_ranking_rows(args: TracedArguments, curve: Tensor) -> list[tuple[Value, ...]]:
    """Return one row per detection, in descending order of score."""
    scores, matches = as_numbers(args.scores, "scores"), as_numbers(args.matches, "matches")
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    hits = list(accumulate(matches[at] for at in order))
    return [
        (rank, scores[index], "true" if matches[index] else "false", hit, height, reached)
        for rank, (index, hit, (reached, height)) in enumerate(
            zip(order, hits, _list_curve_points(curve), strict=True), start=1
        )
    ]


def _list_curve_points(curve: Tensor) -> list[tuple[Number, Number]]:
    """Return the (recall, precision) pair of each rank."""
    return list(zip(curve.cells[::2], curve.cells[1::2], strict=True))


def _trace_average_precision(args: TracedArguments) -> Iterator[SolutionStep]:
    curve = precision_recall_curve(args.scores, args.matches, args.positives)
    points = _list_curve_points(curve)
    precisions = list(accumulate((height for _, height in reversed(points)), max))[::-1]
    yield TextStep(f"Ranked by score; there are {args.positives} true objects.")
    yield TextStep(ENVELOPE_SENTENCE)
    rows = zip(_build_ranking_rows(args, curve), precisions, strict=True)
    yield build_table((*RANKING_COLUMNS, "envelope"), [(*row, height) for row, height in rows])
    envelope = [(reached, height) for (reached, _), height in zip(points, precisions, strict=True)]
    if args.method in RECALL_STEPS:
        yield from _trace_interpolated_mean(envelope, RECALL_STEPS[args.method])
        return
    yield TextStep(AREA_SENTENCE)
    before = (0, *(reached for reached, _ in envelope))
    rises = [now - last for last, (now, _) in zip(before, envelope, strict=False)]
    grown = [(rise, height) for rise, (_, height) in zip(rises, envelope, strict=True) if rise]
    if grown:
        yield dot_product_formula("AP", *zip(*grown, strict=True))
    else:
        yield sum_formula("AP", ())


def _trace_interpolated_mean(
    envelope: list[tuple[Number, Number]], steps: int
) -> Iterator[SolutionStep]:
    """Yield the mean of the precision envelope at *steps* + 1 recalls from 0 to 1."""
    recalls = [reached for reached, _ in envelope]
    positions = [bisect_left(recalls, Fraction(step, steps)) for step in range(steps + 1)]
    precisions = [envelope[place][1] if place < len(envelope) else 0 for place in positions]
    yield TextStep(f"The envelope at {steps + 1} recalls from 0 to 1, and 0 where none is reached:")
    precision_counts: dict[Number, int] = {}
    for precision in precisions:
        precision_counts[precision] = precision_counts.get(precision, 0) + 1
    if len(precisions) > MAX_POINTS:
        yield build_table(("envelope", "recalls"), list(precision_counts.items()))
    else:
        sampled_recalls = (simplify_number(Fraction(step, steps)) for step in range(steps + 1))
        yield Rows(("recall", "envelope"), tuple(zip(sampled_recalls, precisions, strict=True)))
    total = dot_product_formula("S", precision_counts.values(), precision_counts)
    yield total
    yield build_formula("AP", "S/n", S=total.number, n=steps + 1)


def _trace_mean_average_precision(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The mean of all average precisions:")
    yield mean_formula("mAP", to_tensor(args.values).cells)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        precision_recall_curve: _trace_precision_recall_curve,
        average_precision: _trace_average_precision,
        mean_average_precision: _trace_mean_average_precision,
    }
)
