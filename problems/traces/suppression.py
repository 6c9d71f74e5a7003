"""The way to the boxes that suppression keeps: from the highest score down, one box after another.

Boxes are counted from the number that the problem gives the first one.
"""

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Said, Step, Tracer, stated
from grader.display.text import show
from grader.values import Number, Tensor, Value, exact
from problems.solvers.bounds import numbers
from problems.solvers.boxes import boxes_of
from problems.solvers.suppression import nms, soft_nms
from problems.traces.overlaps import shares_of
from problems.traces.reals import brief
from problems.traces.tracing import listed, tracers

__all__ = ["NONE", "TRACERS"]

NONE: Final = "\N{EN DASH}"
ROUNDS: Final = 8


def _nms(given: SimpleNamespace) -> Iterator[Step]:
    scores = numbers(given.scores, "scores")
    reached = "exceeds" if given.strict else "reaches"
    limit = show(exact(given.threshold))
    among = "" if given.classes is None else " of its class"
    yield Said(f"A box is suppressed if its IoU with a kept box{among} {reached} {limit}.")
    low = [at + given.first for at, score in enumerate(scores) if score < given.min_score]
    if low:
        least = show(exact(given.min_score))
        yield Said(f"Scored below {least}, and dropped before: {', '.join(map(str, low))}.")
    rows = _decisions(given, scores)
    if rows:
        classes = () if given.classes is None else ("class",)
        yield listed(("box", "score", *classes, "largest IoU", "with", "decision"), rows)
    yield Array("kept", Tensor.of(given.result)) if given.result else stated("kept", ())


def _decisions(given: SimpleNamespace, scores: tuple[Number, ...]) -> list[tuple[Value, ...]]:
    """Return a row for each box that counts, the highest score first."""
    boxes = boxes_of(given.boxes, "boxes", fmt=given.fmt)
    one_class = given.classes is None
    labels = (0,) * len(boxes) if one_class else numbers(given.classes, "classes")
    kept = [number - given.first for number in given.result]
    counted = [at for at, score in enumerate(scores) if score >= given.min_score]
    rows: list[tuple[Value, ...]] = []
    looked: list[int] = []
    for at in sorted(counted, key=lambda at: -scores[at]):
        rivals = [other for other in looked if other in kept and labels[other] == labels[at]]
        shares = {other: shares_of(boxes[other], boxes[at])[2] for other in rivals}
        best = max(shares, key=lambda other: shares[other], default=None)
        against: tuple[Value, ...] = (NONE, NONE)
        if best is not None and shares[best]:
            against = (brief(shares[best]), best + given.first)
        decision = "kept" if at in kept else "suppressed"
        label = () if one_class else (labels[at],)
        rows.append((at + given.first, scores[at], *label, *against, decision))
        looked.append(at)
    return rows


def _soft_nms(given: SimpleNamespace) -> Iterator[Step]:
    limit = show(exact(given.threshold))
    yield Said("The box of the highest score is taken; it lowers the scores of the others left.")
    yield Said(
        f"The factor is 1 - IoU where the IoU exceeds {limit}, else 1."
        if given.method == "linear"
        else f"The factor is exp(-IoU²/{show(exact(given.sigma))})."
    )
    yield from _rounds(given)
    yield Array("scores", Tensor.of(given.result))


def _rounds(given: SimpleNamespace) -> Iterator[Step]:
    """Yield a table for each box that is taken: what it does to the scores of the others."""
    boxes = boxes_of(given.boxes, "boxes", fmt=given.fmt)
    left: dict[int, Number] = dict(enumerate(numbers(given.scores, "scores")))
    for _ in boxes[: min(ROUNDS, len(boxes) - 1)]:
        best = min(left, key=lambda at: (-left[at], at))
        yield Said(f"Box {best + 1}, with the score {show(brief(left.pop(best)))}:")
        rows: list[tuple[Value, ...]] = []
        for other, score in left.items():
            shared = shares_of(boxes[best], boxes[other])[2]
            left[other] = exact(_lowered(given, score, shared))
            rows.append((other + 1, *map(brief, (score, shared, left[other]))))
        yield listed(("box", "score", "IoU", "new score"), rows)
    if len(boxes) > ROUNDS + 1:
        yield Said("The boxes that are left follow in the same way.")


def _lowered(given: SimpleNamespace, score: Number, shared: Number) -> Number | float:
    if given.method == "linear":
        return score * (1 - shared) if shared > given.threshold else score
    return float(score) * math.exp(-(float(shared) ** 2) / float(given.sigma))


TRACERS: Final[dict[str, Tracer]] = tracers({nms: _nms, soft_nms: _soft_nms})
