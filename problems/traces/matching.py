"""The way from boxes to labels: which detections find a true box, which anchors are objects.

Boxes are counted from 1.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Said, Step, Tracer
from grader.display.text import show
from grader.values import Number, Tensor, Value, exact
from problems.solvers.bounds import numbers
from problems.solvers.boxes import boxes_of
from problems.solvers.matching import OBJECT, anchor_labels, match_detections
from problems.traces.overlaps import shares_of
from problems.traces.reals import brief
from problems.traces.suppression import NONE
from problems.traces.tracing import listed, tracers

__all__ = ["TRACERS"]

LABELS: Final = {1: "object", 0: "background", -1: "ignored"}
PASCAL: Final = "From the highest score down, a detection takes the true box of its largest IoU."
COCO: Final = (
    "From the highest score down, a detection takes the best of the true boxes not yet taken."
)


def _match(given: SimpleNamespace) -> Iterator[Step]:
    scores = numbers(given.scores, "scores")
    reach = "must exceed" if given.strict else "must reach"
    yield Said(PASCAL if given.rule == "pascal" else COCO)
    yield Said(f"The IoU {reach} {show(exact(given.threshold))}, and a true box counts once.")
    head = ("detection", "score", "largest IoU", "true box", "decision")
    yield listed(head, _decisions(given, scores))
    yield Array("matches", Tensor.of(given.result))


def _decisions(given: SimpleNamespace, scores: tuple[Number, ...]) -> list[tuple[Value, ...]]:
    """Return a row for each detection, the highest score first."""
    found = boxes_of(given.detections, "detections", fmt=given.fmt)
    truths = boxes_of(given.truths, "truths", fmt=given.fmt)
    taken: set[int] = set()
    rows: list[tuple[Value, ...]] = []
    for at in sorted(range(len(found)), key=lambda at: -scores[at]):
        open_to = [to for to in range(len(truths)) if given.rule == "pascal" or to not in taken]
        shares = {to: shares_of(found[at], truths[to])[2] for to in open_to}
        best = max(shares, key=lambda to: shares[to], default=None)
        if best is None:
            rows.append((at + 1, scores[at], NONE, NONE, "false: none is left"))
            continue
        hit = given.result[at] == 1
        least, most = given.threshold, shares[best]
        enough = most > least if given.strict else most >= least
        why = "true" if hit else "false: taken" if enough else "false: too little"
        rows.append((at + 1, scores[at], brief(most), best + 1, why))
        taken |= {best} if hit else set()
    return rows


def _labels(given: SimpleNamespace) -> Iterator[Step]:
    high, low = show(exact(given.positive)), show(exact(given.negative))
    yield Said(f"An IoU of at least {high} with a true box: object. All below {low}: background.")
    if given.keep_best:
        yield Said("The anchors that overlap a true box most are objects too.")
    truths = boxes_of(given.truths, "truths", fmt=given.fmt)
    rows: list[tuple[Value, ...]] = []
    for at, anchor in enumerate(boxes_of(given.anchors, "anchors", fmt=given.fmt)):
        shares = [shares_of(anchor, truth)[2] for truth in truths]
        label, most = given.result[at], max(shares)
        best = " as the best" if label == OBJECT and most < given.positive else ""
        with_whom: Value = shares.index(most) + 1 if most else NONE
        rows.append((at + 1, brief(most), with_whom, f"{LABELS[label]}{best}"))
    yield listed(("anchor", "largest IoU", "true box", "label"), rows)
    yield Array("labels", Tensor.of(given.result))


TRACERS: Final[dict[str, Tracer]] = tracers({match_detections: _match, anchor_labels: _labels})
