"""Tests of rare mistakes about boxes and biases: what students give, computed by hand."""

import math

import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import batch_norm, conv, network
from problems.registry import REGISTRY

BOX, ANCHOR = (96, 78, 70, 75), (100, 85, 64, 32)
CENTERED = {"fmt": "cxcywh"}
WIDER, HIGHER = math.log(70 / 64), math.log(75 / 32)
FIRST, SECOND = (2, 1, 13, 13), (0, 0, 12, 6)
IOU = 50 / 154
DISTANCE = (1.5**2 + 4**2) / (13**2 + 13**2)
SHAPES = 4 / math.pi**2 * (math.atan(2) - math.atan(11 / 12)) ** 2
ASPECT = SHAPES**2 / (1 - IOU + SHAPES)
NET = network(conv(4, 3, bias=False), batch_norm(), conv(2, 1))


def given(mistake, solver, *arguments, **keywords):
    """Return the answer of a student who makes the *mistake*."""
    return REGISTRY.wrong_versions[mistake][solver](*arguments, **keywords)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "answer"),
    [
        ("size_ratio_kept", "anchor_deltas", (BOX, ANCHOR), (-0.0625, -0.21875, 70 / 64, 75 / 32)),
        ("size_logarithm_base_ten", "anchor_deltas", (BOX, ANCHOR),
         (-0.0625, -0.21875, math.log10(70 / 64), math.log10(75 / 32))),
        ("shift_over_own_size", "anchor_deltas", (BOX, ANCHOR), (-4 / 70, -7 / 75, WIDER, HIGHER)),
        ("shift_reversed", "anchor_deltas", (BOX, ANCHOR), (0.0625, 0.21875, WIDER, HIGHER)),
        ("shift_in_pixels", "anchor_deltas", (BOX, ANCHOR), (-4, -7, WIDER, HIGHER)),
        ("shift_in_pixels", "decode_deltas", ((0.5, -0.25, 0, 0), ANCHOR),
         (100.5, 84.75, 64, 32)),
        ("size_factor_linear", "decode_deltas", ((0, 0, 0.25, -0.25), ANCHOR), (100, 85, 80, 24)),
        ("size_factor_raw", "decode_deltas", ((0, 0, 0.25, 0.5), ANCHOR), (100, 85, 16, 16)),
    ],
)  # fmt: skip
def test_rare_mistakes_in_deltas_reproduce_student_answers(mistake, solver, arguments, answer):
    result = given(mistake, solver, *arguments, **CENTERED)
    assert [float(number) for number in result] == pytest.approx(answer)


@pytest.mark.parametrize(
    ("mistake", "formats", "keywords", "answer"),
    [
        ("far_corner_for_size", ("xyxy", "xywh"), {}, (10, 20, 40, 60)),
        ("far_corner_for_size", ("xyxy", "cxcywh"), {}, (25, 40, 40, 60)),
        ("half_size_for_center", ("xyxy", "cxcywh"), {"image": (80, 100)}, (0.15, 0.25, 0.3, 0.5)),
        ("half_size_for_center", ("xyxy", "cxcywh"), {}, (15, 20, 30, 40)),
    ],
)  # fmt: skip
def test_rare_mistakes_in_box_formats_reproduce_student_answers(mistake, formats, keywords, answer):
    assert given(mistake, "convert_box", (10, 20, 40, 60), *formats, **keywords) == pytest.approx(
        answer
    )


def test_center_mistake_does_not_apply_to_formats_without_center():
    with pytest.raises(SolverError):
        given("half_size_for_center", "convert_box", (10, 20, 40, 60), "xyxy", "xywh")


@pytest.mark.parametrize(
    ("mistake", "solver", "answer"),
    [
        ("lengths_of_penalty_not_squared", "diou", IOU - math.sqrt(DISTANCE)),
        ("distance_penalty_alone", "diou", DISTANCE),
        ("distance_penalty_alone", "ciou", DISTANCE),
        ("aspect_weight_left_out", "ciou", IOU - DISTANCE - SHAPES),
        ("distance_penalty_left_out", "ciou", IOU - ASPECT),
        ("aspect_term_added", "ciou", IOU - DISTANCE + ASPECT),
    ],
)
def test_rare_mistakes_in_overlap_penalties_reproduce_student_answers(mistake, solver, answer):
    assert float(given(mistake, solver, FIRST, SECOND)) == pytest.approx(answer)


def test_aspect_mistake_does_not_apply_to_equal_aspect_ratios():
    with pytest.raises(SolverError):
        given("aspect_term_added", "ciou", (0, 0, 2, 2), (1, 1, 3, 3))


@pytest.mark.parametrize(
    ("mistake", "answer"),
    [
        ("biases_of_all_layers", 112 + 8 + 10),
        ("norm_shifts_left_out", 108 + 4 + 10),
    ],
)
def test_rare_mistakes_in_bias_counts_reproduce_student_answers(mistake, answer):
    assert given(mistake, "total_params", NET, (3, 8, 8)) == answer


@pytest.mark.parametrize("mistake", ["biases_of_all_layers", "norm_shifts_left_out"])
def test_bias_count_mistakes_do_not_apply_to_networks_without_such_layers(mistake):
    with pytest.raises(SolverError):
        given(mistake, "total_params", network(conv(4, 3)), (3, 8, 8))
