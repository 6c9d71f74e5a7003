"""Matching of detections and anchors to true boxes.

Formats and units are those of `boxes`. Sources: Everingham et al., The PASCAL Visual
Object Classes Challenge (2010); Lin et al., Microsoft COCO (2014); Ren et al., Faster
R-CNN (2015).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers.bounds import as_numbers, as_proportion, require_bool
from problems.solvers.boxes import MISREAD_FORMATS, parse_boxes
from problems.solvers.overlaps import IOU_MEASURE, WRONG_MEASURES, OverlapMeasure
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

OBJECT, BACKGROUND, IGNORED = 1, 0, -1


@dataclass(frozen=True, slots=True)
class MatchingInput:
    """Detections by descending score, their overlaps with the true boxes, and the rule."""

    order: tuple[int, ...]
    overlaps: tuple[tuple[Number, ...], ...]
    threshold: Number
    strict: bool
    rule: str

    def reaches_threshold(self, shared: Number) -> bool:
        """Return whether an overlap is large enough for a match."""
        return shared > self.threshold if self.strict else shared >= self.threshold


def match_detections(
    detections: object,
    scores: object,
    truths: object,
    *,
    threshold: Number = Fraction(1, 2),
    strict: bool = False,
    rule: str = "pascal",
    fmt: str = "xyxy",
) -> tuple[int, ...]:
    """Return 1 for each detection that matches a true box and 0 for the others.

    The result keeps the order of *detections*. From the highest score down, each
    detection takes the true box with the largest IoU, if the IoU reaches *threshold*
    (with *strict*, exceeds it) and the box is not yet taken; each true box matches
    once. Under the ``pascal`` rule, a detection whose best box is taken is false; under
    ``coco`` it may take the best of the remaining boxes.

    >>> match_detections([[0, 0, 4, 4], [0, 1, 4, 5]], (0.9, 0.8), [[0, 0, 4, 4]])
    (1, 0)
    """
    inputs = _prepare_matching(
        detections,
        scores,
        truths,
        threshold=threshold,
        strict=strict,
        rule=rule,
        fmt=fmt,
        overlap=IOU_MEASURE,
    )
    return _match_by_score(inputs)


def anchor_labels(
    anchors: object,
    truths: object,
    *,
    positive: Number = Fraction(7, 10),
    negative: Number = Fraction(3, 10),
    keep_best: bool = True,
    fmt: str = "xyxy",
) -> tuple[int, ...]:
    """Return the training label of each anchor: 1 object, 0 background, -1 ignored.

    An anchor is an object if its largest IoU with a true box is at least *positive*,
    background if it is below *negative*, and otherwise ignored. With *keep_best*, the
    anchors with the largest IoU for a true box are objects too, if they overlap it at
    all.

    >>> anchor_labels([[0, 0, 4, 4], [0, 2, 4, 6], [9, 9, 12, 12]], [[0, 0, 4, 4]])
    (1, -1, 0)
    """
    return _label_anchors(
        anchors, truths, positive=positive, negative=negative, keep_best=keep_best, fmt=fmt
    )


def _prepare_matching(
    detections: object,
    scores: object,
    truths: object,
    *,
    threshold: Number,
    strict: bool,
    rule: str,
    fmt: str,
    overlap: OverlapMeasure,
) -> MatchingInput:
    if rule not in {"pascal", "coco"}:
        raise SolverError(f"rule must be pascal or coco, not {rule}")
    predicted, actual = (
        parse_boxes(detections, "detections", fmt=fmt),
        parse_boxes(truths, "truths", fmt=fmt),
    )
    score_values = as_numbers(scores, "scores")
    if len(score_values) != len(predicted):
        raise SolverError(
            f"{len(predicted)} detections have {len(predicted)} scores, not {len(score_values)}"
        )
    return MatchingInput(
        tuple(sorted(range(len(predicted)), key=lambda index: -score_values[index])),
        tuple(tuple(overlap(one, two) for two in actual) for one in predicted),
        as_proportion(threshold, "threshold"),
        require_bool(strict, "strict"),
        rule,
    )


def _match_by_score(inputs: MatchingInput) -> tuple[int, ...]:
    taken: set[int] = set()
    hits: set[int] = set()
    for detection in inputs.order:
        shared = inputs.overlaps[detection]
        candidates = [
            true for true in range(len(shared)) if inputs.rule == "pascal" or true not in taken
        ]
        best = max(candidates, key=lambda true: shared[true], default=None)
        if best is not None and best not in taken and inputs.reaches_threshold(shared[best]):
            taken.add(best)
            hits.add(detection)
    return tuple(int(index in hits) for index in range(len(inputs.order)))


def _label_anchors(
    anchors: object,
    truths: object,
    *,
    positive: Number,
    negative: Number,
    keep_best: bool,
    fmt: str,
    overlap: OverlapMeasure = IOU_MEASURE,
) -> tuple[int, ...]:
    high, low = as_proportion(positive, "positive"), as_proportion(negative, "negative")
    if low > high:
        raise SolverError(f"negative {low} is above positive {high}")
    boxes, actual = parse_boxes(anchors, "anchors", fmt=fmt), parse_boxes(truths, "truths", fmt=fmt)
    rows = [[overlap(box, two) for two in actual] for box in boxes]
    best = (
        [max(column) for column in zip(*rows, strict=True)]
        if require_bool(keep_best, "keep_best")
        else []
    )
    return tuple(_label_anchor(row, best, high=high, low=low) for row in rows)


def _label_anchor(row: list[Number], best: list[Number], *, high: Number, low: Number) -> int:
    if any(shared == most > 0 for shared, most in zip(row, best, strict=False)):
        return OBJECT
    if max(row) >= high:
        return OBJECT
    return BACKGROUND if max(row) < low else IGNORED


# What students do instead.


def _replace_detection_matching(
    change: Callable[[MatchingInput], tuple[int, ...]], overlap: OverlapMeasure = IOU_MEASURE
) -> Solver:
    """Return a wrong version of `match_detections` with another matching or *overlap*."""
    return replace_formula(
        match_detections, lambda args: change(_prepare_matching(**vars(args), overlap=overlap))
    )


def _match_all_overlapping(inputs: MatchingInput) -> tuple[int, ...]:
    """Return 1 for each detection that overlaps a true box enough, even if it is taken."""
    return tuple(int(inputs.reaches_threshold(max(row))) for row in inputs.overlaps)


def _match_in_listed_order(inputs: MatchingInput) -> tuple[int, ...]:
    return _match_by_score(replace(inputs, order=tuple(range(len(inputs.order)))))


def _labels_without_ignored(args: SolverArguments) -> tuple[int, ...]:
    """Return the labels with ignored anchors labeled as background."""
    return tuple(max(label, BACKGROUND) for label in anchor_labels(**vars(args)))


def _replace_anchor_overlap_measure(overlap: OverlapMeasure) -> Solver:
    return replace_formula(
        anchor_labels, lambda args: _label_anchors(**vars(args), overlap=overlap)
    )


SOLVERS: Final[tuple[Solver, ...]] = (match_detections, anchor_labels)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        match_detections,
        {
            "found_twice": _replace_detection_matching(_match_all_overlapping),
            "scores_ignored": _replace_detection_matching(_match_in_listed_order),
            "at_threshold": replace_arguments(
                match_detections, strict=lambda args: not args.strict
            ),
            "box_format": replace_arguments(
                match_detections, fmt=lambda args: MISREAD_FORMATS[args.fmt]
            ),
            **{
                mistake: _replace_detection_matching(_match_by_score, wrong)
                for mistake, wrong in WRONG_MEASURES.items()
            },
        },
    ),
    *build_wrong_versions(
        anchor_labels,
        {
            "best_anchor_left_out": replace_arguments(anchor_labels, keep_best=False),
            "ignored_as_background": replace_formula(anchor_labels, _labels_without_ignored),
            "box_format": replace_arguments(
                anchor_labels, fmt=lambda args: MISREAD_FORMATS[args.fmt]
            ),
            **{
                mistake: _replace_anchor_overlap_measure(wrong)
                for mistake, wrong in WRONG_MEASURES.items()
            },
        },
    ),
)
