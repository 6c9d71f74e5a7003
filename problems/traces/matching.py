"""Tracers for matching: detections to true boxes, anchors to objects.

Boxes are numbered from 1.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Array, SolutionStep, TextStep, Tracer
from grader.display.text import to_text
from grader.values import Number, Tensor, Value, to_exact_number
from problems.solvers.bounds import as_numbers
from problems.solvers.boxes import parse_boxes
from problems.solvers.matching import OBJECT, anchor_labels, match_detections
from problems.traces.overlaps import measure_overlap
from problems.traces.reals import round_for_table
from problems.traces.suppression import NO_BOX
from problems.traces.tracing import TracedArguments, build_table, build_tracers

LABELS: Final = {1: "object", 0: "background", -1: "ignored"}
PASCAL_SENTENCE: Final = (
    "In order of decreasing score, a detection is matched to the true box of largest IoU."
)
COCO_SENTENCE: Final = (
    "In order of decreasing score, a detection is matched to the best unmatched true box."
)


def _trace_match_detections(args: TracedArguments) -> Iterator[SolutionStep]:
    scores = as_numbers(args.scores, "scores")
    reach = "must exceed" if args.strict else "must reach"
    yield TextStep(PASCAL_SENTENCE if args.rule == "pascal" else COCO_SENTENCE)
    yield TextStep(
        f"IoU {reach} {to_text(to_exact_number(args.threshold))}, and a true box is matched once."
    )
    head = ("detection", "score", "largest IoU", "true box", "decision")
    yield build_table(head, _build_decision_rows(args, scores))
    yield Array("matches", Tensor.from_nested(args.result))


def _build_decision_rows(
    args: TracedArguments, scores: tuple[Number, ...]
) -> list[tuple[Value, ...]]:
    """Return one row per detection, in descending order of score."""
    detections = parse_boxes(args.detections, "detections", fmt=args.fmt)
    truths = parse_boxes(args.truths, "truths", fmt=args.fmt)
    taken: set[int] = set()
    rows: list[tuple[Value, ...]] = []
    for index in sorted(range(len(detections)), key=lambda index: -scores[index]):
        candidates = [to for to in range(len(truths)) if args.rule == "pascal" or to not in taken]
        overlaps = {to: measure_overlap(detections[index], truths[to])[2] for to in candidates}
        best = max(overlaps, key=lambda to: overlaps[to], default=None)
        if best is None:
            rows.append((index + 1, scores[index], NO_BOX, NO_BOX, "false: none is left"))
            continue
        hit = args.result[index] == 1
        least, most = args.threshold, overlaps[best]
        enough = most > least if args.strict else most >= least
        decision = "true" if hit else "false: taken" if enough else "false: too little"
        rows.append((index + 1, scores[index], round_for_table(most), best + 1, decision))
        taken |= {best} if hit else set()
    return rows


def _trace_anchor_labels(args: TracedArguments) -> Iterator[SolutionStep]:
    high, low = to_text(to_exact_number(args.positive)), to_text(to_exact_number(args.negative))
    yield TextStep(
        f"IoU of at least {high} with a true box: object. All IoUs below {low}: background."
    )
    if args.keep_best:
        yield TextStep("The anchors that overlap a true box most are objects too.")
    truths = parse_boxes(args.truths, "truths", fmt=args.fmt)
    rows: list[tuple[Value, ...]] = []
    for index, anchor in enumerate(parse_boxes(args.anchors, "anchors", fmt=args.fmt)):
        overlaps = [measure_overlap(anchor, truth)[2] for truth in truths]
        label, most = args.result[index], max(overlaps)
        best = " as the best" if label == OBJECT and most < args.positive else ""
        matched_truth: Value = overlaps.index(most) + 1 if most else NO_BOX
        rows.append((index + 1, round_for_table(most), matched_truth, f"{LABELS[label]}{best}"))
    yield build_table(("anchor", "largest IoU", "true box", "label"), rows)
    yield Array("labels", Tensor.from_nested(args.result))


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {match_detections: _trace_match_detections, anchor_labels: _trace_anchor_labels}
)
