"""Non-maximum suppression: of boxes that show the same thing, the one with the highest score stays.

Formats and units are those of `boxes`. Sources: Felzenszwalb et al., Object Detection with
Discriminatively Trained Part Based Models (2010); Bodla et al., Soft-NMS (2017).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Final, TypeAlias

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import flag, numbers, share, whole
from problems.solvers.boxes import READ_AS, Box, boxes_of
from problems.solvers.overlaps import OVERLAP, OVERLAPS, Overlap
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "nms", "soft_nms"]

Weight: TypeAlias = Callable[[Number], Number | float]
"""By what a score is multiplied, from the IoU with a better box."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Detections and what decides between them; *labels* are their classes."""

    boxes: tuple[Box, ...]
    scores: tuple[Number, ...]
    labels: tuple[Number, ...]
    threshold: Number
    strict: bool
    min_score: Number
    overlap: Overlap = OVERLAP

    def order(self) -> list[int]:
        """Return the detections that count, the highest score first, equals as they come."""
        counted = (at for at, score in enumerate(self.scores) if score >= self.min_score)
        return sorted(counted, key=lambda at: -self.scores[at])

    def suppresses(self, one: int, two: int) -> bool:
        """Tell whether detection *one* removes *two*."""
        if self.labels[one] != self.labels[two]:
            return False
        shared = self.overlap(self.boxes[one], self.boxes[two])
        return shared > self.threshold if self.strict else shared >= self.threshold


def nms(
    boxes: object,
    scores: object,
    threshold: Number,
    *,
    classes: object = None,
    strict: bool = True,
    min_score: Number = 0,
    fmt: str = "xyxy",
    first: int = 0,
) -> tuple[int, ...]:
    """Return the numbers of the boxes that are kept, the highest score first.

    From the highest score down, a box is kept unless its IoU with a kept box of the same class
    exceeds *threshold*, or, not *strict*, reaches it. Boxes scored below *min_score* are dropped
    before. Without *classes* all boxes are of one class. *first* is the number of the first box.

    >>> nms([[0, 0, 4, 4], [0, 1, 4, 5], [9, 9, 12, 12]], (0.9, 0.8, 0.7), 0.5)
    (0, 2)
    """
    scene = _scene(
        boxes,
        scores,
        threshold=threshold,
        classes=classes,
        strict=strict,
        min_score=min_score,
        fmt=fmt,
    )
    return _numbered(_kept(scene, scene.order()), first)


def soft_nms(
    boxes: object,
    scores: object,
    *,
    method: str = "linear",
    threshold: Number = Fraction(3, 10),
    sigma: Number = Fraction(1, 2),
    fmt: str = "xyxy",
) -> tuple[Number | float, ...]:
    """Return the scores of all boxes after soft suppression, in the order of the boxes.

    From the highest score down, each box lowers the scores of those not yet taken: ``linear``
    multiplies by ``1 - IoU`` where the IoU exceeds *threshold*, ``gaussian`` by
    ``exp(-IoU**2 / sigma)``.

    >>> soft_nms([[0, 0, 4, 4], [0, 1, 4, 5], [9, 9, 12, 12]], (0.9, 0.8, 0.7))
    (Fraction(9, 10), Fraction(8, 25), Fraction(7, 10))
    """
    limit, (spread,) = share(threshold, "threshold"), numbers((sigma,), "sigma")
    if method not in {"linear", "gaussian"} or spread <= 0:
        raise SolverError("method must be linear or gaussian, sigma positive")

    def linear(shared: Number) -> Number:
        return 1 - shared if shared > limit else 1

    def gaussian(shared: Number) -> float:
        return math.exp(-(float(shared) ** 2) / float(spread))

    return _softened(boxes, scores, linear if method == "linear" else gaussian, fmt=fmt)


def _each(value: object, what: str, count: int) -> tuple[Number, ...]:
    """Return one number of *value* for each of the *count* boxes."""
    found = numbers(value, what)
    if len(found) != count:
        raise SolverError(f"{count} boxes have {count} {what}, not {len(found)}")
    return found


def _scene(
    boxes: object,
    scores: object,
    *,
    threshold: Number,
    classes: object,
    strict: bool,
    min_score: Number,
    fmt: str,
) -> Scene:
    found = boxes_of(boxes, "boxes", fmt=fmt)
    return Scene(
        found,
        _each(scores, "scores", len(found)),
        (0,) * len(found) if classes is None else _each(classes, "classes", len(found)),
        share(threshold, "threshold"),
        flag(strict, "strict"),
        share(min_score, "min_score"),
    )


def _kept(scene: Scene, order: list[int]) -> list[int]:
    """Return the boxes that stay if they are looked at in this *order*."""
    kept: list[int] = []
    for candidate in order:
        if not any(scene.suppresses(better, candidate) for better in kept):
            kept.append(candidate)
    return kept


def _numbered(found: list[int], first: int) -> tuple[int, ...]:
    return tuple(at + whole(first, "first", least=0) for at in found)


def _softened(
    boxes: object, scores: object, weight: Weight, *, fmt: str
) -> tuple[Number | float, ...]:
    found = boxes_of(boxes, "boxes", fmt=fmt)
    left: list[Number | float] = [*_each(scores, "scores", len(found))]
    waiting = set(range(len(found)))
    while waiting:
        best = min(waiting, key=lambda at: (-left[at], at))
        waiting.remove(best)
        for other in waiting:
            left[other] *= weight(OVERLAP(found[best], found[other]))
    return tuple(left)


# What students do instead.


def _still_suppressing(scene: Scene) -> list[int]:
    """Return the boxes that are kept if those removed go on removing others."""
    order = scene.order()
    return [
        candidate
        for at, candidate in enumerate(order)
        if not any(scene.suppresses(better, candidate) for better in order[:at])
    ]


def _removed(scene: Scene) -> list[int]:
    """Return the boxes that are removed; there must be one."""
    kept = set(_kept(scene, scene.order()))
    found = [at for at in scene.order() if at not in kept]
    if not found:
        raise SolverError("nothing is removed")
    return found


def _kept_by(overlap: Overlap) -> Callable[[Scene], list[int]]:
    return lambda scene: _kept(replace(scene, overlap=overlap), scene.order())


CHOICES: Final[dict[str, Callable[[Scene], list[int]]]] = {
    "suppressed_still_suppress": _still_suppressing,
    "lowest_score_first": lambda scene: _kept(scene, scene.order()[::-1]),
    "removed_for_kept": _removed,
    "best_box_only": lambda scene: scene.order()[:1],
    **{mistake: _kept_by(overlap) for mistake, overlap in OVERLAPS.items()},
}


def _by(choose: Callable[[Scene], list[int]]) -> Solver:
    """Return `nms` with another way to *choose*."""

    def formula(given: SimpleNamespace) -> tuple[int, ...]:
        named = vars(given).copy()
        first = named.pop("first")
        return _numbered(choose(_scene(**named)), first)

    return instead(nms, formula)


def _hardened(given: SimpleNamespace) -> tuple[Number | float, ...]:
    """Return the scores with those of suppressed boxes set to nothing."""
    return _softened(
        given.boxes, given.scores, lambda shared: int(shared <= given.threshold), fmt=given.fmt
    )


SOLVERS: Final[tuple[Solver, ...]] = (nms, soft_nms)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(nms, {mistake: _by(choose) for mistake, choose in CHOICES.items()}),
    *twins_of(
        nms,
        {
            "classes_ignored": told(nms, classes=None),
            "at_threshold": told(nms, strict=lambda given: not given.strict),
            "low_scores_kept": told(nms, min_score=0),
            "box_format": told(nms, fmt=lambda given: READ_AS[given.fmt]),
            "numbered_from": told(nms, first=lambda given: 1 - given.first),
        },
    ),
    *twins_of(
        soft_nms,
        {
            "removed_for_lowered": instead(soft_nms, _hardened),
            "box_format": told(soft_nms, fmt=lambda given: READ_AS[given.fmt]),
        },
    ),
)
