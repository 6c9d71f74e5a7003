"""Tests of detector outputs, against the figures of their papers and code."""

import pytest

from grader.errors import SolverError
from problems.solvers.detection import (
    yolo_box_depth,
    yolo_boxes,
    yolo_depth,
    yolo_grid,
    yolo_output_shapes,
)
from problems.solvers.heads import (
    anchor_count,
    fcos_depth,
    pyramid_grids,
    rcnn_depth,
    retinanet_depth,
    rpn_depth,
    ssd_depth,
)


@pytest.mark.parametrize(
    ("version", "classes", "keywords", "numbers"),
    [
        (1, 20, {}, 30),  # the papers' own outputs: 7×7×30, 13×13×125, 255 a scale
        (2, 20, {}, 125),
        (3, 80, {}, 255),
        (4, 80, {}, 255),
        (5, 80, {}, 255),
        (8, 80, {}, 144),
        (11, 80, {}, 144),
        (8, 1, {"reg_max": 1}, 5),
        (1, 80, {"boxes": 2}, 90),
        (1, 80, {"boxes": 3}, 95),
        (3, 1, {"boxes": 9}, 54),
    ],
)
def test_yolo_depth_matches_published_outputs(version, classes, keywords, numbers):
    assert yolo_depth(version, classes, **keywords) == numbers


@pytest.mark.parametrize(("version", "numbers"), [(2, 85), (3, 85), (5, 85), (8, 84), (11, 84)])
def test_decoded_yolo_box_has_coordinates_scores_and_optional_objectness(version, numbers):
    assert yolo_box_depth(version, 80) == numbers


@pytest.mark.parametrize(
    ("version", "size", "boxes"),
    [
        (1, 448, 98),
        (2, 416, 845),
        (3, 416, 10_647),
        (3, 608, 22_743),
        (5, 640, 25_200),
        (8, 640, 8_400),
        (8, (384, 640), 5_040),
    ],
)
def test_yolo_box_counts_match_published_models(version, size, boxes):
    assert yolo_boxes(version, size) == boxes


def test_yolo_output_shapes_start_with_the_coarsest_grid():
    assert yolo_output_shapes(1, 448, 20) == ((7, 7, 30),)
    assert yolo_output_shapes(3, 416, 80) == ((13, 13, 255), (26, 26, 255), (52, 52, 255))
    assert yolo_output_shapes(8, (384, 640), 80, layout="CHW") == (
        (144, 12, 20), (144, 24, 40), (144, 48, 80),
    )  # fmt: skip


@pytest.mark.parametrize("version", [1, 2, 3, 5, 8])
def test_yolo_outputs_contain_all_boxes(version):
    """Every cell of every grid predicts the same number of boxes."""
    shapes = yolo_output_shapes(version, 640, 80)
    cells = sum(rows * columns for rows, columns, _ in shapes)
    per_cell = {1: 2, 2: 5, 8: 1}.get(version, 3)
    assert yolo_boxes(version, 640) == cells * per_cell


@pytest.mark.parametrize(
    ("found", "numbers"),
    [
        (ssd_depth(20, 4, branch="class"), 84),
        (ssd_depth(20, 4, branch="box"), 16),
        (ssd_depth(20, 6), 150),
        (retinanet_depth(80), 720),
        (retinanet_depth(80, branch="box"), 36),
        (rpn_depth(branch="class"), 18),
        (rpn_depth(branch="box"), 36),
        (rpn_depth(3, branch="class", scores=1), 3),
        (fcos_depth(80, branch="class"), 80),
        (fcos_depth(80, branch="box"), 4),
        (fcos_depth(80, branch="centerness"), 1),
        (rcnn_depth(80), 81),
        (rcnn_depth(80, branch="box"), 320),
        (rcnn_depth(90, branch="box", background_box=True), 364),
        (rcnn_depth(20, branch="all"), 101),
    ],
)
def test_ssd_retinanet_and_other_head_depths_match_published_values(found, numbers):
    assert found == numbers


@pytest.mark.parametrize(
    ("grids", "anchors", "count"),
    [
        ((38, 19, 10, 5, 3, 1), (4, 6, 6, 6, 4, 4), 8_732),  # SSD300
        ((64, 32, 16, 8, 4, 2, 1), (4, 6, 6, 6, 6, 4, 4), 24_564),  # SSD512
        (((40, 60),), 9, 21_600),  # "about 20,000" in Faster R-CNN's paper
        (pyramid_grids(800, (8, 16, 32, 64, 128)), 9, 120_087),  # RetinaNet
        (((2, 3), 4), (1, 2), 38),
    ],
)
def test_anchor_count_sums_all_feature_maps(grids, anchors, count):
    assert anchor_count(grids, anchors) == count


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: yolo_depth(6, 80), "version must be one of 1, 2, 3, 4, 5, 8, 11, not 6"),
        (lambda: yolo_depth("3", 80), "version must be a whole number"),
        (lambda: yolo_depth(3, 0), "classes must be from 1"),
        (lambda: yolo_depth(8, 80, boxes=3), "version 8 has one box a cell and no anchors"),
        (lambda: yolo_box_depth(1, 20), "no class scores of their own"),
        (lambda: yolo_grid(416, 33), "a stride of 33 does not divide an image of 416×416"),
        (lambda: yolo_boxes(3, (416, 400)), "does not divide an image of 416×400"),
        (lambda: yolo_output_shapes(3, 416, 80, layout="NCHW"), "layout must be HWC or CHW"),
        (lambda: ssd_depth(20, 4, branch="mask"), "branch must be one of class, box, all"),
        (lambda: rpn_depth(9, scores=3), "scores must be 1 or 2"),
        (lambda: anchor_count((4, 2), (1,)), "2 grids have 2 numbers of anchors, not 1"),
        (lambda: anchor_count(4, 2), "grids must be a list"),
        (lambda: pyramid_grids(800, ()), "strides must be a list"),
    ],
)
def test_invalid_detector_output_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
