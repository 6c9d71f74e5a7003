"""Tests of suppression, anchors and matching, against loops and published formulas."""

import math
from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from grader.values import Tensor
from problems.solvers.anchors import (
    anchor_deltas,
    best_anchor,
    cell_offset,
    decode_deltas,
    decode_yolo_box,
    responsible_cell,
)
from problems.solvers.boxes import BOX_FORMATS, convert_box
from problems.solvers.matching import anchor_labels, match_detections
from problems.solvers.overlaps import iou
from problems.solvers.suppression import nms, soft_nms


def random_boxes(count, seed):
    rng = np.random.default_rng(seed)
    corners, sides = rng.integers(0, 12, (count, 2)), rng.integers(2, 9, (count, 2))
    return np.hstack([corners, corners + sides]).tolist()


# --- suppression


def suppressed_by_deleting(boxes, scores, threshold, classes):
    """Return the kept boxes: take the best one, delete those that overlap it, and repeat."""
    left = sorted(range(len(boxes)), key=lambda at: -scores[at])
    kept = []
    while left:
        best, *rest = left
        kept.append(best)
        left = [
            at
            for at in rest
            if classes[at] != classes[best] or iou(boxes[at], boxes[best]) <= threshold
        ]
    return tuple(kept)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("threshold", [0, Fraction(1, 4), Fraction(1, 2), 1])
def test_nms_matches_suppression_by_deletion(seed, threshold):
    boxes = random_boxes(12, seed)
    rng = np.random.default_rng(seed)
    scores, classes = rng.permutation(12) / 12, rng.integers(0, 2, 12)
    expected = suppressed_by_deleting(boxes, scores, threshold, classes)
    assert nms(boxes, scores, threshold, classes=classes) == expected
    alike = suppressed_by_deleting(boxes, scores, threshold, [0] * 12)
    assert nms(boxes, scores, threshold) == alike


CHAIN = [[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]]


@pytest.mark.parametrize(
    ("keywords", "kept"),
    [
        ({}, (0, 2)),
        ({"first": 1}, (1, 3)),
        ({"classes": (0, 1, 0)}, (0, 1, 2)),
        ({"min_score": 0.75}, (0,)),
        ({"threshold": Fraction(1, 3)}, (0, 1, 2)),
        ({"threshold": Fraction(1, 3), "strict": False}, (0, 2)),
        ({"fmt": "xywh"}, (0, 1)),
    ],
)
def test_suppressed_box_suppresses_no_other(keywords, kept):
    given = {"threshold": 0.3, **keywords}
    assert nms(CHAIN, (0.9, 0.8, 0.7), **given) == kept


def test_nms_keeps_the_first_box_of_equal_scores():
    assert nms([[0, 0, 4, 4], [0, 0, 4, 4]], (0.5, 0.5), 0.5) == (0,)


def test_soft_nms_lowers_a_score_for_each_better_box():
    half = [[0, 0, 4, 2], [0, 0, 4, 4], [0, 0, 4, 4]]
    assert soft_nms(half, (0.9, 0.8, 0.4), threshold=0.5) == (
        Fraction(9, 10), Fraction(4, 5), 0,
    )  # fmt: skip
    found = soft_nms(half[:2], (0.9, 0.8), method="gaussian")
    assert found == pytest.approx((0.9, 0.8 * math.exp(-0.25 / 0.5)))


def test_soft_nms_reorders_boxes_whose_scores_drop():
    """The second box falls behind the third, which then lowers its score once more."""
    boxes = [[0, 0, 4, 4], [0, 1, 4, 5], [0, 2, 4, 6]]
    scores = (Fraction(9, 10), Fraction(8, 10), Fraction(7, 10))
    lowered = Fraction(8, 10) * (1 - Fraction(3, 5))
    third = Fraction(7, 10) * (1 - Fraction(1, 3))
    assert third > lowered
    found = soft_nms(boxes, scores)
    assert found == (Fraction(9, 10), lowered * (1 - Fraction(3, 5)), third)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: nms(CHAIN, (0.9, 0.8), 0.5), "3 boxes have 3 scores, not 2"),
        (lambda: nms(CHAIN, (0.9, 0.8, 0.7), 2), "threshold must be from 0 to 1"),
        (lambda: nms(CHAIN, (0.9, 0.8, 0.7), 0.5, classes=(1,)), "have 3 classes, not 1"),
        (lambda: nms(CHAIN, (0.9, 0.8, 0.7), 0.5, strict=1), "strict must be True or False"),
        (lambda: nms([], (), 0.5), "must be a list of rows"),
        (lambda: soft_nms(CHAIN, (0.9, 0.8, 0.7), method="cubic"), "method must be linear"),
        (lambda: soft_nms(CHAIN, (0.9, 0.8, 0.7), sigma=0), "sigma positive"),
    ],
)
def test_invalid_suppression_arguments_are_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


# --- anchors and cells


@pytest.mark.parametrize(
    ("center", "image", "grid", "cell"),
    [
        ((0, 0), (448, 448), 7, (0, 0)),
        ((447, 0), (448, 448), 7, (0, 6)),
        ((64, 63), (448, 448), 7, (0, 1)),
        ((250, 100), (448, 448), 7, (1, 3)),
        ((300, 100), (200, 400), (5, 10), (2, 7)),
        ((99.5, 10), (100, 100), 13, (1, 12)),
    ],
)
def test_responsible_cell_contains_the_box_center(center, image, grid, cell):
    assert responsible_cell(center, image, grid) == cell
    rows, columns = (grid, grid) if isinstance(grid, int) else grid
    x, y = cell_offset(center, image, grid)
    assert 0 <= x < 1
    assert 0 <= y < 1
    assert (cell[1] + x) * Fraction(image[1], columns) == center[0]
    assert (cell[0] + y) * Fraction(image[0], rows) == center[1]


@pytest.mark.parametrize("center", [(448, 0), (0, 448), (-1, 0), (1,)])
def test_center_outside_of_the_image_is_rejected(center):
    with pytest.raises(SolverError, match="center"):
        responsible_cell(center, (448, 448), 7)


def test_best_anchor_has_the_highest_shape_overlap():
    anchors = [[10, 13], [16, 30], [33, 23], [30, 61], [62, 45], [59, 119]]
    assert best_anchor((31, 60), anchors) == 3
    assert best_anchor((60, 31), anchors) == 4
    assert best_anchor((60, 31), anchors, first=1) == 5
    with pytest.raises(SolverError, match="an anchor must be two positive numbers"):
        best_anchor((60, 31), [[10, 0]])


def test_zero_offsets_decode_to_the_cell_center_and_anchor_size():
    for version in (2, 3, 5):
        found = decode_yolo_box((0, 0, 0, 0), (3, 5), (116, 90), stride=32, version=version)
        assert found == (5.5 * 32, 3.5 * 32, 116, 90)


def test_yolo_decoding_matches_the_formulas_of_the_papers():
    tx, ty, tw, th = 0.4, -1.2, 0.3, -0.7
    squashed = [1 / (1 + math.exp(-t)) for t in (tx, ty, tw, th)]
    third = decode_yolo_box((tx, ty, tw, th), (6, 2), (10, 20), stride=16)
    assert third == pytest.approx((
        (squashed[0] + 2) * 16, (squashed[1] + 6) * 16, 10 * math.exp(tw), 20 * math.exp(th),
    ))  # fmt: skip
    fifth = decode_yolo_box((tx, ty, tw, th), (6, 2), (10, 20), stride=16, version=5)
    assert fifth == pytest.approx((
        (2 * squashed[0] + 1.5) * 16, (2 * squashed[1] + 5.5) * 16,
        10 * (2 * squashed[2]) ** 2, 20 * (2 * squashed[3]) ** 2,
    ))  # fmt: skip


@pytest.mark.parametrize("fmt", BOX_FORMATS)
@pytest.mark.parametrize("variances", [(1, 1), (0.1, 0.2)])
def test_decoding_inverts_anchor_deltas(fmt, variances):
    box = convert_box((3, 4, 18, 15), "xyxy", fmt)
    anchor = convert_box((0, 5, 12, 21), "xyxy", fmt)
    deltas = anchor_deltas(box, anchor, variances=variances, fmt=fmt)
    found = decode_deltas(deltas, anchor, variances=variances, fmt=fmt)
    assert found == pytest.approx([float(number) for number in box])


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: decode_yolo_box((0, 0, 0, 0), (0, 0), (1, 1), version=4), "must be 2, 3 or 5"),
        (lambda: decode_yolo_box((0, 0, 99, 0), (0, 0), (1, 1)), "numbers of at most 20"),
        (lambda: decode_yolo_box((0, 0, 0), (0, 0), (1, 1)), "four numbers"),
        (lambda: decode_deltas((0, 0, 0, 0), (0, 0, 1, 1), variances=(0, 1)), "two positive"),
    ],
)
def test_invalid_box_decoding_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


# --- matching

TRUTHS = [[0, 0, 4, 4], [1, 0, 5, 4]]


@pytest.mark.parametrize(
    ("detections", "keywords", "found"),
    [
        ([[0, 0, 4, 4], [0, 0, 4, 4]], {}, (1, 0)),
        ([[0, 0, 4, 4], [0, 0, 4, 4]], {"rule": "coco"}, (1, 1)),
        ([[0, 0, 4, 4], [0, 0, 4, 4]], {"rule": "coco", "threshold": 0.7}, (1, 0)),
        ([[9, 9, 11, 11], [1, 0, 5, 4]], {}, (0, 1)),
        ([[0, 0, 2, 4], [8, 0, 9, 1]], {}, (1, 0)),
        ([[0, 0, 2, 4], [8, 0, 9, 1]], {"strict": True}, (0, 0)),
        ([[0, 0, 4, 4], [1, 0, 4, 4]], {"fmt": "xywh"}, (1, 1)),
    ],
)
def test_each_true_box_matches_one_detection(detections, keywords, found):
    assert match_detections(detections, (0.9, 0.8), TRUTHS, **keywords) == found


def test_highest_score_matches_the_box_in_any_order():
    twice = [[0, 0, 4, 4], [0, 0, 4, 4]]
    assert match_detections(twice, (0.2, 0.8), [[0, 0, 4, 4]]) == (0, 1)


@pytest.mark.parametrize(
    ("keywords", "labels"),
    [
        ({}, (1, -1, 0, 1)),
        ({"keep_best": False}, (1, -1, 0, -1)),
        ({"positive": 0.3}, (1, 1, 0, 1)),
        ({"negative": 0.7}, (1, 0, 0, 1)),
    ],
)
def test_anchors_are_labeled_object_background_or_ignored(keywords, labels):
    anchors = [[0, 0, 4, 4], [0, 2, 4, 6], [30, 30, 34, 34], [10, 10, 14, 14]]
    truths = [[0, 0, 4, 4], [11, 10, 16, 14]]
    assert anchor_labels(anchors, truths, **keywords) == labels


def test_object_without_overlapping_anchor_labels_no_anchor():
    assert anchor_labels([[0, 0, 4, 4]], [[20, 20, 24, 24]]) == (0,)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: match_detections(TRUTHS, (1,), TRUTHS), "2 detections have 2 scores, not 1"),
        (lambda: match_detections(TRUTHS, (1, 1), TRUTHS, rule="voc"), "rule must be"),
        (lambda: anchor_labels(TRUTHS, TRUTHS, positive=0.2), "negative 3/10 is above"),
    ],
)
def test_invalid_matching_arguments_are_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()


def test_nms_accepts_boxes_as_numpy_arrays():
    boxes = Tensor.from_nested(CHAIN).to_array()
    assert nms(boxes, np.array([0.9, 0.8, 0.7]), 0.3) == (0, 2)
