"""Tracers for non-maximum suppression: box by box, in descending order of score.

Box numbers start at the number that the problem gives the first box.
"""

import math
from collections.abc import Iterator
from typing import Final

from grader.display.steps import Array, SolutionStep, TextStep, Tracer, build_value_step
from grader.display.text import to_text
from grader.values import Number, Tensor, Value, to_exact_number
from problems.solvers.bounds import as_numbers
from problems.solvers.boxes import parse_boxes
from problems.solvers.suppression import nms, soft_nms
from problems.traces.overlaps import measure_overlap
from problems.traces.reals import round_for_table
from problems.traces.tracing import TracedArguments, build_table, build_tracers

NO_BOX: Final = "\N{EN DASH}"
MAX_ROUNDS: Final = 8


def _trace_nms(args: TracedArguments) -> Iterator[SolutionStep]:
    scores = as_numbers(args.scores, "scores")
    reached = "exceeds" if args.strict else "reaches"
    limit = to_text(to_exact_number(args.threshold))
    among = "" if args.classes is None else " of its class"
    yield TextStep(f"A box is suppressed if its IoU with a kept box{among} {reached} {limit}.")
    low = [index + args.first for index, score in enumerate(scores) if score < args.min_score]
    if low:
        least = to_text(to_exact_number(args.min_score))
        yield TextStep(f"Scored below {least}, and dropped before: {', '.join(map(str, low))}.")
    rows = _build_decision_rows(args, scores)
    if rows:
        classes = () if args.classes is None else ("class",)
        yield build_table(("box", "score", *classes, "largest IoU", "with", "decision"), rows)
    yield (
        Array("kept", Tensor.from_nested(args.result))
        if args.result
        else build_value_step("kept", ())
    )


def _build_decision_rows(
    args: TracedArguments, scores: tuple[Number, ...]
) -> list[tuple[Value, ...]]:
    """Return one row per box that reaches the minimum score, in descending order of score."""
    boxes = parse_boxes(args.boxes, "boxes", fmt=args.fmt)
    one_class = args.classes is None
    labels = (0,) * len(boxes) if one_class else as_numbers(args.classes, "classes")
    kept_indices = [number - args.first for number in args.result]
    counted = [index for index, score in enumerate(scores) if score >= args.min_score]
    rows: list[tuple[Value, ...]] = []
    examined: list[int] = []
    for index in sorted(counted, key=lambda index: -scores[index]):
        rivals = [
            other for other in examined if other in kept_indices and labels[other] == labels[index]
        ]
        overlaps = {other: measure_overlap(boxes[other], boxes[index])[2] for other in rivals}
        best = max(overlaps, key=lambda other: overlaps[other], default=None)
        against: tuple[Value, ...] = (NO_BOX, NO_BOX)
        if best is not None and overlaps[best]:
            against = (round_for_table(overlaps[best]), best + args.first)
        decision = "kept" if index in kept_indices else "suppressed"
        label = () if one_class else (labels[index],)
        rows.append((index + args.first, scores[index], *label, *against, decision))
        examined.append(index)
    return rows


def _trace_soft_nms(args: TracedArguments) -> Iterator[SolutionStep]:
    limit = to_text(to_exact_number(args.threshold))
    yield TextStep(
        "The box with the highest score is selected; it lowers the scores of the remaining boxes."
    )
    yield TextStep(
        f"The factor is 1 - IoU where the IoU exceeds {limit}, otherwise 1."
        if args.method == "linear"
        else f"The factor is exp(-IoU²/{to_text(to_exact_number(args.sigma))})."
    )
    yield from _trace_suppression_rounds(args)
    yield Array("scores", Tensor.from_nested(args.result))


def _trace_suppression_rounds(args: TracedArguments) -> Iterator[SolutionStep]:
    """Yield a table for each selected box, with its effect on the remaining scores."""
    boxes = parse_boxes(args.boxes, "boxes", fmt=args.fmt)
    remaining: dict[int, Number] = dict(enumerate(as_numbers(args.scores, "scores")))
    for _ in boxes[: min(MAX_ROUNDS, len(boxes) - 1)]:
        best = min(remaining, key=lambda index: (-remaining[index], index))
        yield TextStep(
            f"Box {best + 1}, with the score {to_text(round_for_table(remaining.pop(best)))}:"
        )
        rows: list[tuple[Value, ...]] = []
        for other, score in remaining.items():
            shared = measure_overlap(boxes[best], boxes[other])[2]
            remaining[other] = to_exact_number(_decay_score(args, score, shared))
            rows.append((other + 1, *map(round_for_table, (score, shared, remaining[other]))))
        yield build_table(("box", "score", "IoU", "new score"), rows)
    if len(boxes) > MAX_ROUNDS + 1:
        yield TextStep("The remaining boxes follow in the same way.")


def _decay_score(args: TracedArguments, score: Number, overlap: Number) -> Number | float:
    if args.method == "linear":
        return score * (1 - overlap) if overlap > args.threshold else score
    return float(score) * math.exp(-(float(overlap) ** 2) / float(args.sigma))


TRACERS: Final[dict[str, Tracer]] = build_tracers({nms: _trace_nms, soft_nms: _trace_soft_nms})
