"""Tests of wrong answers about detectors, boxes, metrics, fields and sizes."""

from fractions import Fraction

import pytest
from detection_calls import DETECTION_CALLS, SEVERAL
from grouped_cases import check_each

from grader.errors import SolverError
from grader.values import Tensor
from problems.mistakes import MISTAKES
from problems.registry import REGISTRY

HALF = Fraction(1, 2)
A, B = (0, 0, 4, 4), (2, 1, 6, 5)  # areas of 16, 6 of them shared
ALIKE = Tensor.from_nested([[0, 0, 4, 4], [0, 1, 4, 5], [0, 2, 4, 6], [20, 20, 22, 22]])
FALLING = (Fraction(9, 10), Fraction(8, 10), Fraction(7, 10), Fraction(1, 10))
WINDOWS = ((5, 2), (5, 2), (3, 1))


def given(mistake, solver, *arguments, **keywords):
    return REGISTRY.wrong_versions[mistake][solver](*arguments, **keywords)


@pytest.mark.parametrize(
    ("mistake", "solver", "call", "value"),
    [
        ("anchors_of_all_scales", "yolo_depth", ((3, 80), {}), 765),
        ("objectness_left_out", "yolo_depth", ((3, 20), {}), 72),
        ("distribution_left_out", "yolo_depth", ((8, 80), {}), 84),
        ("objectness_counted", "yolo_depth", ((8, 80), {}), 145),
        ("earlier_version", "yolo_depth", ((8, 80), {}), 255),
        ("earlier_version", "yolo_box_depth", ((8, 80), {}), 85),
        ("one_anchor", "yolo_boxes", ((3, 416), {}), 3_549),
        ("one_scale", "yolo_boxes", ((3, 416), {}), 507),
        ("grid_not_squared", "yolo_boxes", ((1, 448), {}), 14),
        ("objectness_left_out", "yolo_output_shapes", ((1, 448, 20), {}), ((7, 7, 28),)),
        ("background_left_out", "ssd_depth", ((20, 6), {"branch": "class"}), 120),
        ("background_twice", "ssd_depth", ((20, 6), {"branch": "class"}), 132),
        ("background_counted", "retinanet_depth", ((80,), {}), 729),
        ("box_for_each_class", "retinanet_depth", ((80,), {"branch": "box"}), 2_880),
        ("other_scores", "rpn_depth", ((9,), {"branch": "class"}), 9),
        ("coordinates_left_out", "rpn_depth", ((9,), {}), 18),
        ("coordinates_left_out", "yolo_depth", ((1, 80), {}), 82),
        ("coordinates_left_out", "yolo_depth", ((3, 80), {}), 243),
        ("coordinates_left_out", "yolo_depth", ((8, 80), {}), 80),
        ("coordinates_left_out", "yolo_box_depth", ((5, 80), {}), 81),
        ("coordinates_left_out", "yolo_output_shapes", ((1, 448, 20), {}), ((7, 7, 22),)),
        ("one_box_for_all", "rcnn_depth", ((20,), {"branch": "box"}), 4),
        ("grid_rounded_down", "pyramid_grids", ((300, (8, 16)), {}), (37, 18)),
        ("one_anchor", "anchor_count", (((38, 19), (4, 6)), {}), 1_805),
        ("union_left_out", "iou", ((A, B), {}), Fraction(6, 32)),
        ("over_smaller_box", "iou", ((A, B), {}), Fraction(6, 16)),
        ("pixel_rule", "iou", ((A, B), {}), Fraction(12, 38)),
        ("box_format", "iou", ((A, (2, 1, 4, 4)), {"fmt": "xywh"}), Fraction(6, 16)),
        ("overlap_not_clipped", "intersection_area", ((A, (6, 7, 9, 9)), {}), 6),
        ("overlap_not_clipped", "iou", ((A, (6, 7, 9, 9)), {}), Fraction(6, 16)),
        ("penalty_left_out", "giou", ((A, B), {}), Fraction(6, 26)),
        ("union_left_out", "giou", ((A, B), {}), Fraction(6, 32) + Fraction(1, 15)),
        ("sides_exchanged", "convert_box", (((10, 20, 40, 60), "xyxy", "cxcywh"),
         {"image": (200, 100)}), (Fraction(1, 8), Fraction(2, 5), Fraction(3, 20), Fraction(2, 5))),
        ("suppressed_still_suppress", "nms", ((ALIKE, FALLING, HALF), {}), (0, 3)),
        ("classes_ignored", "nms", ((ALIKE, FALLING, HALF), {"classes": (0, 1, 0, 0)}), (0, 2, 3)),
        ("lowest_score_first", "nms", ((ALIKE, FALLING, HALF), {}), (3, 2, 0)),
        ("removed_for_kept", "nms", ((ALIKE, FALLING, HALF), {}), (1,)),
        ("best_box_only", "nms", ((ALIKE, FALLING, HALF), {}), (0,)),
        ("numbered_from", "nms", ((ALIKE, FALLING, HALF), {}), (1, 3, 4)),
        ("at_threshold", "nms", ((ALIKE, FALLING, Fraction(1, 3)), {}), (0, 3)),
        ("counted_from_one", "responsible_cell", (((250, 100), (448, 448), 7), {}), (2, 4)),
        ("row_column_exchanged", "responsible_cell", (((250, 100), (448, 448), 7), {}), (3, 1)),
        ("sigmoid_left_out", "decode_yolo_box", (((1, 2, 0, 0), (3, 5), (10, 13)), {"stride": 2}),
         (12, 10, 10, 13)),
        ("exponential_left_out", "decode_yolo_box", (((0, 0, 2, 1), (3, 5), (10, 13)), {}),
         (Fraction(11, 2), Fraction(7, 2), 20, 13)),
        (
            "found_twice",
            "match_detections",
            ((ALIKE, FALLING, Tensor.from_nested([[0, 0, 4, 4]])), {},
        ),
         (1, 1, 0, 0)),
        (
            "ignored_as_background",
            "anchor_labels",
            ((ALIKE, Tensor.from_nested([[0, 0, 4, 4]])), {},
        ),
         (1, 0, 0, 0)),
        ("recall_for_precision", "precision", (((8, 2, 4),), {}), Fraction(2, 3)),
        ("precision_for_recall", "recall", (((8, 2, 4),), {}), Fraction(4, 5)),
        ("mean_for_harmonic", "f_score", (((8, 2, 4),), {}), Fraction(11, 15)),
        ("factor_left_out", "f_score", (((8, 2, 4),), {}), Fraction(4, 11)),
        ("true_negatives_left_out", "accuracy", (((8, 2, 4, 6),), {}), Fraction(2, 5)),
        ("other_average", "class_average", ((Tensor.from_nested([[8, 2], [1, 4]]), "recall"), {}),
         Fraction(4, 5)),
        ("envelope_left_out", "average_precision", (((4, 3, 2, 1), (1, 0, 1, 1), 4), {}),
         (1 + Fraction(2, 3) + Fraction(3, 4)) / 4),
        ("other_recalls", "average_precision", (((2, 1), (1, 0), 2), {}), Fraction(6, 11)),
        ("found_for_all", "average_precision", (((2, 1), (1, 0), 2), {}), 1),
        ("trapezoids", "average_precision", (((3, 2, 1), (1, 0, 1), 2), {}),
         HALF + Fraction(1, 4) * (HALF + Fraction(2, 3))),
        (
            "first_threshold_only",
            "mean_average_precision",
            ((Tensor.from_nested([[1, 0], [HALF, 0]]),), {},
        ),
         Fraction(3, 4)),
        ("previous_stride", "effective_stride", ((WINDOWS,), {}), 1),
        ("strides_added", "effective_stride", ((WINDOWS,), {}), 5),
        ("forgot_minus_one", "receptive_field", ((((3, 1),) * 3,), {}), 9),
        ("padding_left_out", "field_centre", ((((3, 2, 1, 1),), 4), {}), 9),
        ("forgot_minus_one", "layers_for_field", ((15, 3), {}), 5),
        ("strides_ignored", "layers_for_field", ((15, 3), {"stride": 2}), 7),
        ("padding_of_both_sides", "padding_for", ((32, 32, 5), {}), 4),
        ("forgot_minus_one", "padding_for", ((32, 32, 5), {}), Fraction(5, 2)),
        ("padding_once", "stride_for", ((12, 4, 5), {"padding": 4}), 3),
        ("kernel_flipped", "filter_from", (((1, 2, 4, 7), (5, 10, 18)), {}), (2, 1)),
        ("ends_swapped", "same_padding_ends", ((224, 7), {"stride": 2}), (3, 2)),
        ("channels_scaled", "upsample_shape", (((7, 9, 16), 2), {}), (14, 18, 32)),
        ("shuffled_along_one_axis", "pixel_shuffle_shape", (((7, 9, 16), 2), {}), (14, 18, 8)),
        ("crop_of_both_sides", "crop_margins", ((64, 56), {}), (8, 8)),
    ],
)  # fmt: skip
def test_detection_mistake_yields_expected_value(mistake, solver, call, value):
    arguments, keywords = call
    assert given(mistake, solver, *arguments, **keywords) == value


@pytest.mark.parametrize(
    ("mistake", "solver", "call"),
    [
        ("class_scores_per_box", "yolo_depth", ((8, 80), {})),
        ("one_anchor", "yolo_depth", ((8, 80), {})),
        ("anchors_of_all_scales", "yolo_depth", ((2, 20), {})),
        ("earlier_version", "yolo_depth", ((3, 80), {})),
        ("objectness_counted", "yolo_depth", ((3, 80), {})),
        ("coordinates_left_out", "ssd_depth", ((20, 6), {"branch": "box"})),
        ("box_for_each_class", "retinanet_depth", ((80,), {})),
        ("pixel_rule", "iou", ((A, B), {"fmt": "xywh"})),
        ("sides_exchanged", "convert_box", ((A, "xyxy", "xywh"), {})),
        ("removed_for_kept", "nms", ((Tensor.from_nested([[0, 0, 4, 4]]), (1,), HALF), {})),
        (
            "recall_for_precision",
            "class_average",
            ((Tensor.from_nested([[8, 2], [1, 4]]), "f1"), {}),
        ),
        ("trapezoids", "average_precision", (((1,), (1,), 1), {"method": "11_point"})),
        ("first_threshold_only", "mean_average_precision", (((1, 0),), {})),
        ("forgot_minus_one", "layers_for_field", ((15, 3), {"stride": 2})),
        ("shuffled_along_one_axis", "pixel_shuffle_shape", (((7, 9, 9), 3), {"layout": "LC"})),
    ],
)
def test_inapplicable_detection_mistake_has_no_value(mistake, solver, call):
    arguments, keywords = call
    with pytest.raises(SolverError):
        given(mistake, solver, *arguments, **keywords)


@pytest.mark.parametrize(
    ("mistake", "solver", "call"),
    [
        ("over_smaller_box", "iou", ((A, (4, 4, 5, 5)), {})),
        ("one_scale", "yolo_boxes", ((1, 448), {})),
        ("envelope_left_out", "average_precision", (((2, 1), (1, 0), 2), {})),
        ("forgot_minus_one", "receptive_field", ((((7, 2),),), {})),
        ("ends_swapped", "same_padding_ends", ((224, 3), {})),
        ("suppressed_still_suppress", "nms", ((SEVERAL, FALLING, HALF), {})),
    ],
)
def test_detection_mistake_without_effect_yields_the_correct_value(mistake, solver, call):
    arguments, keywords = call
    right = REGISTRY.functions[solver](*arguments, **keywords)
    assert given(mistake, solver, *arguments, **keywords) == right


def test_detection_mistakes_of_one_solver_are_distinguishable():
    """Two mistakes with the same value on every ordinary call could never be told apart."""
    alike = []
    for solver, calls in DETECTION_CALLS.items():
        seen = {}
        for mistake, functions in REGISTRY.wrong_versions.items():
            if solver in functions:
                values = tuple(_value(functions[solver], call) for call in calls)
                seen.setdefault(values, []).append(mistake)
        alike += [(solver, *pair) for pair in seen.values() if len(pair) > 1]
    assert alike == []


def _value(function, call):
    arguments, keywords = call
    try:
        return function(*arguments, **keywords)
    except SolverError:
        return None


@check_each(MISTAKES.values(), name=lambda mistake: mistake.id)
def test_mistake_hints_and_notes_have_at_most_100_characters(mistake):
    assert len(mistake.hint) <= 100
    assert len(mistake.note) <= 100
