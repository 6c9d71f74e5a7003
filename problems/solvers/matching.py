"""Detections against the truth, and anchors against it: who is counted as found, who as an object.

Formats and units are those of `boxes`. Sources: Everingham et al., The PASCAL Visual Object Classes
Challenge (2010); Lin et al., Microsoft COCO (2014); Ren et al., Faster R-CNN (2015).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import flag, numbers, share
from problems.solvers.boxes import READ_AS, boxes_of
from problems.solvers.overlaps import OVERLAP, OVERLAPS, Overlap
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "anchor_labels", "match_detections"]

OBJECT, BACKGROUND, IGNORED = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Contest:
    """Detections, the overlap of each with each true box, and the rule of matching."""

    order: tuple[int, ...]
    overlaps: tuple[tuple[Number, ...], ...]
    threshold: Number
    strict: bool
    rule: str

    def enough(self, shared: Number) -> bool:
        """Tell whether an overlap makes a match."""
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
    """Return 1 for each detection that finds a true box, 0 for a false one, in their order.

    From the highest score down, a detection takes the true box of the largest IoU, if that reaches
    *threshold* (*strict*: exceeds it) and is not yet taken; each true box counts once. By the
    ``pascal`` rule a detection whose best box is taken is false; by ``coco`` it may have the best
    of the others.

    >>> match_detections([[0, 0, 4, 4], [0, 1, 4, 5]], (0.9, 0.8), [[0, 0, 4, 4]])
    (1, 0)
    """
    contest = _contest(
        detections,
        scores,
        truths,
        threshold=threshold,
        strict=strict,
        rule=rule,
        fmt=fmt,
        overlap=OVERLAP,
    )
    return _matched(contest)


def anchor_labels(
    anchors: object,
    truths: object,
    *,
    positive: Number = Fraction(7, 10),
    negative: Number = Fraction(3, 10),
    keep_best: bool = True,
    fmt: str = "xyxy",
) -> tuple[int, ...]:
    """Return 1, 0 or -1 for each anchor: object, background, or ignored in training.

    An anchor whose largest IoU with a true box is at least *positive* is an object, one below
    *negative* background, one between them ignored. With *keep_best* the anchors that overlap a
    true box most are objects too, as far as they overlap it at all.

    >>> anchor_labels([[0, 0, 4, 4], [0, 2, 4, 6], [9, 9, 12, 12]], [[0, 0, 4, 4]])
    (1, -1, 0)
    """
    return _labels(
        anchors, truths, positive=positive, negative=negative, keep_best=keep_best, fmt=fmt
    )


def _contest(
    detections: object,
    scores: object,
    truths: object,
    *,
    threshold: Number,
    strict: bool,
    rule: str,
    fmt: str,
    overlap: Overlap,
) -> Contest:
    if rule not in {"pascal", "coco"}:
        raise SolverError(f"rule must be pascal or coco, not {rule}")
    found, true = boxes_of(detections, "detections", fmt=fmt), boxes_of(truths, "truths", fmt=fmt)
    marks = numbers(scores, "scores")
    if len(marks) != len(found):
        raise SolverError(f"{len(found)} detections have {len(found)} scores, not {len(marks)}")
    return Contest(
        tuple(sorted(range(len(found)), key=lambda at: -marks[at])),
        tuple(tuple(overlap(one, two) for two in true) for one in found),
        share(threshold, "threshold"),
        flag(strict, "strict"),
        rule,
    )


def _matched(contest: Contest) -> tuple[int, ...]:
    taken: set[int] = set()
    hits: set[int] = set()
    for detection in contest.order:
        shared = contest.overlaps[detection]
        open_to = [
            true for true in range(len(shared)) if contest.rule == "pascal" or true not in taken
        ]
        best = max(open_to, key=lambda true: shared[true], default=None)
        if best is not None and best not in taken and contest.enough(shared[best]):
            taken.add(best)
            hits.add(detection)
    return tuple(int(at in hits) for at in range(len(contest.order)))


def _labels(
    anchors: object,
    truths: object,
    *,
    positive: Number,
    negative: Number,
    keep_best: bool,
    fmt: str,
    overlap: Overlap = OVERLAP,
) -> tuple[int, ...]:
    high, low = share(positive, "positive"), share(negative, "negative")
    if low > high:
        raise SolverError(f"negative {low} is above positive {high}")
    found, true = boxes_of(anchors, "anchors", fmt=fmt), boxes_of(truths, "truths", fmt=fmt)
    rows = [[overlap(one, two) for two in true] for one in found]
    best = (
        [max(column) for column in zip(*rows, strict=True)] if flag(keep_best, "keep_best") else []
    )
    return tuple(_label(row, best, high=high, low=low) for row in rows)


def _label(row: list[Number], best: list[Number], *, high: Number, low: Number) -> int:
    if any(shared == most > 0 for shared, most in zip(row, best, strict=False)):
        return OBJECT
    if max(row) >= high:
        return OBJECT
    return BACKGROUND if max(row) < low else IGNORED


# What students do instead.


def _matched_by(change: Callable[[Contest], tuple[int, ...]], overlap: Overlap = OVERLAP) -> Solver:
    """Return `match_detections` with another way to match, or another *overlap*."""
    return instead(match_detections, lambda given: change(_contest(**vars(given), overlap=overlap)))


def _every_hit(contest: Contest) -> tuple[int, ...]:
    """Return 1 for each detection that overlaps a true box enough, however often it is found."""
    return tuple(int(contest.enough(max(row))) for row in contest.overlaps)


def _as_listed(contest: Contest) -> tuple[int, ...]:
    return _matched(replace(contest, order=tuple(range(len(contest.order)))))


def _two_classes(given: SimpleNamespace) -> tuple[int, ...]:
    """Return the labels with ignored anchors taken for background."""
    return tuple(max(label, BACKGROUND) for label in anchor_labels(**vars(given)))


def _labels_by(overlap: Overlap) -> Solver:
    return instead(anchor_labels, lambda given: _labels(**vars(given), overlap=overlap))


SOLVERS: Final[tuple[Solver, ...]] = (match_detections, anchor_labels)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        match_detections,
        {
            "found_twice": _matched_by(_every_hit),
            "scores_ignored": _matched_by(_as_listed),
            "at_threshold": told(match_detections, strict=lambda given: not given.strict),
            "box_format": told(match_detections, fmt=lambda given: READ_AS[given.fmt]),
            **{mistake: _matched_by(_matched, wrong) for mistake, wrong in OVERLAPS.items()},
        },
    ),
    *twins_of(
        anchor_labels,
        {
            "best_anchor_left_out": told(anchor_labels, keep_best=False),
            "ignored_as_background": instead(anchor_labels, _two_classes),
            "box_format": told(anchor_labels, fmt=lambda given: READ_AS[given.fmt]),
            **{mistake: _labels_by(wrong) for mistake, wrong in OVERLAPS.items()},
        },
    ),
)
