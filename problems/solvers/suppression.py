"""Non-maximum suppression: of the boxes around one object, keep the best-scoring one.

Formats and units are those of `boxes`. Sources: Felzenszwalb et al., Object Detection
with Discriminatively Trained Part Based Models (2010); Bodla et al., Soft-NMS (2017).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers.bounds import as_integer, as_numbers, as_proportion, require_bool
from problems.solvers.boxes import MISREAD_FORMATS, Box, parse_boxes
from problems.solvers.overlaps import IOU_MEASURE, WRONG_MEASURES, OverlapMeasure
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

ScoreDecay: TypeAlias = Callable[[Number], Number | float]
"""Factor applied to a score, as a function of the IoU with a better box."""


@dataclass(frozen=True, slots=True)
class SuppressionInput:
    """Detections and the settings for suppressing them.

    *labels* are the classes of the detections.
    """

    boxes: tuple[Box, ...]
    scores: tuple[Number, ...]
    labels: tuple[Number, ...]
    threshold: Number
    strict: bool
    min_score: Number
    overlap: OverlapMeasure = IOU_MEASURE

    def ranked_indices(self) -> list[int]:
        """Return the indices of the detections, the highest score first.

        Detections below *min_score* are left out; ties keep their order.
        """
        counted = (index for index, score in enumerate(self.scores) if score >= self.min_score)
        return sorted(counted, key=lambda index: -self.scores[index])

    def suppresses(self, better: int, other: int) -> bool:
        """Return whether detection *better* suppresses detection *other*."""
        if self.labels[better] != self.labels[other]:
            return False
        shared = self.overlap(self.boxes[better], self.boxes[other])
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

    In order of descending score, a box is kept unless its IoU with a kept box of the
    same class exceeds *threshold*, or reaches it if *strict* is false. Boxes with a
    score below *min_score* are dropped first. Without *classes*, all boxes have the
    same class. *first* is the number of the first box.

    >>> nms([[0, 0, 4, 4], [0, 1, 4, 5], [9, 9, 12, 12]], (0.9, 0.8, 0.7), 0.5)
    (0, 2)
    """
    inputs = _prepare_suppression(
        boxes,
        scores,
        threshold=threshold,
        classes=classes,
        strict=strict,
        min_score=min_score,
        fmt=fmt,
    )
    return _offset_indices(_select_kept_boxes(inputs, inputs.ranked_indices()), first)


def soft_nms(
    boxes: object,
    scores: object,
    *,
    method: str = "linear",
    threshold: Number = Fraction(3, 10),
    sigma: Number = Fraction(1, 2),
    fmt: str = "xyxy",
) -> tuple[Number | float, ...]:
    """Return the scores of all boxes after Soft-NMS, in the order of the boxes.

    In order of descending score, each box lowers the scores of the remaining boxes. The
    *method* ``linear`` multiplies by ``1 - IoU`` where the IoU exceeds *threshold*,
    ``gaussian`` by ``exp(-IoU**2 / sigma)``.

    >>> soft_nms([[0, 0, 4, 4], [0, 1, 4, 5], [9, 9, 12, 12]], (0.9, 0.8, 0.7))
    (Fraction(9, 10), Fraction(8, 25), Fraction(7, 10))
    """
    limit, (spread,) = as_proportion(threshold, "threshold"), as_numbers((sigma,), "sigma")
    if method not in {"linear", "gaussian"} or spread <= 0:
        raise SolverError("method must be linear or gaussian, sigma positive")

    def linear(shared: Number) -> Number:
        return 1 - shared if shared > limit else 1

    def gaussian(shared: Number) -> float:
        return math.exp(-(float(shared) ** 2) / float(spread))

    return _soften_scores(boxes, scores, linear if method == "linear" else gaussian, fmt=fmt)


def _as_box_numbers(value: object, what: str, count: int) -> tuple[Number, ...]:
    """Return *value* as *count* numbers, one per box."""
    values = as_numbers(value, what)
    if len(values) != count:
        raise SolverError(f"{count} boxes have {count} {what}, not {len(values)}")
    return values


def _prepare_suppression(
    boxes: object,
    scores: object,
    *,
    threshold: Number,
    classes: object,
    strict: bool,
    min_score: Number,
    fmt: str,
) -> SuppressionInput:
    parsed_boxes = parse_boxes(boxes, "boxes", fmt=fmt)
    return SuppressionInput(
        parsed_boxes,
        _as_box_numbers(scores, "scores", len(parsed_boxes)),
        (0,) * len(parsed_boxes)
        if classes is None
        else _as_box_numbers(classes, "classes", len(parsed_boxes)),
        as_proportion(threshold, "threshold"),
        require_bool(strict, "strict"),
        as_proportion(min_score, "min_score"),
    )


def _select_kept_boxes(inputs: SuppressionInput, order: list[int]) -> list[int]:
    """Return the boxes that are kept when visited in this *order*."""
    kept_boxes: list[int] = []
    for candidate in order:
        if not any(inputs.suppresses(better, candidate) for better in kept_boxes):
            kept_boxes.append(candidate)
    return kept_boxes


def _offset_indices(indices: list[int], first: int) -> tuple[int, ...]:
    return tuple(at + as_integer(first, "first", least=0) for at in indices)


def _soften_scores(
    boxes: object, scores: object, decay: ScoreDecay, *, fmt: str
) -> tuple[Number | float, ...]:
    parsed_boxes = parse_boxes(boxes, "boxes", fmt=fmt)
    decayed_scores: list[Number | float] = [*_as_box_numbers(scores, "scores", len(parsed_boxes))]
    remaining = set(range(len(parsed_boxes)))
    while remaining:
        best = min(remaining, key=lambda index: (-decayed_scores[index], index))
        remaining.remove(best)
        for other in remaining:
            decayed_scores[other] *= decay(IOU_MEASURE(parsed_boxes[best], parsed_boxes[other]))
    return tuple(decayed_scores)


# What students do instead.


def _select_with_removed_suppressing(inputs: SuppressionInput) -> list[int]:
    """Return the boxes that are kept if removed boxes still suppress others."""
    order = inputs.ranked_indices()
    return [
        candidate
        for index, candidate in enumerate(order)
        if not any(inputs.suppresses(better, candidate) for better in order[:index])
    ]


def _select_removed_boxes(inputs: SuppressionInput) -> list[int]:
    """Return the boxes that are removed, or raise `SolverError` if there are none."""
    kept_boxes = set(_select_kept_boxes(inputs, inputs.ranked_indices()))
    removed = [at for at in inputs.ranked_indices() if at not in kept_boxes]
    if not removed:
        raise SolverError("nothing is removed")
    return removed


def _select_against_last_kept(inputs: SuppressionInput) -> list[int]:
    """Return the boxes that are kept if each is compared with the last kept one alone."""
    kept_boxes: list[int] = []
    for candidate in inputs.ranked_indices():
        if not any(inputs.suppresses(better, candidate) for better in kept_boxes[-1:]):
            kept_boxes.append(candidate)
    return kept_boxes


def _make_selection_with_measure(
    overlap: OverlapMeasure,
) -> Callable[[SuppressionInput], list[int]]:
    return lambda inputs: _select_kept_boxes(
        replace(inputs, overlap=overlap), inputs.ranked_indices()
    )


WRONG_SELECTIONS: Final[dict[str, Callable[[SuppressionInput], list[int]]]] = {
    "suppressed_still_suppress": _select_with_removed_suppressing,
    "lowest_score_first": lambda inputs: _select_kept_boxes(inputs, inputs.ranked_indices()[::-1]),
    "removed_for_kept": _select_removed_boxes,
    "last_kept_box_only": _select_against_last_kept,
    "nothing_suppressed": lambda inputs: inputs.ranked_indices(),
    "best_box_only": lambda inputs: inputs.ranked_indices()[:1],
    **{
        mistake: _make_selection_with_measure(overlap)
        for mistake, overlap in WRONG_MEASURES.items()
    },
}


def _replace_box_selection(select: Callable[[SuppressionInput], list[int]]) -> Solver:
    """Return `nms` with *select* choosing the boxes."""

    def formula(args: SolverArguments) -> tuple[int, ...]:
        values = vars(args).copy()
        first = values.pop("first")
        return _offset_indices(select(_prepare_suppression(**values)), first)

    return replace_formula(nms, formula)


def _zero_suppressed_scores(args: SolverArguments) -> tuple[Number | float, ...]:
    """Return the scores, with those of suppressed boxes set to 0."""
    return _soften_scores(
        args.boxes, args.scores, lambda shared: int(shared <= args.threshold), fmt=args.fmt
    )


SOLVERS: Final[tuple[Solver, ...]] = (nms, soft_nms)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        nms,
        {mistake: _replace_box_selection(choose) for mistake, choose in WRONG_SELECTIONS.items()},
    ),
    *build_wrong_versions(
        nms,
        {
            "classes_ignored": replace_arguments(nms, classes=None),
            "at_threshold": replace_arguments(nms, strict=lambda args: not args.strict),
            "low_scores_kept": replace_arguments(nms, min_score=0),
            "box_format": replace_arguments(nms, fmt=lambda args: MISREAD_FORMATS[args.fmt]),
            "numbered_from": replace_arguments(nms, first=lambda args: 1 - args.first),
        },
    ),
    *build_wrong_versions(
        soft_nms,
        {
            "removed_for_lowered": replace_formula(soft_nms, _zero_suppressed_scores),
            "box_format": replace_arguments(soft_nms, fmt=lambda args: MISREAD_FORMATS[args.fmt]),
        },
    ),
)
