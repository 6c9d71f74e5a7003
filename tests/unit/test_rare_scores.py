"""Tests of rare mistakes in overlaps, metrics and losses: what students give, by hand."""

import math
from fractions import Fraction

import pytest

from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
ONE, TWO = (0, 0, 4, 4), (2, 0, 4, 2)
APART = (6, 0, 8, 4)
BOXES = [[0, 0, 4, 4], [20, 20, 24, 24], [0, 1, 4, 5]]
SCORES = (1, HALF, QUARTER)
COUNTS = (6, 2, 3, 9)
MASKS = [[1, 1], [0, 0]], [[1, 0], [0, 0]]
LOGITS = [[0, 2, 0], [3, 0, 0]]


def tensor(value):
    """Return a list as a tensor; a tuple of numbers stays a vector."""
    return Tensor.from_nested(value) if isinstance(value, list) else value


def given(mistake, solver, *arguments, **keywords):
    """Return the answer of a student who makes the *mistake*."""
    named = {name: tensor(value) for name, value in keywords.items()}
    return REGISTRY.wrong_versions[mistake][solver](*map(tensor, arguments), **named)


def lost(*probabilities):
    """Return the mean of the losses of these probabilities of the true class."""
    return sum(-math.log(one) for one in probabilities) / len(probabilities)


E2, E3 = math.exp(2), math.exp(3)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("over_larger_box", "iou", [ONE, TWO], {}, QUARTER),
        ("penalty_added", "giou", [ONE, APART], {}, QUARTER),
        ("nothing_suppressed", "nms", [BOXES, SCORES, HALF], {}, (0, 1, 2)),
        ("nothing_suppressed", "nms", [BOXES, SCORES, HALF], {"min_score": HALF}, (0, 1)),
        ("last_kept_box_only", "nms", [BOXES, SCORES, HALF], {"first": 1}, (1, 2, 3)),
        ("precision_for_area", "average_precision", [(3, 2, 1), (1, 0, 1), 4], {},
         Fraction(2, 3)),
        ("recall_for_area", "average_precision", [(3, 2, 1), (1, 0, 1), 4], {}, HALF),
        ("recall_strictly_above", "average_precision", [(2, 1), (1, 1), 2],
         {"method": "11_point"}, Fraction(10, 11)),
        ("hits_over_all", "precision", [COUNTS], {}, Fraction(3, 10)),
        ("hits_over_all", "recall", [COUNTS], {}, Fraction(3, 10)),
        ("other_class_positive", "precision", [COUNTS], {}, Fraction(3, 4)),
        ("other_class_positive", "f_score", [COUNTS], {}, Fraction(18, 23)),
        ("overlap_for_f_score", "f_score", [COUNTS], {}, Fraction(6, 11)),
        ("true_positives_left_out", "accuracy", [COUNTS], {}, Fraction(9, 20)),
        ("other_class_positive", "mask_iou", MASKS, {}, Fraction(2, 3)),
        ("other_class_positive", "dice", MASKS, {}, Fraction(4, 5)),
        ("divided_by_one_less", "mse", [(1, 2, 3), (1, 0, 0)], {}, Fraction(13, 2)),
        ("divided_by_one_less", "mae", [(1, 2, 3), (1, 0, 0)], {}, Fraction(5, 2)),
        ("divided_by_rows", "mse", [[[1, 2, 3], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]], {}, 7),
        ("divided_by_columns", "mae", [[[1, 2, 3], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]], {}, 2),
        ("divided_by_rows", "huber_loss", [[[1, 2, 3]], [[0, 0, 0]]], {}, Fraction(9, 2)),
        ("half_threshold_dropped", "huber_loss", [(0, 3), (0, 0)], {}, Fraction(3, 2)),
        ("distances_compared", "triplet_loss", [(0, 0), (3, 4), (0, 9)], {}, -4),
    ],
)  # fmt: skip
def test_rare_mistakes_in_scores_reproduce_student_answers(
    mistake, solver, arguments, keywords, answer
):
    assert given(mistake, solver, *arguments, **keywords) == answer


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "answer"),
    [
        ("most_probable_class", "softmax_cross_entropy", [[0, 2, 0], 0], {}, lost(E2 / (E2 + 2))),
        ("class_zero_taken", "softmax_cross_entropy", [[0, 2, 0], 1], {}, lost(1 / (E2 + 2))),
        ("most_probable_class", "softmax_cross_entropy", [LOGITS, (0, 1)], {},
         lost(E2 / (E2 + 2), E3 / (E3 + 2))),
        ("divided_by_class_count", "softmax_cross_entropy", [LOGITS, (1, 0)], {},
         lost(E2 / (E2 + 2), E3 / (E3 + 2)) * 2 / 3),
        ("most_probable_class", "cross_entropy", [(HALF, QUARTER, QUARTER), 1], {}, math.log(2)),
        ("class_zero_taken", "cross_entropy", [(QUARTER, QUARTER, HALF), 2], {}, math.log(4)),
        ("most_probable_class", "hinge_loss", [(1, 4, 2), 0], {}, 0),
        ("class_zero_taken", "hinge_loss", [(1, 4, 2), 1], {}, 6),
    ],
)  # fmt: skip
def test_rare_mistakes_in_losses_reproduce_student_answers(
    mistake, solver, arguments, keywords, answer
):
    assert float(given(mistake, solver, *arguments, **keywords)) == pytest.approx(answer)


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords", "rows"),
    [
        ("statistics_of_other_axis", "batch_norm_values", [[[1, 3], [10, 50]]],
         {"eps": 0, "axis": 1, "gamma": (2, 1), "beta": (0, 5)}, [-2, 6, -2, 6]),
        ("statistics_of_other_axis", "layer_norm_values", [[[1, 9], [3, 5]]],
         {"eps": 0, "beta": 1}, [0, 2, 2, 0]),
        ("statistics_over_all", "layer_norm_values", [[[1, 1], [3, 3]]],
         {"eps": 0}, [-1, -1, 1, 1]),
    ],
)  # fmt: skip
def test_rare_mistakes_in_normalization_reproduce_student_answers(
    mistake, solver, arguments, keywords, rows
):
    answer = given(mistake, solver, *arguments, **keywords)
    assert [float(cell) for cell in answer.cells] == pytest.approx(rows)


def test_rare_gradient_mistake_uses_class_zero():
    answer = given("class_zero_taken", "softmax_cross_entropy_gradient", [0, 0], 1)
    assert [float(cell) for cell in answer.cells] == [-0.5, 0.5]


@pytest.mark.parametrize(
    ("mistake", "solver", "arguments", "keywords"),
    [
        ("recall_strictly_above", "average_precision", [(2, 1), (1, 1), 2], {}),
        ("hits_over_all", "precision", [(6, 2, 3)], {}),
        ("overlap_for_f_score", "f_score", [COUNTS], {"beta": 2}),
        ("other_class_positive", "mask_iou", [[[1, 2]], [[1, 0]]], {}),
        ("divided_by_one_less", "mse", [(1,), (3,)], {}),
        ("divided_by_one_less", "mse", [(1, 2), (3, 4)], {"reduction": "sum"}),
        ("divided_by_rows", "mse", [(1, 2), (3, 4)], {}),
        ("divided_by_columns", "mse", [[[1, 2], [3, 4]], [[0, 0], [0, 0]]], {}),
        ("divided_by_class_count", "softmax_cross_entropy", [[0, 2, 0], 0], {}),
        ("most_probable_class", "cross_entropy", [(HALF, HALF), (1, 0)], {}),
        ("statistics_of_other_axis", "batch_norm_values", [[[1, 3], [10, 50]]], {}),
        ("statistics_over_all", "layer_norm_values", [[1, 3]], {}),
    ],
)
def test_inapplicable_rare_mistakes_in_scores_have_no_value(mistake, solver, arguments, keywords):
    with pytest.raises(SolverError):
        given(mistake, solver, *arguments, **keywords)
