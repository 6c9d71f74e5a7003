"""Tests of boxes and their overlaps, against counts of pixels."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from grader.errors import SolverError
from problems.solvers.boxes import BOX_FORMATS, MAX_BOXES, box_area, convert_box
from problems.solvers.overlaps import (
    ciou,
    diou,
    giou,
    intersection_area,
    iou,
    iou_matrix,
    union_area,
)

CANVAS = 12
PAIRS = [
    ((0, 0, 4, 4), (2, 1, 6, 5)),
    ((1, 2, 9, 5), (3, 0, 5, 11)),
    ((2, 2, 8, 8), (3, 4, 5, 6)),
    ((0, 0, 3, 3), (3, 0, 6, 3)),
    ((0, 0, 2, 3), (7, 6, 11, 8)),
    ((4, 1, 7, 9), (4, 1, 7, 9)),
]


def drawn(box, *, inclusive=False):
    """Return a canvas on which the pixels of *box* are true."""
    left, top, right, bottom = box
    found = np.zeros((CANVAS, CANVAS), bool)
    found[top : bottom + inclusive, left : right + inclusive] = True
    return found


# --- overlaps


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_box_areas_and_iou_match_pixel_counts(one, two, inclusive):
    first, second = drawn(one, inclusive=inclusive), drawn(two, inclusive=inclusive)
    both, either = int((first & second).sum()), int((first | second).sum())
    assert box_area(one, inclusive=inclusive) == first.sum()
    assert intersection_area(one, two, inclusive=inclusive) == both
    assert union_area(one, two, inclusive=inclusive) == either
    assert iou(one, two, inclusive=inclusive) == Fraction(both, either)


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_giou_subtracts_the_empty_share_of_the_hull(one, two):
    first, second = drawn(one), drawn(two)
    rows, columns = np.nonzero(first | second)
    hull = int((np.ptp(rows) + 1) * (np.ptp(columns) + 1))
    either = int((first | second).sum())
    expected = Fraction(int((first & second).sum()), either) - Fraction(hull - either, hull)
    assert giou(one, two) == expected


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_diou_and_ciou_match_their_float_formulas(one, two):
    centres = [np.array([(b[0] + b[2]) / 2, (b[1] + b[3]) / 2]) for b in (one, two)]
    corners = np.array([one, two])
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    distance = np.sum((centres[0] - centres[1]) ** 2) / np.sum((high - low) ** 2)
    assert float(diou(one, two)) == pytest.approx(float(iou(one, two)) - distance)
    ratios = [math.atan((b[2] - b[0]) / (b[3] - b[1])) for b in (one, two)]
    v = 4 / math.pi**2 * (ratios[1] - ratios[0]) ** 2
    alpha = v / (1 - float(iou(one, two)) + v) if v else 0
    assert ciou(one, two) == pytest.approx(float(diou(one, two)) - alpha * v)


@pytest.mark.parametrize("measure", [iou, giou, diou, ciou])
@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_box_overlaps_are_symmetric_and_one_for_identical_boxes(measure, one, two):
    assert measure(one, two) == pytest.approx(measure(two, one))
    assert measure(one, one) == 1


def test_iou_is_scale_invariant():
    tenth = [tuple(Fraction(number, 10) for number in box) for box in PAIRS[0]]
    assert iou(*tenth) == iou(*PAIRS[0])
    assert iou([0.1, 0.2, 0.4, 0.3], [0.1, 0.2, 0.4, 0.3]) == 1


@pytest.mark.parametrize("measure", [iou, giou, diou])
def test_rational_box_overlaps_are_exact(measure):
    assert isinstance(measure((0, 0, 3, 1), (1, 0, 4, 2)), Fraction)


def test_iou_matrix_has_a_row_for_each_first_box():
    one, two = [box for box, _ in PAIRS[:3]], [box for _, box in PAIRS[:2]]
    found = iou_matrix(one, two)
    assert found.shape == (3, 2)
    assert found.cells == tuple(iou(a, b) for a, b in product(one, two))


# --- formats


@pytest.mark.parametrize(
    ("fmt", "numbers"),
    [("xyxy", (10, 20, 40, 61)), ("xywh", (10, 20, 30, 41)), ("cxcywh", (25, 40.5, 30, 41))],
)
@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("xyxy", (10, 20, 40, 61)),
        ("xywh", (10, 20, 30, 41)),
        ("cxcywh", (25, Fraction(81, 2), 30, 41)),
    ],
)
def test_box_formats_convert_to_each_other(fmt, numbers, out, expected):
    assert convert_box(numbers, fmt, out) == expected
    assert box_area(numbers, fmt=fmt) == 30 * 41


def test_normalized_boxes_divide_x_by_width_and_y_by_height():
    found = convert_box((10, 20, 40, 60), "xyxy", "cxcywh", image=(200, 100))
    assert found == (Fraction(1, 4), Fraction(1, 5), Fraction(3, 10), Fraction(1, 5))


@pytest.mark.parametrize("fmt", BOX_FORMATS)
def test_box_format_conversion_round_trips(fmt):
    there = convert_box((3, 4, 8, 15), "xyxy", fmt)
    assert convert_box(there, fmt, "xyxy") == (3, 4, 8, 15)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: iou((0, 0, 4), (0, 0, 4, 4)), "the first box must have 4 numbers, not 3"),
        (lambda: iou((0, 0, 4, 4), "box"), "the second box must be a list of numbers"),
        (lambda: iou((4, 0, 0, 4), (0, 0, 4, 4)), "a width of -4 and a height of 4"),
        (lambda: iou((0, 0, 0, 4), (0, 0, 4, 4)), "a width of 0"),
        (lambda: iou((0, 0, 4, 4), (0, 0, 4, 4), fmt="yxyx"), "a format must be one of"),
        (lambda: iou((0, 0, 4, 4), (0, 0, 4, 4), fmt="xywh", inclusive=True), "those of xyxy"),
        (lambda: iou((0, 0, 4, 4), (0, 0, 4, float("nan"))), "not a finite number"),
        (lambda: iou((0, 0, 4, 4), (0, 0, 4, 10**60)), "too many digits"),
        (lambda: convert_box((0, 0, 4, 4), "xyxy", "tlbr"), "a format must be one of"),
        (lambda: iou_matrix([[0, 0, 1, 1]] * (MAX_BOXES + 1), [[0, 0, 1, 1]]), "the limit is"),
        (lambda: iou_matrix([(0, 0, 1)], [[0, 0, 1, 1]]), "each row of boxes must have 4"),
        (lambda: iou_matrix((0, 0, 1, 1), [[0, 0, 1, 1]]), "a row of boxes must be a list"),
    ],
)
def test_invalid_box_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
